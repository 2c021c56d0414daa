//! The file a listening socket lives in: taking its path over from a dead server, never from a
//! live one, and leaving nothing behind.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, Stat, Uid, chmod, chownat, fstat, openat, statat,
    unlinkat,
};
use rustix::io::Errno;
use rustix::net::{SocketAddrUnix, SocketType, bind, connect, listen};

use super::lock::{BindLock, LockError, lock_name};
use super::seqpacket::unconnected;
use super::{BindError, SocketFile};

/// How long a bind waits for others that bind the same path.
const PATIENCE: Duration = Duration::from_secs(2);

/// A socket file. Dropping it removes the file if it is ours, unless another has taken its place;
/// that has to come before closing the socket, since until then nobody takes it for dead.
#[derive(Debug)]
pub(super) struct SocketNode {
    dir: OwnedFd,
    name: OsString,
    identity: Identity,
    /// And not another process's, which has the socket too.
    is_ours: bool,
}

impl SocketNode {
    /// Binds `socket` to `path` and makes it listen, with the permissions that `file` asks for.
    pub(super) fn create(
        path: &Path,
        target: &SocketAddrUnix,
        file: &SocketFile,
        socket: BorrowedFd<'_>,
    ) -> Result<SocketNode, BindError> {
        let (dir, name) = open_parent(path)?;
        let lock = BindLock::take(dir.as_fd(), name, PATIENCE)
            .map_err(|error| not_locked(error, path, name))?;
        remove_if_stale(path, target, dir.as_fd(), name)?;
        bind(socket, target).map_err(failed("bind", path))?;
        let handle = open_handle(dir.as_fd(), name).map_err(failed("open", path))?;
        let identity = Identity::of(&fstat(&handle).map_err(failed("examine", path))?);
        // Until `listen` nobody can connect, whatever the permissions.
        set_permissions(handle, path, file)
            .and_then(|()| listen(socket, file.backlog).map_err(failed("listen on", path)))
            .inspect_err(|_| identity.remove(dir.as_fd(), name))?;
        drop(lock);
        Ok(SocketNode {
            name: name.to_owned(),
            dir,
            identity,
            is_ours: true,
        })
    }

    /// The file at `path`, if it is the one that another process has claimed, whose it stays;
    /// `None` if it is another, or none.
    pub(super) fn adopt(path: &Path, claim: SocketClaim) -> Result<Option<SocketNode>, BindError> {
        let (dir, name) = open_parent(path)?;
        let found = look(dir.as_fd(), name).map_err(failed("examine", path))?;
        let found = found.map(|stat| Identity::of(&stat));
        let identity = found.filter(|found| SocketClaim::from(*found) == claim);
        Ok(identity.map(|identity| SocketNode {
            name: name.to_owned(),
            dir,
            identity,
            is_ours: false,
        }))
    }

    /// What another process needs to adopt the file.
    pub(super) fn claim(&self) -> SocketClaim {
        self.identity.into()
    }

    /// Says whether the file is to be removed with this.
    pub(super) fn set_ours(&mut self, is_ours: bool) {
        self.is_ours = is_ours;
    }
}

impl Drop for SocketNode {
    fn drop(&mut self) {
        if self.is_ours {
            self.identity.remove(self.dir.as_fd(), &self.name);
        }
    }
}

/// Which file on this machine a listening socket lives in, so that one process can leave it to
/// another together with the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketClaim {
    /// The device that holds the file.
    pub device: u64,
    /// The file's number there.
    pub inode: u64,
}

impl From<Identity> for SocketClaim {
    fn from(identity: Identity) -> SocketClaim {
        let Identity { device, inode } = identity;
        SocketClaim { device, inode }
    }
}

/// What tells one file from all others on this machine while it exists. A bound socket keeps its
/// file's number from being used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(stat: &Stat) -> Identity {
        Identity {
            device: stat.st_dev,
            inode: stat.st_ino,
        }
    }

    /// Removes the file called `name`, if it is this one.
    fn remove(self, dir: BorrowedFd<'_>, name: &OsStr) {
        if let Ok(Some(found)) = look(dir, name)
            && Identity::of(&found) == self
        {
            // A file that cannot be removed is a stale socket to the next binder.
            let _ = unlinkat(dir, name, AtFlags::empty());
        }
    }
}

/// The directory stays open: later steps mean the same one, even after a `chdir`.
fn open_parent(path: &Path) -> Result<(OwnedFd, &OsStr), BindError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or_else(|| BindError::NotASocket {
        path: path.to_owned(),
        found: "a directory",
    })?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    // The dot: fails here if we may not look inside.
    let dir = openat(CWD, parent.join("."), flags, Mode::empty()).map_err(|errno| match errno {
        Errno::NOENT | Errno::NOTDIR => BindError::NoParentDirectory {
            path: parent.to_owned(),
        },
        errno => failed("open the directory", parent)(errno),
    })?;
    Ok((dir, name))
}

fn not_locked(error: LockError, path: &Path, name: &OsStr) -> BindError {
    let lock = path.with_file_name(lock_name(name));
    match error {
        LockError::Held => BindError::Busy {
            path: path.to_owned(),
            lock,
        },
        LockError::Os(errno) => failed("open or create the lock file", &lock)(errno),
    }
}

/// Makes way for a new socket, or says who is in the way.
fn remove_if_stale(
    path: &Path,
    target: &SocketAddrUnix,
    dir: BorrowedFd<'_>,
    name: &OsStr,
) -> Result<(), BindError> {
    let Some(found) = look(dir, name).map_err(failed("examine", path))? else {
        return Ok(());
    };
    let kind = FileType::from_raw_mode(found.st_mode);
    if kind != FileType::Socket {
        return Err(BindError::NotASocket {
            path: path.to_owned(),
            found: describe(kind),
        });
    }
    if is_live(target).map_err(failed("connect to", path))? {
        return Err(BindError::InUse {
            address: path.display().to_string(),
        });
    }
    // Whoever does not take our lock may have put another file there meanwhile: a last look.
    match look(dir, name).map_err(failed("examine", path))? {
        Some(now) if Identity::of(&now) == Identity::of(&found) => {
            unlinkat(dir, name, AtFlags::empty()).map_err(failed("remove the stale socket", path))
        }
        _ => Ok(()),
    }
}

fn look(dir: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<Option<Stat>> {
    match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether somebody listens: found out by connecting, which a live server sees as a client that
/// leaves at once.
fn is_live(target: &SocketAddrUnix) -> rustix::io::Result<bool> {
    match connect(unconnected(SocketType::SEQPACKET)?, target) {
        // AGAIN: alive, with a full backlog. PROTOTYPE: alive, of another socket type.
        Ok(()) | Err(Errno::AGAIN | Errno::PROTOTYPE) => Ok(true),
        Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A handle on the file itself: what is done through it cannot be led elsewhere by a symlink.
fn open_handle(dir: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(dir, name, flags, Mode::empty())
}

/// The mode exactly as asked, whatever the umask; then the owner, who could not change the mode
/// of a file given away.
fn set_permissions(handle: OwnedFd, path: &Path, file: &SocketFile) -> Result<(), BindError> {
    let by_number = format!("/proc/self/fd/{}", handle.as_raw_fd());
    chmod(by_number, Mode::from_raw_mode(file.mode)).map_err(failed("set the mode of", path))?;
    if let Some((uid, gid)) = file.owner {
        let unless_max = |id: u32| (id != u32::MAX).then_some(id);
        let uid = unless_max(uid).map(Uid::from_raw);
        let gid = unless_max(gid).map(Gid::from_raw);
        chownat(&handle, "", uid, gid, AtFlags::EMPTY_PATH)
            .map_err(failed("set the owner of", path))?;
    }
    Ok(())
}

fn describe(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a regular file",
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a named pipe",
        _ => "a device",
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(Errno) -> BindError {
    let path: PathBuf = path.to_owned();
    move |errno| match errno {
        Errno::ADDRINUSE => BindError::InUse {
            address: path.display().to_string(),
        },
        Errno::ACCESS | Errno::PERM | Errno::ROFS => BindError::PermissionDenied {
            action,
            path,
            source: errno.into(),
        },
        errno => BindError::Os {
            action,
            address: path.display().to_string(),
            source: errno.into(),
        },
    }
}

#[cfg(test)]
mod tests;

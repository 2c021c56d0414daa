//! The file that a client shares with its agent.
//!
//! A lock (`flock`) says that a file is in use, so that no client empties another's; it goes with the process. All of
//! the memory is set aside when the file is made: a full file system is an error then, and no SIGBUS later.

#[cfg(test)]
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use memif_ring::{Region, Seals};
use rustix::fs::{
    FallocateFlags, FileType, FlockOperation, Mode, OFlags, Stat, fallocate, flock, fstat, fstatfs,
    ftruncate, lstat, open, unlink,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::FileFault;
use crate::geometry::Geometry;

/// `f_type` of a file of huge pages, from `linux/magic.h`.
const HUGETLBFS_MAGIC: i64 = 0x9584_58F6;

/// A file of zeros, locked and ours. Removed when dropped, if it still has its name.
#[derive(Debug)]
pub(crate) struct SharedFile {
    file: OwnedFd,
    path: PathBuf,
    bytes: u64,
    /// A child of this process does not remove its parent's file.
    owner: u32,
}

impl SharedFile {
    /// Makes the file, or empties the one that is there.
    pub(crate) fn take(path: &Path, geometry: &Geometry) -> Result<Self, FileFault> {
        let file = claim(path)?;
        let page = huge_page(&file).unwrap_or(rustix::param::page_size() as u64);
        let taken = Self {
            file,
            path: path.to_owned(),
            bytes: geometry.bytes(page),
            owner: std::process::id(),
        };
        taken.clear()?;
        Ok(taken)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Maps the whole file, once more.
    pub(crate) fn map(&self) -> Result<Region, FileFault> {
        let file = self.file.as_fd().try_clone_to_owned();
        let file = file.map_err(failed("dup"))?;
        Ok(Region::from_peer(file, self.bytes, Seals::Waived)?)
    }

    /// Gives its memory back; it stays as long as it was, and ours.
    pub(crate) fn empty(&self) {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        // Where that cannot be done, memory is wasted and nothing else.
        let _ = fallocate(&self.file, flags, 0, self.bytes);
    }

    fn clear(&self) -> Result<(), FileFault> {
        ftruncate(&self.file, 0).map_err(failed("ftruncate"))?;
        ftruncate(&self.file, self.bytes).map_err(failed("ftruncate"))?;
        match fallocate(&self.file, FallocateFlags::empty(), 0, self.bytes) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(FileFault::NoRoom {
                bytes: self.bytes,
                source: error.into(),
            }),
        }
    }
}

impl Drop for SharedFile {
    fn drop(&mut self) {
        if self.owner == std::process::id() && is_named(&self.file, &self.path) {
            // Whoever opens it now finds it locked, or gone.
            let _ = unlink(&self.path);
        }
    }
}

/// Opens and locks a file that nobody else uses.
fn claim(path: &Path) -> Result<OwnedFd, FileFault> {
    loop {
        // Non-blocking: should it be a pipe, nobody waits for its other end.
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match open(path, flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => file,
            Err(error) => return Err(unopened(path, error)),
        };
        judge(&fstat(&file).map_err(failed("fstat"))?)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::AGAIN) => return Err(FileFault::InUse),
            Err(error) => return Err(failed("flock")(error)),
        }
        // Whoever had it may have removed it between the two calls.
        if is_named(&file, path) {
            return Ok(file);
        }
    }
}

fn judge(stat: &Stat) -> Result<(), FileFault> {
    let kind = FileType::from_raw_mode(stat.st_mode);
    if kind != FileType::RegularFile {
        let found = describe(kind);
        return Err(FileFault::NotAFile { found });
    }
    let (owner, us) = (stat.st_uid, geteuid().as_raw());
    if owner != us {
        return Err(FileFault::NotOurs { owner, us });
    }
    match stat.st_nlink {
        0 | 1 => Ok(()),
        links => Err(FileFault::ManyNames { links }),
    }
}

fn unopened(path: &Path, error: Errno) -> FileFault {
    let kind = lstat(path).map(|stat| FileType::from_raw_mode(stat.st_mode));
    match (error, kind) {
        (Errno::LOOP | Errno::ISDIR | Errno::NXIO | Errno::NODEV, Ok(kind)) => {
            let found = describe(kind);
            FileFault::NotAFile { found }
        }
        _ => failed("open")(error),
    }
}

/// Whether the path still leads to this file.
fn is_named(file: &OwnedFd, path: &Path) -> bool {
    match (fstat(file), lstat(path)) {
        (Ok(file), Ok(named)) => (file.st_dev, file.st_ino) == (named.st_dev, named.st_ino),
        _ => false,
    }
}

fn huge_page(file: &OwnedFd) -> Option<u64> {
    let system = fstatfs(file).ok()?;
    let page = u64::try_from(system.f_bsize).ok()?;
    (system.f_type == HUGETLBFS_MAGIC).then_some(page)
}

fn describe(kind: FileType) -> &'static str {
    match kind {
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Socket => "a socket",
        FileType::Fifo => "a named pipe",
        _ => "a device",
    }
}

fn failed<E: Into<io::Error>>(call: &'static str) -> impl FnOnce(E) -> FileFault {
    move |source| FileFault::Os {
        call,
        source: source.into(),
    }
}

/// For tests: a file that two processes would both want.
#[cfg(test)]
pub(crate) fn lock_of(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).write(true).open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

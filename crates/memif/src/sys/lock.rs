//! Who may replace a socket file: one binder at a time, for as long as the bind takes.
//!
//! The lock on `dir/cam.sock` is a `flock` on the empty file `dir/.cam.sock.bind-lock`. It is
//! removed with the lock; one that a killed process left behind is taken over and removed by the
//! next binder. Removing a lock file races with those who have just opened it: they get the lock
//! of a file that nobody else will find. So whoever gets a lock looks whether the name still
//! means the file it locked, and begins again if it does not.

use std::ffi::{OsStr, OsString};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, fstat, openat, statat, unlinkat};
use rustix::io::Errno;

use super::clock::now;

/// How often a held lock is tried again. Holders need far less than this.
const RETRY: Duration = Duration::from_millis(1);

/// The exclusive right to bind one path; given back when dropped.
#[derive(Debug)]
pub(super) struct BindLock<'dir> {
    dir: BorrowedFd<'dir>,
    name: OsString,
    _file: OwnedFd,
}

/// Why there is no lock.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LockError {
    /// Another process held it all the time.
    Held,
    /// The lock file could not be used.
    Os(Errno),
}

impl<'dir> BindLock<'dir> {
    /// Locks the file `socket` in `dir`, waiting for at most `patience` until others are done.
    pub(super) fn take(
        dir: BorrowedFd<'dir>,
        socket: &OsStr,
        patience: Duration,
    ) -> Result<Self, LockError> {
        let name = lock_name(socket);
        let deadline = now() + patience;
        loop {
            let obstacle = match try_lock(dir, &name) {
                Ok(Some(_file)) => return Ok(BindLock { dir, name, _file }),
                Ok(None) | Err(Errno::WOULDBLOCK) => LockError::Held,
                // The file of another user, who is binding or was killed doing so.
                Err(Errno::ACCESS) => LockError::Os(Errno::ACCESS),
                Err(error) => return Err(LockError::Os(error)),
            };
            if now() >= deadline {
                return Err(obstacle);
            }
            sleep(RETRY);
        }
    }
}

impl Drop for BindLock<'_> {
    /// Removes the file, then lets go of the lock by closing it: never the other way round.
    fn drop(&mut self) {
        let _ = unlinkat(self.dir, &self.name, AtFlags::empty());
    }
}

/// The name of the file that is locked in place of `socket`.
pub(super) fn lock_name(socket: &OsStr) -> OsString {
    let mut name = OsString::from(".");
    name.push(socket);
    name.push(".bind-lock");
    name
}

fn try_lock(dir: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<Option<OwnedFd>> {
    match open_or_create(dir, name)? {
        Some(file) => lock_if_named(dir, name, file),
        None => Ok(None),
    }
}

/// Opens what is there, creates what is not; `None` if somebody else was faster. Two steps,
/// because the kernel refuses `O_CREAT` on another user's file in a directory like `/tmp`.
fn open_or_create(dir: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<Option<OwnedFd>> {
    let open = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match openat(dir, name, open, Mode::empty()) {
        Err(Errno::NOENT) => {}
        opened => return opened.map(Some),
    }
    let create = open | OFlags::CREATE | OFlags::EXCL;
    match openat(dir, name, create, Mode::RUSR | Mode::WUSR) {
        Err(Errno::EXIST) => Ok(None),
        // Not permitted at all, unlike ACCES for a file that is there.
        Err(Errno::ACCESS) => Err(Errno::PERM),
        created => created.map(Some),
    }
}

/// Locks an open file; `None` if its holder removed it meanwhile, since a lock on that excludes
/// nobody.
fn lock_if_named(
    dir: BorrowedFd<'_>,
    name: &OsStr,
    file: OwnedFd,
) -> rustix::io::Result<Option<OwnedFd>> {
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let locked = fstat(&file)?;
    match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(named) if (named.st_dev, named.st_ino) == (locked.st_dev, locked.st_ino) => {
            Ok(Some(file))
        }
        Ok(_) | Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const SOCKET: &str = "cam.sock";
    const LONG: Duration = Duration::from_secs(60);

    fn open(path: &Path) -> File {
        File::open(path).expect("the directory")
    }

    fn take(dir: &File, patience: Duration) -> Result<BindLock<'_>, LockError> {
        BindLock::take(dir.as_fd(), SOCKET.as_ref(), patience)
    }

    #[test]
    fn a_lock_excludes_others_and_leaves_nothing_behind() {
        let path = tempfile::tempdir().expect("directory");
        let dir = open(path.path());
        let file = path.path().join(".cam.sock.bind-lock");
        let lock = take(&dir, LONG).expect("free");
        assert!(file.exists());
        let refused = take(&dir, Duration::from_millis(5)).expect_err("held");
        assert_eq!(refused, LockError::Held);
        drop(lock);
        assert!(!file.exists());
        take(&dir, LONG).expect("free again");
    }

    #[test]
    fn a_file_that_a_killed_process_left_is_taken_over_and_removed() {
        let path = tempfile::tempdir().expect("directory");
        let file = path.path().join(lock_name(SOCKET.as_ref()));
        std::fs::write(&file, "").expect("write");
        drop(take(&open(path.path()), LONG).expect("nobody holds it"));
        assert!(!file.exists());
    }

    #[test]
    fn a_symbolic_link_is_not_followed() {
        let path = tempfile::tempdir().expect("directory");
        let file = path.path().join(lock_name(SOCKET.as_ref()));
        std::os::unix::fs::symlink("elsewhere", file).expect("symlink");
        let refused = take(&open(path.path()), LONG).expect_err("a link");
        assert_eq!(refused, LockError::Os(Errno::LOOP));
        assert!(!path.path().join("elsewhere").exists());
    }

    #[test]
    fn the_lock_of_a_file_that_its_holder_removed_is_worth_nothing() {
        let path = tempfile::tempdir().expect("directory");
        let dir = open(path.path());
        let name = lock_name(SOCKET.as_ref());
        let first = take(&dir, LONG).expect("free");
        let open = || open_or_create(dir.as_fd(), &name).expect("open");
        let (early, earlier) = (open().expect("there"), open().expect("there"));
        drop(first);
        let lock = |file| lock_if_named(dir.as_fd(), &name, file).expect("not held");
        assert!(lock(early).is_none(), "the name is free");
        let _second = take(&dir, LONG).expect("free");
        assert!(lock(earlier).is_none(), "the name is another file");
    }

    #[test]
    fn there_are_never_two_holders_though_each_removes_the_file() {
        let path = tempfile::tempdir().expect("directory");
        let held = AtomicBool::new(false);
        let hold_often = || {
            let dir = open(path.path());
            for _ in 0..500 {
                let _lock = take(&dir, LONG).expect("free in time");
                assert!(!held.swap(true, Ordering::SeqCst));
                std::thread::yield_now();
                assert!(held.swap(false, Ordering::SeqCst));
            }
        };
        std::thread::scope(|scope| {
            (0..4).for_each(|_| {
                scope.spawn(hold_often);
            });
        });
    }
}

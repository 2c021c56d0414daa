//! Who may replace a socket file: one binder at a time, for as long as the bind takes.
//!
//! The lock on `dir/cam.sock` is a `flock` on the empty file `dir/.cam.sock.bind-lock`. It is
//! removed with the lock; one that a killed process left behind is taken over and removed by the
//! next binder. Removing a lock file races with those who have just opened it: they get the lock
//! of a file that nobody else will find. So whoever gets a lock looks whether the name still
//! means the file it locked, and begins again if it does not.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
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
            match try_lock(dir, &name) {
                Ok(Some(_file)) => return Ok(BindLock { dir, name, _file }),
                Ok(None) => continue,
                // ACCES: the file of another user, who is binding or was killed doing so.
                Err(error @ (Errno::WOULDBLOCK | Errno::ACCESS)) => give_up(error, deadline)?,
                Err(error) => return Err(LockError::Os(error)),
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

/// `None`: the file changed between opening and locking.
fn try_lock(dir: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<Option<OwnedFd>> {
    let Some(file) = open_or_create(dir, name)? else {
        return Ok(None);
    };
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(still_named(dir, name, file.as_fd())?.then_some(file))
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

fn still_named(
    dir: BorrowedFd<'_>,
    name: &OsStr,
    file: BorrowedFd<'_>,
) -> rustix::io::Result<bool> {
    let locked = fstat(file)?;
    match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(named) => Ok((named.st_dev, named.st_ino) == (locked.st_dev, locked.st_ino)),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error),
    }
}

fn give_up(error: Errno, deadline: Duration) -> Result<(), LockError> {
    match (now() < deadline, error) {
        (true, _) => Ok(()),
        (false, Errno::WOULDBLOCK) => Err(LockError::Held),
        (false, error) => Err(LockError::Os(error)),
    }
}

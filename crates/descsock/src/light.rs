//! Descriptors that tell of something.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

/// Wakes whoever waits for it.
#[derive(Debug)]
pub(crate) struct Bell(OwnedFd);

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self(eventfd(0, flags)?))
    }

    pub(crate) fn ring(&self) {
        // It fails only when it has rung 2^64 times, and rings then.
        let _ = write(&self.0, &1_u64.to_ne_bytes());
    }

    pub(crate) fn clear(&self) {
        // It fails only when it has not rung.
        let _ = read(&self.0, &mut [0; 8]);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Readable while something is the case, for those who watch; costs nothing as long as nobody does.
///
/// What is the case is said under the lock of the state that it is about, so that nothing here races.
#[derive(Debug)]
pub(crate) struct Light {
    bell: Bell,
    is_watched: AtomicBool,
    is_lit: AtomicBool,
}

impl Light {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            bell: Bell::new()?,
            is_watched: AtomicBool::new(false),
            is_lit: AtomicBool::new(false),
        })
    }

    /// From now on somebody watches.
    pub(crate) fn watch(&self, is_so: bool) {
        self.is_watched.store(true, Ordering::Relaxed);
        self.set(is_so);
    }

    /// Says what is the case.
    #[inline]
    pub(crate) fn set(&self, is_so: bool) {
        if self.is_watched.load(Ordering::Relaxed) && self.is_lit.load(Ordering::Relaxed) != is_so {
            self.is_lit.store(is_so, Ordering::Relaxed);
            match is_so {
                true => self.bell.ring(),
                false => self.bell.clear(),
            }
        }
    }
}

impl AsFd for Light {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn is_readable(light: &Light) -> bool {
        let mut watched = [PollFd::new(light, PollFlags::IN)];
        let now = Timespec::default();
        poll(&mut watched, Some(&now)).expect("poll") == 1
    }

    #[test]
    fn a_light_shows_what_is_the_case_from_when_it_is_watched() {
        let light = Light::new().expect("an eventfd");
        light.set(true);
        assert!(!is_readable(&light), "nobody watches");
        light.watch(true);
        assert!(is_readable(&light));
        light.set(true);
        light.set(false);
        assert!(!is_readable(&light));
        light.set(true);
        assert!(is_readable(&light));
    }
}

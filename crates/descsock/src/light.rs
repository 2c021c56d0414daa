//! Descriptors that tell of something.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

/// More than there are threads.
const ALWAYS: u32 = 1 << 31;

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
    /// How many watch for a while, and [`ALWAYS`] if somebody does from now on.
    watchers: AtomicU32,
    is_lit: AtomicBool,
}

impl Light {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            bell: Bell::new()?,
            watchers: AtomicU32::new(0),
            is_lit: AtomicBool::new(false),
        })
    }

    /// From now on somebody watches.
    pub(crate) fn watch_always(&self) {
        self.watchers.fetch_or(ALWAYS, Ordering::Relaxed);
    }

    /// Somebody watches as long as this is there.
    pub(crate) fn watch(&self) -> Watch<'_> {
        self.watchers.fetch_add(1, Ordering::Relaxed);
        Watch(self)
    }

    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    /// Says what is the case, if somebody watches.
    #[inline]
    pub(crate) fn show(&self, is_so: impl FnOnce() -> bool) {
        if !self.is_watched() {
            return;
        }
        let is_so = is_so();
        if self.is_lit.swap(is_so, Ordering::Relaxed) != is_so {
            match is_so {
                true => self.bell.ring(),
                false => self.bell.clear(),
            }
        }
    }
}

/// Somebody who watches.
#[derive(Debug)]
pub(crate) struct Watch<'a>(&'a Light);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::Relaxed);
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
        light.show(|| true);
        assert!(!is_readable(&light), "nobody watches");
        light.watch_always();
        light.show(|| true);
        assert!(is_readable(&light));
        light.show(|| true);
        light.show(|| false);
        assert!(!is_readable(&light));
        light.show(|| true);
        assert!(is_readable(&light));
    }

    #[test]
    fn a_light_that_nobody_watches_any_more_is_put_right_for_the_next() {
        let light = Light::new().expect("an eventfd");
        let watch = light.watch();
        light.show(|| true);
        drop(watch);
        light.show(|| false);
        assert!(is_readable(&light), "nobody watches");
        let _watch = light.watch();
        light.show(|| false);
        assert!(!is_readable(&light));
    }
}

//! Cancelling threads, which must not happen in the middle of a call.
//!
//! `close` and others are cancellation points, and a cancelled thread unwinds in a way that Rust knows nothing of.
//!
//! # Safety
//!
//! One function of the C library that only looks at the calling thread, declared here as POSIX does.
#![allow(unsafe_code)]

use std::ffi::c_int;

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// PTHREAD_CANCEL_DISABLE, the same in all C libraries of Linux.
const DISABLE: c_int = 1;

/// While it lives, this thread is not cancelled.
#[derive(Debug)]
pub(crate) struct NoCancel(c_int);

impl NoCancel {
    pub(crate) fn new() -> Self {
        let mut before = 0;
        // SAFETY: `before` is writable.
        unsafe { pthread_setcancelstate(DISABLE, &raw mut before) };
        Self(before)
    }
}

impl Drop for NoCancel {
    fn drop(&mut self) {
        let mut now = 0;
        // SAFETY: `now` is writable, and the state is what the same call gave.
        unsafe { pthread_setcancelstate(self.0, &raw mut now) };
    }
}

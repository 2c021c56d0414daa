//! Cancelling threads, which must not happen in the middle of a call.
//!
//! `close` and others are cancellation points, and a cancelled thread unwinds in a way that Rust knows nothing of.
//!
//! A thread that may be cancelled asynchronously ends wherever it is while that is on: also in [`disable`] and
//! [`restore`], and in what leads to them. So nothing there has anything to drop, and nothing there catches a panic:
//! such frames are unwound as those of C are, if their ABI is "C-unwind" or Rust's.
//!
//! # Safety
//!
//! Two functions of the C library that only look at the calling thread, declared here as POSIX does.
#![allow(unsafe_code)]

use std::ffi::c_int;

unsafe extern "C-unwind" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
    fn pthread_setcanceltype(kind: c_int, before: *mut c_int) -> c_int;
}

/// PTHREAD_CANCEL_DISABLE, the same in all C libraries of Linux.
const DISABLE: c_int = 1;
/// PTHREAD_CANCEL_DEFERRED, likewise.
const DEFERRED: c_int = 0;

/// What a thread was before [`disable`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    state: c_int,
    kind: c_int,
}

/// From here to [`restore`] this thread is not cancelled.
///
/// Both are set: glibc's handler of a cancel that is already on its way looks at the kind, and not at the state.
#[inline(always)]
pub(crate) fn disable() -> Before {
    let (mut state, mut kind) = (0, 0);
    // SAFETY: `kind` is writable.
    unsafe { pthread_setcanceltype(DEFERRED, &raw mut kind) };
    // SAFETY: `state` is writable.
    unsafe { pthread_setcancelstate(DISABLE, &raw mut state) };
    Before { state, kind }
}

/// A thread that was cancelled meanwhile, and asynchronously, does not return from this.
#[inline(always)]
pub(crate) fn restore(before: Before) {
    let mut now = 0;
    // SAFETY: `now` is writable, and the state is what the same call gave.
    unsafe { pthread_setcancelstate(before.state, &raw mut now) };
    // SAFETY: and so is the kind.
    unsafe { pthread_setcanceltype(before.kind, &raw mut now) };
}

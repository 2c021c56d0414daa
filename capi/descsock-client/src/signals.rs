//! The program's signals are for the program's threads.
//!
//! # Safety
//!
//! Unsafe code here passes valid sets to calls that fill them or read them.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr::null_mut;

/// Blocks all signals in the calling thread, which is the worker of a connection.
pub(crate) fn leave_to_others() {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset makes a set of it.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: `all` is a set. What no thread can block, such as a fault of its own, is not blocked by this.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), null_mut()) };
}

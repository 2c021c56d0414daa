//! `errno`, which the C library keeps for each thread.
//!
//! # Safety
//!
//! Unsafe code here only writes it.
#![allow(unsafe_code)]

/// Sets `errno` of this thread.
pub fn set_errno(errno: i32) {
    // SAFETY: the location of errno is valid for as long as the thread runs.
    let location = unsafe { libc::__errno_location() };
    // SAFETY: and it is this thread's own.
    unsafe { location.write(errno) };
}

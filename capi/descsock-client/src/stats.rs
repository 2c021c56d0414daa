//! `descsock_client_stats`: counters that C programs read as a variable of theirs.
//!
//! A program that names the variable gets a copy of it in its own memory, and the loader makes this library use the copy
//! (R_X86_64_COPY). So the library takes the address at run time, and the copy is as large as the variable was when the
//! program was linked: 72 bytes before 1.3.4. Behind those is something else of the program's then.
//!
//! # Safety
//!
//! Unsafe code here asks the loader about an address, and reads the symbol that it answers with, which lives as long as
//! the program.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::{MaybeUninit, offset_of, size_of};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use descsock::Counters;

/// `descsock_client_stats_t`. It never becomes smaller.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Stats {
    counters: Counters,
    /// Frames that were sent whose length on the wire is no multiple of four bytes.
    not4b: AtomicU64,
}

const _: () = assert!(size_of::<Stats>() == 80);
const _: () = assert!(offset_of!(Stats, not4b) == 72);

/// The variable of `descsock_client.h`.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "the name is C's")]
pub(crate) static descsock_client_stats: Stats = Stats {
    counters: Counters::new(),
    not4b: AtomicU64::new(0),
};

/// Asks `dladdr1` for the symbol that an address is in.
const RTLD_DL_SYMENT: libc::c_int = 1;

/// Where the connection counts.
pub(crate) fn counters() -> &'static Counters {
    &descsock_client_stats.counters
}

/// A frame of so many bytes on the wire was sent.
#[inline]
pub(crate) fn count_alignment(bytes: usize) {
    if !bytes.is_multiple_of(4) && has_not4b() {
        descsock_client_stats.not4b.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether the variable, wherever it is, has its last field.
fn has_not4b() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| size_in_program().is_none_or(|bytes| bytes >= 80))
}

/// The size that the program's symbol has; `None` if it has none: then the variable is the one above.
fn size_in_program() -> Option<u64> {
    let address = (&raw const descsock_client_stats).cast();
    let mut info = MaybeUninit::uninit();
    let mut symbol: *mut c_void = null_mut();
    let (place, asked) = (info.as_mut_ptr(), RTLD_DL_SYMENT);
    // SAFETY: both places take what is written to them.
    let found = unsafe { libc::dladdr1(address, place, &raw mut symbol, asked) };
    if found == 0 || symbol.is_null() {
        return None;
    }
    // SAFETY: the call succeeded, so that it has filled the structure.
    let info: libc::Dl_info = unsafe { info.assume_init() };
    if info.dli_saddr.cast_const() != address {
        return None; // some other symbol that happens to be near
    }
    // SAFETY: a symbol of the loader's tables, which stay.
    Some(unsafe { symbol.cast::<libc::Elf64_Sym>().read() }.st_size)
}

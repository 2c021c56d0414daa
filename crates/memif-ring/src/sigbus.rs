//! Survives a peer that truncates memory we have mapped.
//!
//! Only for memory taken with [`crate::Seals::Waived`]; sealed memory cannot vanish. [`contain`] installs a SIGBUS
//! handler, for a whole program to ask for, never a library. When an access hits a page that no longer exists, the handler
//! maps zeroes over the rest of that region and notes it; the access goes on, and the link ends with a named fault.
//! Any other SIGBUS goes to the handler that was there before.
//!
//! # Safety
//!
//! The handler runs in the middle of anything, so it only reads atomics and makes one system call. It finds regions in
//! [`WATCHED`], a fixed table: an entry's `length` is written before its `start` is published (release) and read after
//! it was seen (acquire); a region leaves the table before it is unmapped.
#![allow(unsafe_code)]

use std::io;
use std::ptr::NonNull;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Regions that can be watched at once; further ones are taken, but their truncation is not contained.
const PLACES: usize = 4096;

#[derive(Debug)]
struct Entry {
    start: AtomicUsize,
    length: AtomicUsize,
    page: AtomicUsize,
    fired: AtomicBool,
}

/// `start` of an entry somebody is filling in.
const RESERVED: usize = 1;

static WATCHED: [Entry; PLACES] = [const {
    Entry {
        start: AtomicUsize::new(0),
        length: AtomicUsize::new(0),
        page: AtomicUsize::new(0),
        fired: AtomicBool::new(false),
    }
}; PLACES];

/// Entries below this were used at some time: bounds the handler's search.
static USED: AtomicUsize = AtomicUsize::new(0);

/// A region's place in the table, for as long as it is mapped.
#[derive(Debug)]
pub(crate) struct Watch(Option<&'static Entry>);

impl Watch {
    pub(crate) fn new(start: NonNull<u8>, length: usize, page: u64) -> Self {
        let free = |entry: &&Entry| {
            entry
                .start
                .compare_exchange(0, RESERVED, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        };
        let Some(place) = WATCHED.iter().position(|entry| free(&entry)) else {
            return Self(None);
        };
        let entry = &WATCHED[place];
        USED.fetch_max(place + 1, Ordering::Relaxed);
        entry.length.store(length, Ordering::Relaxed);
        entry
            .page
            .store(usize::try_from(page).unwrap_or(1), Ordering::Relaxed);
        entry.fired.store(false, Ordering::Relaxed);
        // Release pairs with the handler's acquire of start: length and page are in place.
        entry
            .start
            .store(start.as_ptr() as usize, Ordering::Release);
        Self(Some(entry))
    }

    /// Whether a page of the region had vanished.
    pub(crate) fn fired(&self) -> bool {
        self.0
            .is_some_and(|entry| entry.fired.load(Ordering::Relaxed))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(entry) = self.0 {
            entry.start.store(0, Ordering::Release);
        }
    }
}

/// Makes this process survive the truncation of memory it has mapped from a peer. Repeated calls do nothing.
///
/// # Errors
///
/// When the operating system refuses the signal handler.
pub fn contain() -> io::Result<()> {
    static INSTALL: Once = Once::new();
    let mut result = Ok(());
    INSTALL.call_once(|| result = install());
    result
}

static mut PREVIOUS: libc::sigaction = {
    // SAFETY: all-zero is a valid sigaction: the default action, an empty mask.
    unsafe { std::mem::zeroed() }
};

fn install() -> io::Result<()> {
    // SAFETY: all-zero is a valid sigaction.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handle as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    let previous = &raw mut PREVIOUS;
    // SAFETY: `action` is filled in, `previous` is written once (by Once) before any SIGBUS can reach our handler.
    let status = unsafe { libc::sigaction(libc::SIGBUS, &raw const action, previous) };
    if status == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

extern "C" fn handle(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo to an SA_SIGINFO handler.
    let info_ref = unsafe { &*info };
    // SAFETY: si_addr is set for every SIGBUS that a memory access raised.
    let address = unsafe { info_ref.si_addr() } as usize;
    if !patch(address) {
        pass_on(signal, info, context);
    }
}

/// Maps zeroes from the page of `address` to the end of its region, if it is one of ours.
fn patch(address: usize) -> bool {
    let used = USED.load(Ordering::Relaxed).min(PLACES);
    for entry in &WATCHED[..used] {
        // Acquire pairs with the release in Watch::new.
        let start = entry.start.load(Ordering::Acquire);
        let length = entry.length.load(Ordering::Relaxed);
        if start <= RESERVED || address < start || address - start >= length {
            continue;
        }
        let page = entry.page.load(Ordering::Relaxed).max(1);
        let from = start + (address - start) / page * page;
        entry.fired.store(true, Ordering::Relaxed);
        return map_zeroes(from, start + length - from);
    }
    false
}

fn map_zeroes(from: usize, length: usize) -> bool {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: replaces pages of a region of ours, whose content is gone, by zeroes; the addresses stay mapped.
    let mapped = unsafe { libc::mmap(from as *mut libc::c_void, length, access, flags, -1, 0) };
    mapped != libc::MAP_FAILED
}

/// Hands a SIGBUS that is not ours to whoever was there before.
fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let previous = &raw const PREVIOUS;
    // SAFETY: written once before this handler was in place, only read since.
    let previous = unsafe { &*previous };
    match previous.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: restores the default action; the access is repeated at return and ends the process as it should.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            type Action = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
            // SAFETY: an SA_SIGINFO action holds a function of this type.
            let handler: Action = unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: an action without SA_SIGINFO holds a function of this type.
            let handler: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}

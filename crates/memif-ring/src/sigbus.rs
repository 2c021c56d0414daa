//! Survives a peer that truncates memory we have mapped.
//!
//! Only for memory taken with [`crate::Seals::Waived`] and for huge pages; other sealed memory cannot vanish. [`contain`]
//! installs a SIGBUS handler, for a whole program to ask for, never a library. When an access hits a page that no longer
//! exists, the handler maps zeroes over the rest of that region and notes it; the access goes on, and the link ends with
//! a named fault. Any other SIGBUS goes to the handler that was there before.
//!
//! # Safety
//!
//! The handler runs in the middle of anything, so it only reads atomics and makes one system call. It finds regions in
//! `WATCHED`, a fixed table. The region that an access failed in is mapped as long as that access lasts, so its entry
//! holds still; an entry that changes meanwhile belongs to another region and is passed over (`version`). A region leaves
//! the table before it is unmapped.
#![allow(unsafe_code)]

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, PoisonError};

/// Regions that can be watched at once; further ones are taken, but their truncation is not contained.
const PLACES: usize = 4096;

#[derive(Debug)]
struct Entry {
    /// Odd while the entry is filled in.
    version: AtomicUsize,
    start: AtomicUsize,
    length: AtomicUsize,
    page: AtomicUsize,
    fired: AtomicBool,
}

/// `start` of an entry somebody is filling in.
const RESERVED: usize = 1;

static WATCHED: [Entry; PLACES] = [const {
    Entry {
        version: AtomicUsize::new(0),
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
        let page = usize::try_from(page).unwrap_or(1);
        entry.fill_in(start.as_ptr() as usize, length, page);
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

impl Entry {
    /// Done by the one who reserved the entry.
    fn fill_in(&self, start: usize, length: usize, page: usize) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version | 1, Ordering::Relaxed);
        fence(Ordering::Release); // pairs with the acquire fence in `read`
        self.length.store(length, Ordering::Relaxed);
        self.page.store(page, Ordering::Relaxed);
        self.fired.store(false, Ordering::Relaxed);
        self.start.store(start, Ordering::Relaxed);
        // Release pairs with the first acquire in `read`.
        let next = version.wrapping_add(2);
        self.version.store(next, Ordering::Release);
    }

    /// Start, length and page size; `None` when there is no region or it is changing.
    fn read(&self) -> Option<(usize, usize, usize)> {
        let version = self.version.load(Ordering::Acquire);
        let start = self.start.load(Ordering::Relaxed);
        let length = self.length.load(Ordering::Relaxed);
        let page = self.page.load(Ordering::Relaxed).max(1);
        fence(Ordering::Acquire); // pairs with the release fence in `fill_in`
        let stable = version.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == version;
        (stable && start > RESERVED).then_some((start, length, page))
    }
}

/// Makes this process survive the truncation of memory it has mapped from a peer. Repeated calls do nothing.
///
/// # Errors
///
/// When the operating system refuses the signal handler.
pub fn contain() -> io::Result<()> {
    static INSTALLED: Mutex<bool> = Mutex::new(false);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*installed {
        install()?;
        *installed = true;
    }
    Ok(())
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
    // SAFETY: written under the lock of `contain`, and before our handler, its only reader, is in place.
    let asked = unsafe { libc::sigaction(libc::SIGBUS, std::ptr::null(), previous) };
    if asked != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `action` is filled in, and `handle` does only what a signal handler may.
    let status = unsafe { libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut()) };
    if status == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

extern "C" fn handle(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo to an SA_SIGINFO handler.
    let info_ref = unsafe { &*info };
    // Only for a vanished page is there an address to look at, and a page to be mended.
    if info_ref.si_code == libc::BUS_ADRERR {
        // SAFETY: si_addr is set for a SIGBUS with this code.
        let address = unsafe { info_ref.si_addr() } as usize;
        if patch(address) {
            return;
        }
    }
    pass_on(signal, info_ref.si_code, info, context);
}

/// Maps zeroes from the page of `address` to the end of its region, if it is one of ours.
fn patch(address: usize) -> bool {
    let used = USED.load(Ordering::Relaxed).min(PLACES);
    for entry in &WATCHED[..used] {
        let Some((start, length, page)) = entry.read() else {
            continue;
        };
        if address < start || address - start >= length {
            continue;
        }
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
fn pass_on(
    signal: libc::c_int,
    code: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    let previous = &raw const PREVIOUS;
    // SAFETY: written once before this handler was in place, only read since.
    let previous = unsafe { &*previous };
    let by_access = (libc::BUS_ADRALN..=libc::BUS_MCEERR_AR).contains(&code);
    match previous.sa_sigaction {
        libc::SIG_IGN if !by_access => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: restores the default action; a failed access is repeated at return and ends the process.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
            if !by_access {
                // SAFETY: what somebody sent is sent again, and ends the process when this handler returns.
                unsafe { libc::raise(signal) };
            }
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

//! Memory that vanishes under us. Each case runs in a process of its own: this program started again, told by an
//! environment variable what to do and watched from outside.
//!
//! # Safety
//!
//! Spans are taken of regions that live to the end of each case; signal handlers only count and return.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use memif_ring::{Descriptor, Region, Regions, Seals, sigbus};
use rustix::fs::MemfdFlags;

#[path = "common/huge_pages.rs"]
mod huge_pages;

/// Names the act to a child.
const ACT: &str = "MEMIF_RING_ACT";
const PAGE: usize = 4096;
/// What a child exits with when all its assertions held.
const WELL: i32 = 7;
/// What the handler of a child's own exits with.
const HANDLED: i32 = 42;

/// What can happen in a child.
const ACTS: &[(&str, fn())] = &[
    ("contained", contained),
    ("not_contained", not_contained),
    ("chained", chained),
    ("chained_plain", chained_plain),
    ("sent", sent),
    ("ignored", ignored),
    ("churned", churned),
    ("punched", punched),
];

/// Not a test of its own: in a child, it does the act; otherwise nothing.
#[test]
fn act_in_a_child() {
    let Ok(name) = std::env::var(ACT) else { return };
    let act = ACTS
        .iter()
        .find(|act| act.0 == name)
        .expect("a known act")
        .1;
    act();
    std::process::exit(WELL);
}

fn run(act: &str) -> ExitStatus {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program);
    child.args([
        "--exact",
        "act_in_a_child",
        "--nocapture",
        "--test-threads=1",
    ]);
    child.env(ACT, act).status().unwrap()
}

fn memory(pages: usize) -> OwnedFd {
    let file = rustix::fs::memfd_create("memif-ring sigbus", MemfdFlags::CLOEXEC).unwrap();
    resize(&file, pages);
    file
}

fn resize(file: &OwnedFd, pages: usize) {
    rustix::fs::ftruncate(file, (pages * PAGE) as u64).unwrap();
}

/// A peer's region of so many pages, and the file the peer still has.
fn region(pages: usize) -> (Regions, OwnedFd) {
    let file = memory(pages);
    let copy = file.as_fd().try_clone_to_owned().unwrap();
    let region = Region::from_peer(copy, (pages * PAGE) as u64, Seals::Waived).unwrap();
    (Regions::new(vec![region.into()]), file)
}

fn descriptor(offset: usize, length: usize) -> Descriptor {
    Descriptor {
        offset: u32::try_from(offset).unwrap(),
        length: u32::try_from(length).unwrap(),
        ..Descriptor::default()
    }
}

fn read(regions: &Regions, offset: usize) -> u8 {
    let segment = regions.judge(descriptor(offset, 1)).unwrap();
    let mut byte = [0];
    // SAFETY: `regions` stays mapped.
    unsafe { segment.span() }.copy_to(&mut byte);
    byte[0]
}

fn write(regions: &Regions, offset: usize, byte: u8) {
    let segment = regions.judge(descriptor(offset, 1)).unwrap();
    // SAFETY: `regions` stays mapped, and nobody else writes there.
    unsafe { segment.span_mut() }.copy_from(&[byte]);
}

/// A page that no region knows of, gone already.
fn stray_page() -> *mut u8 {
    let file = memory(1);
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let fd = std::os::fd::AsRawFd::as_raw_fd(&file);
    // SAFETY: a fresh mapping.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), PAGE, access, libc::MAP_SHARED, fd, 0) };
    assert_ne!(page, libc::MAP_FAILED);
    resize(&file, 0);
    page.cast()
}

fn touch(page: *mut u8) {
    // SAFETY: raises SIGBUS, which is what the act is about.
    unsafe { page.write_volatile(1) };
}

fn set_handler(handler: usize, flags: libc::c_int) {
    // SAFETY: all-zero is a valid sigaction.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    (action.sa_sigaction, action.sa_flags) = (handler, flags);
    // SAFETY: `action` is filled in.
    let status = unsafe { libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut()) };
    assert_eq!(status, 0);
}

fn exit_now(code: i32) -> ! {
    // SAFETY: ends the process at once, as a signal handler may.
    unsafe { libc::_exit(code) }
}

fn contained() {
    sigbus::contain().unwrap();
    sigbus::contain().unwrap();
    let (ours, file) = region(8);
    let (other, _other_file) = region(8);
    write(&ours, 0, 11);
    write(&ours, 7 * PAGE, 13);
    write(&other, 7 * PAGE, 17);
    resize(&file, 2);
    assert!(!ours.any_gone());
    assert_eq!(read(&ours, 0), 11, "what is left is left");
    assert!(!ours.any_gone());
    assert_eq!(read(&ours, 5 * PAGE + 100), 0);
    assert!(ours.any_gone());
    write(&ours, 7 * PAGE, 19);
    assert_eq!(read(&ours, 7 * PAGE), 19);
    write(&ours, 3 * PAGE, 23); // another fault, before the first
    assert_eq!((read(&ours, 3 * PAGE), read(&ours, 0)), (23, 11));
    assert_eq!((other.any_gone(), read(&other, 7 * PAGE)), (false, 17));
    drop(ours);
    let (next, _file) = region(8);
    assert!(!next.any_gone(), "its place in the table is used again");
}

#[test]
fn a_program_that_contains_it_survives_truncated_memory_and_knows() {
    assert_eq!(run("contained").code(), Some(WELL));
}

fn not_contained() {
    let (ours, file) = region(2);
    resize(&file, 1);
    assert_eq!(read(&ours, 0), 0);
    read(&ours, PAGE);
}

#[test]
fn a_program_that_does_not_contain_it_dies_of_it() {
    assert_eq!(run("not_contained").signal(), Some(libc::SIGBUS));
}

extern "C" fn on_bus_error(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    _context: *mut libc::c_void,
) {
    // SAFETY: the kernel's siginfo, handed on.
    let code = unsafe { (*info).si_code };
    let as_it_came = signal == libc::SIGBUS && code == libc::BUS_ADRERR;
    exit_now(if as_it_came { HANDLED } else { 1 });
}

fn chained() {
    set_handler(on_bus_error as *const () as usize, libc::SA_SIGINFO);
    sigbus::contain().unwrap();
    contained();
    touch(stray_page());
}

#[test]
fn a_handler_that_was_there_before_gets_what_is_not_ours() {
    assert_eq!(run("chained").code(), Some(HANDLED));
}

extern "C" fn on_signal(signal: libc::c_int) {
    exit_now(if signal == libc::SIGBUS { HANDLED } else { 1 });
}

fn chained_plain() {
    set_handler(on_signal as *const () as usize, 0);
    sigbus::contain().unwrap();
    touch(stray_page());
}

#[test]
fn so_does_a_handler_without_siginfo() {
    assert_eq!(run("chained_plain").code(), Some(HANDLED));
}

fn send_to_ourselves() {
    // SAFETY: sends a signal to this thread, which has handled it when this returns.
    assert_eq!(unsafe { libc::raise(libc::SIGBUS) }, 0);
}

fn sent() {
    set_handler(libc::SIG_DFL, 0);
    sigbus::contain().unwrap();
    let (_ours, _file) = region(2);
    send_to_ourselves();
}

#[test]
fn a_signal_that_somebody_sends_still_kills() {
    assert_eq!(run("sent").signal(), Some(libc::SIGBUS));
}

fn ignored() {
    set_handler(libc::SIG_IGN, 0);
    sigbus::contain().unwrap();
    send_to_ourselves();
    contained();
}

#[test]
fn a_signal_that_somebody_sends_is_still_ignored_where_it_was() {
    assert_eq!(run("ignored").code(), Some(WELL));
}

/// Faults while other threads make and drop regions.
fn churned() {
    sigbus::contain().unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    let is_done = || done.load(std::sync::atomic::Ordering::Relaxed);
    std::thread::scope(|scope| {
        for size in 1..=2 {
            scope.spawn(move || {
                while !is_done() {
                    drop(region(size * 40))
                }
            });
        }
        for round in 0..300 {
            let (ours, file) = region(20);
            write(&ours, 0, 3);
            resize(&file, 1);
            assert_eq!(read(&ours, (round % 19 + 1) * PAGE), 0);
            assert_eq!((ours.any_gone(), read(&ours, 0)), (true, 3));
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn regions_may_come_and_go_meanwhile() {
    assert_eq!(run("churned").code(), Some(WELL));
}

/// Huge pages that a peer takes away although they are sealed, when no other is left.
fn punched() {
    sigbus::contain().unwrap();
    let huge = 2 << 20;
    let backing = memif_ring::Backing {
        huge_pages: true,
        prefault: true,
    };
    let ours = Region::create("memif-ring punched", 2 * huge, backing).unwrap();
    let file = ours.file().unwrap().try_clone_to_owned().unwrap();
    let regions = Regions::new(vec![ours.into()]);
    let at = usize::try_from(huge).unwrap();
    write(&regions, 5, 55);
    write(&regions, at, 66);
    let hole = rustix::fs::FallocateFlags::PUNCH_HOLE | rustix::fs::FallocateFlags::KEEP_SIZE;
    rustix::fs::fallocate(&file, hole, huge, huge).unwrap();
    // Somebody else takes what was freed; the system gives a new page, or none.
    let _rest: Vec<_> = (0..64)
        .map_while(|_| Region::create("memif-ring rest", huge, backing).ok())
        .collect();
    assert_eq!(read(&regions, at), 0);
    write(&regions, at, 77);
    assert_eq!((read(&regions, at), read(&regions, 5)), (77, 55));
}

#[test]
fn holes_in_huge_pages_are_survived() {
    let Some(_pages) = huge_pages::HugePages::reserve(4) else {
        return;
    };
    assert_eq!(run("punched").code(), Some(WELL));
}

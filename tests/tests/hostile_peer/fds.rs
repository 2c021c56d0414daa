//! Clients that pass the wrong descriptors.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use memif::testing::{Init, Manner, RawClient, Region, Setup, Step, bell};
use rustix::event::{EventfdFlags, eventfd};

use crate::victim::{ATTACKED, ServerVictim, echo};

/// One descriptor of every kind that is neither memory nor a bell.
fn strangers() -> Vec<(&'static str, OwnedFd)> {
    let file = tempfile::tempfile().expect("a file");
    file.set_len(1 << 20).expect("a file of 1 MiB");
    let (pipe_out, pipe_in) = rustix::pipe::pipe().expect("a pipe");
    let directory = File::open("/").expect("a directory");
    let null = File::open("/dev/null").expect("a device");
    let zero = File::options().read(true).write(true).open("/dev/zero");
    let (socket, _) = std::os::unix::net::UnixStream::pair().expect("a socket");
    let epoll = rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC);
    vec![
        ("a regular file", file.into()),
        ("a pipe's end to read", pipe_out),
        ("a pipe's end to write", pipe_in),
        ("a directory", directory.into()),
        ("a device", null.into()),
        (
            "a device that can be mapped",
            zero.expect("a device").into(),
        ),
        ("a socket", socket.into()),
        ("an epoll", epoll.expect("an epoll")),
    ]
}

fn as_region(liar: &RawClient, fds: &[BorrowedFd<'_>]) {
    liar.send_region_with(0, fds, |_| ()).expect("sent");
}

fn as_ring(liar: &RawClient, fds: &[BorrowedFd<'_>]) {
    liar.send_ring_with(true, 0, fds, |_| ()).expect("sent");
}

#[test]
fn a_region_that_is_no_memory_is_refused() {
    let victim = ServerVictim::new();
    for (what, fd) in strangers() {
        let liar = victim.liar(Step::Init);
        as_region(&liar, &[fd.as_fd()]);
        let reason = victim.refuses(&liar);
        assert!(!reason.is_empty(), "{what}");
    }
    let liar = victim.liar(Step::Init);
    as_region(&liar, &[bell().expect("an eventfd").as_fd()]);
    victim.refuses(&liar);
    victim.proves_unharmed();
}

#[test]
fn a_bell_that_is_no_eventfd_is_refused() {
    let victim = ServerVictim::new();
    for (what, fd) in strangers() {
        let liar = victim.liar(Step::Regions);
        as_ring(&liar, &[fd.as_fd()]);
        let reason = victim.refuses(&liar);
        assert!(!reason.is_empty(), "{what}");
    }
    let liar = victim.liar(Step::Regions);
    as_ring(&liar, &[liar.memory().regions[0].file.as_fd()]);
    victim.refuses(&liar);
    victim.proves_unharmed();
}

#[test]
fn a_region_or_ring_without_a_descriptor_is_refused() {
    let victim = ServerVictim::new();
    let liar = victim.liar(Step::Init);
    as_region(&liar, &[]);
    victim.refuses(&liar);
    let liar = victim.liar(Step::Regions);
    as_ring(&liar, &[]);
    victim.refuses(&liar);
    victim.proves_unharmed();
}

#[test]
fn surplus_descriptors_are_refused_and_closed() {
    let victim = ServerVictim::new();
    for count in [2, 3, 253] {
        let liar = victim.liar(Step::Init);
        let file = liar.memory().regions[0].file.as_fd();
        as_region(&liar, &vec![file; count]);
        victim.refuses(&liar);

        let liar = victim.liar(Step::Regions);
        let fd = liar.raw(true, 0).bell();
        as_ring(&liar, &vec![fd; count]);
        victim.refuses(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn descriptors_with_messages_that_carry_none_leave_no_trace() {
    let victim = ServerVictim::new();
    let file = File::open("/dev/null").expect("a device");
    for count in [1, 253] {
        let liar = victim.liar(Step::Hello);
        let init = Init::default().compose(&Manner::TIDY);
        liar.send_bytes(&init, &vec![file.as_fd(); count])
            .expect("sent");
        // Refused or closed and ignored; in neither case kept.
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn memory_that_may_shrink_is_refused() {
    let victim = ServerVictim::new();
    let setup = Setup::new(ATTACKED).with_layout(|layout| layout.sealed = false);
    let liar = victim.liar_with(Step::Init, setup);
    liar.send_region(0, |_| ()).expect("sent");
    let reason = victim.refuses(&liar);
    assert!(reason.to_lowercase().contains("seal"), "{reason}");
    victim.proves_unharmed();
}

#[test]
fn memory_smaller_than_announced_is_refused() {
    let victim = ServerVictim::new();
    for more in [1, 4096, 1 << 40, u64::MAX / 2] {
        let liar = victim.liar(Step::Init);
        liar.send_region(0, |region| region.size += more)
            .expect("sent");
        victim.refuses(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_region_of_nothing_is_refused() {
    let victim = ServerVictim::new();
    let liar = victim.liar(Step::Init);
    liar.send_region(0, |region| region.size = 0).expect("sent");
    victim.refuses(&liar);
    victim.proves_unharmed();
}

#[test]
fn more_memory_than_anybody_has_is_refused() {
    let victim = ServerVictim::new();
    let setup = Setup::new(ATTACKED);
    let liar = victim.liar_with(Step::Init, setup);
    // Sparse: costs nothing to announce, and has to cost nothing to refuse.
    let huge = sparse(1 << 42);
    liar.send_region_with(0, &[huge.as_fd()], |region| region.size = 1 << 42)
        .expect("sent");
    victim.refuses(&liar);
    victim.proves_unharmed();
}

fn sparse(len: u64) -> OwnedFd {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = memfd_create("huge", flags).expect("a memfd");
    ftruncate(&file, len).expect("a sparse file");
    fcntl_add_seals(&file, SealFlags::SHRINK).expect("sealed");
    file
}

#[test]
fn memory_that_cannot_be_written_does_not_kill() {
    let victim = ServerVictim::new();
    let region = Region::new(1 << 20, true).expect("a region");
    let path = format!(
        "/proc/self/fd/{}",
        std::os::fd::AsRawFd::as_raw_fd(&region.file)
    );
    let read_only = File::open(path).expect("the same memory, to read");
    let liar = victim.liar(Step::Init);
    liar.send_region_with(0, &[read_only.as_fd()], |region| region.size = 1 << 20)
        .expect("sent");
    victim.refuses(&liar);
    victim.proves_unharmed();
}

#[test]
fn a_blocking_eventfd_cannot_make_the_victim_block() {
    let victim = ServerVictim::new();
    let mut liar = victim.liar(Step::Regions);
    let blocking = eventfd(0, EventfdFlags::CLOEXEC).expect("an eventfd");
    liar.send_ring(true, 0, |_| ()).expect("sent");
    liar.ack().expect("an honest ring");
    liar.send_ring_with(false, 0, &[blocking.as_fd()], |_| ())
        .expect("sent");
    // Refused, or made non-blocking. If it is taken, a full counter is no trap.
    if liar.ack().is_ok() {
        fill(&blocking);
        liar.send_connect().expect("sent");
        liar.receive(memif::testing::PATIENCE).expect("CONNECTED");
        liar.rx(0).post(256);
        for number in 0..100 {
            echo(&mut liar, number, 64);
        }
    }
    drop(liar);
    victim.proves_unharmed();
}

/// One less than the largest count: the next write has to wait.
fn fill(eventfd: &OwnedFd) {
    let full = u64::MAX - 1;
    rustix::io::write(eventfd, &full.to_ne_bytes()).expect("an eventfd takes this once");
}

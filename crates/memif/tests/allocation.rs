//! The way of a frame takes nothing from the heap.
//!
//! # Safety
//!
//! The allocator passes every call on to the system's unchanged, and counts it.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use memif::{Address, Connector, Link, LinkOptions, Listener, Rx, Tx, Wait};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: as in the module doc.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of the trait.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of the trait.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

const SOON: Option<Duration> = Some(Duration::from_secs(10));

/// A sender and a receiver, in this thread, and their links.
fn queue(server_sends: bool) -> (Tx, Rx, [Link; 2]) {
    let dir = tempfile::tempdir().expect("a directory");
    let address = Address::parse(dir.path().join("memif.sock")).expect("an address");
    let options = LinkOptions::new(0).slots(64).wait(Wait::Poll);
    let listener = Listener::bind(&address).expect("a listener");
    let server = listener.link(options.clone()).expect("a server");
    let client = Connector::new(&address).link(options).expect("a client");
    while !(server.is_up() && client.is_up()) {
        server.drive().expect("driven");
        client.drive().expect("driven");
    }
    let mut links = if server_sends {
        [server, client]
    } else {
        [client, server]
    };
    let (tx, rx) = (links[0].tx(0).expect("tx"), links[1].rx(0).expect("rx"));
    (tx, rx, links)
}

/// Several milliseconds of it, so that looking after the control connection is part.
fn many_times(mut step: impl FnMut()) {
    step(); // the first time may allocate
    assert_eq!(allocations(|| (0..20_000).for_each(|_| step())), 0);
}

#[test]
fn bursts_take_nothing_from_the_heap_and_signal_nobody_who_polls() {
    for server_sends in [true, false] {
        let (mut tx, mut rx, links) = queue(server_sends);
        let frames = [&[7; 60][..]; 32];
        let mut copy = [0; 60];
        many_times(|| {
            assert_eq!(tx.send_burst(&frames).expect("sent"), 32);
            let burst = rx.burst(32).expect("received");
            assert_eq!(burst.len(), 32);
            for packet in burst.iter() {
                assert_eq!(packet.copy_to(&mut copy), 60);
            }
        });
        assert_eq!(links[0].details().queues[0].tx.signals, 0);
    }
}

#[test]
fn single_frames_and_loans_take_nothing_from_the_heap() {
    for server_sends in [true, false] {
        let (mut tx, mut rx, _links) = queue(server_sends);
        let mut copy = [0; 60];
        many_times(|| {
            tx.send(&[7; 60], SOON).expect("sent");
            let mut loan = tx.loan(60, SOON).expect("room");
            loan.write_at(0, &[8; 60]).expect("fits");
            loan.send().expect("sent");
            for _ in 0..2 {
                assert_eq!(rx.recv(SOON).expect("received").copy_to(&mut copy), 60);
            }
        });
    }
}

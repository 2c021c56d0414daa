//! Agents by rings that mean harm, and threads that get in each other's way.

use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use descsock::{Client, Error, Events};
use descsock_wire::{ConnectAnswer, Version};
use memif::testing::{RawSession, ServerSetup, Wire};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::agent::{Place, SOON, frame, number, receive};
use crate::offer::{pass, seqpacket};

/// An agent that has let one client in, and can lie in everything.
struct Harmful {
    doorbell: UnixStream,
    link: RawSession,
}

/// Lets a client in.
fn let_in(place: &Place) -> (Client, Harmful) {
    let listener = UnixListener::bind(place.doorbell()).expect("a doorbell");
    let options = place.options(8).buffers(64, 64).linger(Duration::ZERO);
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| Client::open(options));
        let (mut doorbell, _) = listener.accept().expect("a client");
        doorbell.read_exact(&mut [0; 1356]).expect("a registration");
        let answer = ConnectAnswer::accepted(Version::V2).with_rings().encode();
        doorbell.write_all(&answer).expect("written");
        let (ours, theirs) = seqpacket();
        pass(&doorbell, theirs.as_fd());
        drop(theirs);
        let mut link = RawSession::new(Wire::given(ours), ServerSetup::default());
        link.handshake().expect("a link");
        let client = opening.join().expect("no panic").expect("opened");
        (client, Harmful { doorbell, link })
    })
}

/// A frame as it is in a ring.
fn in_ring(number: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0x61, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend_from_slice(&frame(number, len));
    bytes
}

/// Does it in another thread; whether that was done soon.
fn is_done_soon(work: impl FnOnce() + Send + 'static) -> bool {
    let (done, is_done) = channel();
    std::thread::spawn(move || {
        work();
        let _ = done.send(());
    });
    is_done.recv_timeout(SOON).is_ok()
}

#[test]
fn a_frame_longer_than_any_may_be_is_damaged_and_in_nobodys_way() {
    let place = Place::deserted();
    let (client, mut agent) = let_in(&place);
    for (number, len) in [(0, 2045), (1, 20_000), (2, 2044)] {
        let sent = agent.link.tx(0).try_send(&in_ring(number, len));
        assert!(sent.expect("sent"), "no room for {len} bytes");
    }
    let mut room = vec![0; client.frame_capacity()];
    let got = client.recv(&mut room).expect("received");
    assert_eq!((got.len, number(&room)), (2044, 2));
    assert_eq!(client.statistics().rx_damaged, 2);
}

#[test]
fn an_agent_that_publishes_without_end_is_left_all_the_same() {
    let place = Place::deserted();
    let (client, mut agent) = let_in(&place);
    for number in 0..64 {
        agent
            .link
            .tx(0)
            .try_send(&in_ring(number, 64))
            .expect("sent");
    }
    let stop = AtomicBool::new(false);
    let is_left = std::thread::scope(|scope| {
        let ring = agent.link.tx(0).raw();
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                ring.set_tail(ring.head());
            }
        });
        drop(agent.doorbell);
        let is_left = is_done_soon(move || {
            while client.is_connected() {
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        stop.store(true, Ordering::Relaxed);
        is_left
    });
    assert!(is_left, "not within {SOON:?}");
}

#[test]
fn a_bell_that_blocks_whoever_rings_it_blocks_no_thread_of_the_program() {
    let place = Place::deserted();
    let (client, mut agent) = let_in(&place);
    let mut bells: Vec<OwnedFd> = Vec::new();
    for tier in 0..4 {
        let (tx, rx) = (agent.link.tx(tier).raw().bell().try_clone_to_owned(), tier);
        bells.push(tx.expect("dup"));
        let rx = agent.link.rx(rx).raw();
        rx.set_flags(0); // no mask: whoever sends has to ring
        bells.push(rx.bell().try_clone_to_owned().expect("dup"));
    }
    for bell in &bells {
        let _ = rustix::io::read(bell, &mut [0; 8]);
        rustix::io::write(bell, &(u64::MAX - 1).to_ne_bytes()).expect("filled");
        let flags = fcntl_getfl(bell).expect("flags");
        fcntl_setfl(bell, flags - OFlags::NONBLOCK).expect("set");
    }
    let is_done = is_done_soon(move || {
        for count in 0..8 {
            client.send(&frame(count, 64)).expect("sent");
        }
        client.close().expect("closed");
    });
    for bell in &bells {
        let _ = rustix::io::read(bell, &mut [0; 8]); // whoever waits after all goes on
    }
    assert!(is_done, "not within {SOON:?}");
}

/// Receives until the client is closed.
fn receive_all(client: &Client, numbers: &Sender<u64>) {
    loop {
        match receive(client) {
            Ok(frame) => numbers.send(number(&frame)).expect("somebody counts"),
            Err(Error::Timeout) => {}
            Err(_) => return,
        }
    }
}

#[test]
fn whoever_waits_for_a_frame_gets_it_whatever_others_look_at() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (numbers, received) = channel();
        scope.spawn(|| receive_all(&rx, &{ numbers }));
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                rx.statistics();
                assert!(rx.recv(&mut [0; 10]).is_err(), "frames are longer");
            }
        });
        for count in 0..3000 {
            tx.send(&frame(count, 64)).expect("sent");
            let got = received.recv_timeout(SOON / 2);
            if got != Ok(count) {
                stop.store(true, Ordering::Relaxed);
                let now = rx.poll(Events::IN);
                let _ = rx.close();
                panic!("{got:?} instead of {count}, {now:?}");
            }
        }
        stop.store(true, Ordering::Relaxed);
        rx.close().expect("closed");
    });
}

//! The offer of rings: who takes it, who does not, and who says so and lies.

use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Mutex;
use std::time::Duration;

use descsock::{AgentFault, Client, Error, Events, Options};
use descsock_wire::{ConnectAnswer, Version};
use dma_agent::Admission;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    sendmsg, socketpair,
};

use crate::agent::{Place, SOON, eventually, frame, receive};

/// Rules by which nobody gets rings.
fn without_rings() -> Admission {
    let mut admission = Admission::same_user();
    admission.rules[0].rings = false;
    admission
}

/// Whether a client's file has memory: only where frames go by it.
fn uses_its_file(place: &Place, name: &str) -> bool {
    let file = std::fs::metadata(place.directory.path().join(name)).expect("a file");
    assert_eq!(file.size(), 8 << 20);
    file.blocks() > 0
}

fn exchange(one: &Client, other: &Client) {
    for (number, [tx, rx]) in [[one, other], [other, one]].into_iter().enumerate() {
        for len in [60, 1514, 2044] {
            tx.send(&frame(number as u64, len)).expect("sent");
            assert_eq!(receive(rx).expect("received"), frame(number as u64, len));
        }
    }
}

#[test]
fn clients_with_and_without_rings_reach_each_other() {
    let place = Place::new();
    let with = place.client(8);
    let without = Client::open(place.options(9).rings(false)).expect("a client");
    assert!(!uses_its_file(&place, "descsock.000"));
    assert!(uses_its_file(&place, "descsock.001"));
    exchange(&with, &without);
}

#[test]
fn an_agent_that_is_told_so_takes_no_offer() {
    let mut place = Place::deserted();
    place.start_with(without_rings());
    let (one, other) = (place.client(8), place.client(9));
    assert!(uses_its_file(&place, "descsock.000"));
    exchange(&one, &other);
}

#[test]
fn frames_survive_the_change_from_one_wire_to_the_other() {
    let mut place = Place::deserted();
    for round in 0..4 {
        let rules = match round % 2 {
            0 => Admission::same_user(),
            _ => without_rings(),
        };
        place.start_with(rules);
        let (tx, rx) = (place.client(8), place.client(9));
        for count in 0..50 {
            tx.send(&frame(count, 300)).expect("sent");
        }
        eventually("all have come", || rx.statistics().rx_packets_in == 50);
        place.kill();
        eventually("it is noticed", || !rx.is_connected());
        let rules = match round % 2 {
            0 => without_rings(),
            _ => Admission::same_user(),
        };
        place.start_with(rules);
        eventually("both are up", || tx.is_connected() && rx.is_connected());
        tx.send(&frame(50, 300)).expect("sent");
        for expected in 0..=50 {
            assert_eq!(receive(&rx).expect("received"), frame(expected, 300));
        }
        let now = rx.statistics();
        assert_eq!((now.rx_lost, now.rx_fc_drops, now.rx_damaged), (0, 0, 0));
        place.kill();
    }
}

/// What opening says to an agent that does this once a client has registered.
fn opened_with(rings: bool, agent: impl FnOnce(UnixStream) + Send) -> Error {
    let place = Place::deserted();
    let listener = UnixListener::bind(place.doorbell()).expect("a doorbell");
    let options = Options::new(place.doorbell(), place.directory.path(), 8).rings(rings);
    let options = options.answer_deadline(Duration::from_millis(300));
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| Client::open(options));
        let (mut doorbell, _) = listener.accept().expect("a client");
        doorbell.read_exact(&mut [0; 1356]).expect("a registration");
        let answer = ConnectAnswer::accepted(Version::V2).with_rings().encode();
        doorbell.write_all(&answer).expect("written");
        agent(doorbell);
        opening.join().expect("no panic").expect_err("refused")
    })
}

pub(crate) fn pass(doorbell: &UnixStream, end: BorrowedFd<'_>) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let ends = [end];
    control.push(SendAncillaryMessage::ScmRights(&ends));
    let bytes = [IoSlice::new(&[0])];
    sendmsg(doorbell, &bytes, &mut control, SendFlags::NOSIGNAL).expect("passed");
}

pub(crate) fn seqpacket() -> (OwnedFd, OwnedFd) {
    let (kind, flags) = (SocketType::SEQPACKET, SocketFlags::CLOEXEC);
    socketpair(AddressFamily::UNIX, kind, flags, None).expect("a pair")
}

#[test]
fn a_link_that_never_comes_is_not_waited_for_for_ever() {
    let kept = Mutex::new(None);
    let refused = opened_with(true, |doorbell| {
        let (ours, theirs) = seqpacket();
        pass(&doorbell, theirs.as_fd());
        *kept.lock().expect("no panic") = Some((doorbell, ours));
    });
    let is_due = match &refused {
        Error::Agent(AgentFault::TooSlow { due, .. }) => *due == "link",
        Error::Agent(AgentFault::NoLink { .. }) => true, // the link has noticed first
        _ => false,
    };
    assert!(is_due, "{refused}");
}

#[test]
fn a_socket_of_another_sort_is_refused() {
    let refused = opened_with(true, |doorbell| {
        let (_, theirs) = UnixStream::pair().expect("a pair");
        pass(&doorbell, theirs.as_fd());
    });
    assert!(
        matches!(refused, Error::Agent(AgentFault::NotASocket { number: 1 })),
        "{refused}"
    );
}

#[test]
fn a_link_that_ends_before_it_is_one_is_told_of() {
    let refused = opened_with(true, |doorbell| {
        let (_, theirs) = seqpacket();
        pass(&doorbell, theirs.as_fd());
        std::mem::forget(doorbell); // it is the link that ends, not the doorbell
    });
    assert!(
        matches!(refused, Error::Agent(AgentFault::NoLink { .. })),
        "{refused}"
    );
}

#[test]
fn an_agent_that_takes_what_was_not_offered_has_taken_nothing() {
    let refused = opened_with(false, |doorbell| {
        let (_ours, theirs) = seqpacket();
        pass(&doorbell, theirs.as_fd());
    });
    assert!(
        matches!(refused, Error::Agent(AgentFault::NotASocket { number: 1 })),
        "{refused}"
    );
}

#[test]
fn a_ring_that_is_full_has_room_again_for_whoever_waits() {
    let place = Place::new();
    let tx = Client::open(place.options(8).buffers(4, 4)).expect("a client");
    let rx = place.client(9);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for count in 0..2000 {
                tx.send(&frame(count, 64)).expect("sent");
            }
        });
        for expected in 0..2000 {
            assert_eq!(receive(&rx).expect("received"), frame(expected, 64));
        }
    });
    assert_eq!(
        tx.wait(Events::OUT, Some(SOON)).expect("waited"),
        Events::OUT
    );
}

#[test]
fn threads_that_wait_for_frames_all_get_theirs() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..4).map(|_| scope.spawn(|| receive(&rx))).collect();
        for count in 0..4 {
            tx.send(&frame(count, 64)).expect("sent");
            std::thread::sleep(Duration::from_millis(5));
        }
        for thread in waiting {
            thread.join().expect("no panic").expect("received");
        }
    });
}

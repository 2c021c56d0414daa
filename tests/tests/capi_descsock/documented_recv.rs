//! The sentences of the document on `descsock_recv`.

use std::time::Duration;

use memwire_tests::deadline::{SOON, eventually};
use rustix::io::Errno;

use crate::agent::{Place, frame, with_crc};
use crate::puppet::{IN, NONBLOCK, Puppet};

#[test]
fn recv_copies_the_next_ready_frame_with_4_trailing_empty_bytes() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    for len in [60, 61, 1514, 2043, 2044] {
        neighbour.send(&frame(1, len)).expect("sent");
        let expected = with_crc(frame(1, len), 0);
        let result = i64::try_from(len + 4).expect("a length");
        assert_eq!(puppet.recv(0, 2048).is(result).bytes(), expected);
    }
}

#[test]
fn frames_are_buffered_until_the_program_calls_recv_and_come_in_order() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    for number in 0..=255 {
        neighbour.send(&frame(number, 100)).expect("sent");
    }
    for number in 0..=255 {
        let expected = with_crc(frame(number, 100), 0);
        assert_eq!(puppet.recv(0, 2048).bytes(), expected);
    }
}

#[test]
fn a_buffer_of_exactly_the_frame_is_enough_and_one_byte_less_is_not() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    neighbour.send(&frame(1, 100)).expect("sent");
    for short in [0, 3, 4, 100, 103] {
        puppet.recv(0, short).is(-1).because(Errno::MSGSIZE);
    }
    let expected = with_crc(frame(1, 100), 0);
    assert_eq!(puppet.recv(0, 104).is(104).bytes(), expected);
}

#[test]
fn recv_returns_minus_1_on_failure_and_errno_says_why() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    puppet.recv(2, 2048).is(-1).because(Errno::INVAL);
    puppet.ask("null recv").is(-1).because(Errno::FAULT);
}

#[test]
fn with_nonblock_and_no_frame_errno_is_ewouldblock() {
    for (defaults, flags) in [(NONBLOCK, 0), (0, NONBLOCK), (NONBLOCK, NONBLOCK)] {
        let (place, mut puppet) = (Place::new(), Puppet::documented());
        puppet.open(&place, "mine", defaults).is(0);
        puppet.recv(flags, 2048).is(-1).because(Errno::WOULDBLOCK);
    }
}

#[test]
fn without_nonblock_recv_waits_for_a_frame() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    puppet.begin("recv 0 2048");
    std::thread::sleep(Duration::from_millis(50));
    assert!(!puppet.has_answered());
    neighbour.send(&frame(1, 60)).expect("sent");
    puppet.answer().is(64);
}

#[test]
fn a_recv_that_waits_ends_when_the_agent_does() {
    let (mut place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    puppet.begin("recv 0 2048");
    std::thread::sleep(Duration::from_millis(20));
    place.kill();
    puppet.answer().is(-1).because(Errno::NOTCONN);
}

#[test]
fn frames_that_had_come_are_received_after_the_agent_has_ended() {
    let (mut place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    for number in 0..10 {
        neighbour.send(&frame(number, 60)).expect("sent");
    }
    puppet.recv(0, 2048).is(64);
    eventually("all have left", SOON, || {
        (neighbour.statistics().tx_packets_out == 10).then_some(())
    });
    std::thread::sleep(Duration::from_millis(20));
    place.kill();
    puppet.polls(IN, -1);
    for number in 1..10 {
        let expected = with_crc(frame(number, 60), 0);
        assert_eq!(puppet.recv(0, 2048).bytes(), expected);
    }
    puppet.recv(0, 2048).is(-1).because(Errno::NOTCONN);
}

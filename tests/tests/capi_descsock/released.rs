//! What existing programs depend on: the answers of the released library.

use memwire_tests::deadline::{SOON, eventually};
use rustix::io::Errno;

use crate::agent::{Place, frame, receive};
use crate::mute::Mute;
use crate::puppet::{ERR, IN, OUT, Puppet, hex};

fn opened(place: &Place) -> Puppet {
    let mut puppet = Puppet::released();
    puppet.open(place, "", 0).is(1);
    puppet
}

#[test]
fn open_returns_1_or_minus_1() {
    let (place, mut puppet) = (Place::deserted(), Puppet::released());
    puppet.open(&place, "", 0).is(-1).because(Errno::NOENT);
    let place = Place::new();
    puppet.open(&place, "", 0).is(1);
    puppet.open(&place, "", 0).is(-1).because(Errno::ISCONN);
    puppet.ask("close").is(1);
    puppet.ask("close").is(-1).because(Errno::NOTCONN);
    puppet.ask("null open").is(-1).because(Errno::FAULT);
}

#[test]
fn recv_returns_0_when_nothing_is_there_and_never_blocks() {
    let place = Place::new();
    let mut puppet = opened(&place);
    puppet.recv(0, 2048).is(0).because(Errno::WOULDBLOCK);
    let neighbour = place.neighbour(9);
    for number in 0..5 {
        neighbour.send(&frame(number, 60)).expect("sent");
    }
    let mut received = 0;
    eventually("five frames", SOON, || {
        // As the shipped example does: go on until there is nothing.
        while puppet.recv(0, 2048).result() != 0 {
            received += 1;
        }
        (received == 5).then_some(())
    });
}

#[test]
fn recv_returns_the_frame_without_its_crc() {
    let place = Place::new();
    let (mut puppet, neighbour) = (opened(&place), place.neighbour(9));
    for len in [60, 61, 1514, 2044] {
        neighbour.send(&frame(1, len)).expect("sent");
        puppet.polls(IN, IN);
        assert_eq!(puppet.recv(0, 2048).bytes(), frame(1, len));
    }
}

#[test]
fn recv_returns_minus_99_when_the_buffer_is_too_small_and_truncates_if_asked_to() {
    let place = Place::new();
    let (mut puppet, neighbour) = (opened(&place), place.neighbour(9));
    neighbour.send(&frame(1, 100)).expect("sent");
    puppet.polls(IN, IN);
    puppet.recv(0, 99).is(-99).because(Errno::MSGSIZE);
    puppet.recv(0, 0).is(-99).because(Errno::MSGSIZE);
    assert_eq!(puppet.recv(1, 30).is(30).bytes(), frame(1, 100)[..30]);
    puppet.recv(0, 2048).is(0);
    neighbour.send(&frame(2, 100)).expect("sent");
    puppet.polls(IN, IN);
    assert_eq!(puppet.recv(1, 2048).is(100).bytes(), frame(2, 100));
}

#[test]
fn send_takes_the_frame_without_crc_pads_it_and_returns_its_length_on_the_wire() {
    let place = Place::new();
    let (mut puppet, neighbour) = (opened(&place), place.neighbour(9));
    for (len, wire) in [
        (1, 64),
        (13, 64),
        (50, 64),
        (59, 64),
        (60, 64),
        (61, 65),
        (1514, 1518),
        (2044, 2048),
    ] {
        puppet.send(0, &frame(1, len)).is(wire);
        let mut expected = frame(1, len);
        expected.resize(len.max(60), 0);
        assert_eq!(receive(&neighbour), expected, "{len}");
    }
}

#[test]
fn send_returns_minus_1_on_error() {
    let place = Place::new();
    let mut puppet = opened(&place);
    puppet.send(0, &[]).is(-1).because(Errno::INVAL);
    puppet.send(0, &[0; 2045]).is(-1).because(Errno::MSGSIZE);
    puppet.ask("null send").is(-1).because(Errno::FAULT);
    puppet.ask("null recv").is(-1).because(Errno::FAULT);
    puppet.ask("close").is(1);
    puppet.send(0, &[0; 60]).is(-1).because(Errno::NOTCONN);
    puppet.recv(0, 2048).is(-1).because(Errno::NOTCONN);
}

#[test]
fn send_returns_0_when_there_is_no_room() {
    let (place, mut puppet) = (Place::deserted(), Puppet::released());
    let agent = Mute::at(&place.doorbell());
    puppet.open(&place, "", 0).is(1);
    let mut agent = agent.join().expect("no panic");
    for _ in 0..2048 {
        puppet.send(0, &[0; 60]).is(64);
    }
    puppet.send(0, &[0; 60]).is(0).because(Errno::WOULDBLOCK);
    assert_eq!(puppet.poll(OUT), 0);
    agent.complete_one();
    puppet.polls(OUT, OUT);
    puppet.send(0, &[0; 60]).is(64);
}

#[test]
fn pollerr_alone_is_0x80000000() {
    let mut puppet = Puppet::released();
    assert_eq!(puppet.poll(IN | OUT), ERR);
    let mut place = Place::new();
    puppet.open(&place, "", 0).is(1);
    assert_eq!(puppet.poll(IN | OUT), OUT);
    place.kill();
    puppet.polls(IN | OUT, ERR);
    puppet.send(0, &[0; 60]).is(-1).because(Errno::NOTCONN);
    puppet.recv(0, 2048).is(0).because(Errno::NOTCONN);
}

#[test]
fn a_tenants_file_has_its_name_and_without_one_it_has_a_number() {
    let place = Place::new();
    let (directory, doorbell) = (place.directory.path(), place.doorbell());
    let open = format!("open {} {} 8 0", directory.display(), doorbell.display());
    let (mut named, mut unnamed) = (Puppet::released(), Puppet::released());
    named.ask(&format!("{open} tap0")).is(1);
    unnamed.ask(&open).is(1);
    assert_eq!(place.files(), ["descsock.000", "descsock.tap0"]);
}

#[test]
fn ctrl_and_cntl_are_both_there() {
    let place = Place::new();
    let mut puppet = opened(&place);
    puppet.ask("ctrl 0").is(-1).because(Errno::INVAL);
    puppet.ask("cntl 0").is(-1).because(Errno::INVAL);
}

#[test]
fn both_interfaces_exchange_frames() {
    let place = Place::new();
    let (mut released, mut documented) = (opened(&place), Puppet::documented());
    documented.open(&place, "mine", 0).is(0);
    released.send(0, &frame(1, 60)).is(64);
    assert_eq!(documented.recv(0, 2048).bytes()[..60], frame(1, 60));
    documented
        .ask(&format!("send 0 {}", hex(&frame(2, 64))))
        .is(64);
    released.polls(IN, IN);
    assert_eq!(released.recv(0, 2048).bytes(), frame(2, 64)[..60]);
}

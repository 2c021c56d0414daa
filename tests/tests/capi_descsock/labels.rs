//! The extended calls.

use descsock::{Route, Tier, Wait};
use rustix::io::Errno;

use crate::agent::{Place, frame};
use crate::puppet::{IN, Puppet, hex};

/// `did sep svc tier nti directed`, and a frame.
fn send(puppet: &mut Puppet, fields: &str, number: u8) -> crate::puppet::Reply {
    puppet.ask(&format!("xsend {fields} {}", hex(&frame(number, 60))))
}

fn exchange(words: &[&str]) {
    let (place, mut puppet) = (Place::new(), Puppet::compiled(words));
    let (neighbour, other) = (place.neighbour(9), place.neighbour(10));
    puppet.open(&place, "", 0).is(1);
    // Not directed: whatever else is in the fields.
    send(&mut puppet, "2047 3 99 2 0 0", 1).is(64);
    let labels = neighbour.recv(&mut [0; 64]).expect("a frame").labels;
    assert!(!labels.is_directed());
    other.recv(&mut [0; 64]).expect("a frame");
    let ours = labels.from.did.value();
    neighbour.send(&frame(2, 60)).expect("sent");
    puppet.polls(IN, IN);
    let theirs = puppet.ask("xrecv 2048").is(60);
    let (_, theirs) = theirs.more().split_once("did=").expect("a port");
    let (theirs, rest) = theirs.split_once(' ').expect("more");
    assert!(rest.ends_with("tier=0 nti=4095 directed=0"), "{rest}");
    // Directed: to the neighbour alone.
    send(&mut puppet, &format!("{theirs} 15 9 0 0 1"), 3).is(64);
    let labels = neighbour.recv(&mut [0; 64]).expect("a frame").labels;
    assert!(labels.is_directed());
    assert_eq!(
        (labels.from.did.value(), labels.from.svc.value()),
        (ours, 9)
    );
    other.recv(&mut [0; 64]).expect("the neighbour's frame");
    let none = other.recv_from(&mut [0; 64], Wait::Never);
    assert!(none.is_err(), "{none:?}");
}

#[test]
fn frames_carry_where_they_come_from_and_go_where_they_are_directed() {
    exchange(&[]);
}

#[test]
fn so_do_those_of_programs_for_a_release_before_1_5_0() {
    exchange(&["-DDESCSOCK_CLIENT_API=10304"]);
    exchange(&["-DDESCSOCK_CLIENT_API=10301"]);
}

#[test]
fn numbers_that_no_descriptor_holds_are_refused() {
    let (place, mut puppet) = (Place::new(), Puppet::released());
    puppet.open(&place, "", 0).is(1);
    for fields in [
        "2048 0 8 0 0 1",
        "4 16 8 0 0 1",
        "4 0 16384 0 0 1",
        "4 0 8 4 0 1",
        "4 0 8 0 4096 1",
        "0 0 0 4 0 0",
    ] {
        send(&mut puppet, fields, 1).is(-1).because(Errno::INVAL);
    }
}

#[test]
fn the_tier_that_a_frame_is_sent_on_is_that_of_its_labels() {
    let (place, mut puppet) = (Place::new(), Puppet::released());
    let options = descsock::Options::new(place.doorbell(), place.file("all"), 9);
    let all = descsock::Client::open(options.every_tier(true)).expect("a client");
    puppet.open(&place, "", 0).is(1);
    for tier in Tier::ALL {
        send(&mut puppet, &format!("0 0 0 {tier} 0 0"), 1).is(64);
        let received = all.recv(&mut [0; 64]).expect("a frame");
        assert_eq!(received.labels.tier, tier);
    }
    let route = Route::default();
    all.send_to(&frame(1, 60), &route, Wait::Never)
        .expect("sent");
    puppet.polls(IN, IN);
}

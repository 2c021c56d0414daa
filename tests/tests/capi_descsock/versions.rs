//! Programs for every release.

use std::process::Command;

use crate::agent::{Place, frame, receive};
use crate::programs::{OLD, program};
use crate::puppet::{IN, Puppet};

#[test]
fn a_program_for_any_release_opens_sends_and_receives() {
    for release in [10_000, 10_200, 10_301, 10_304, 10_500] {
        let api = format!("-DDESCSOCK_CLIENT_API={release}");
        let (place, mut puppet) = (Place::new(), Puppet::compiled(&[&api]));
        let neighbour = place.neighbour(9);
        puppet.open(&place, "", 0).is(1);
        puppet.send(0, &frame(1, 60)).is(64);
        assert_eq!(receive(&neighbour), frame(1, 60));
        neighbour.send(&frame(2, 60)).expect("sent");
        puppet.polls(IN, IN);
        assert_eq!(puppet.recv(0, 2048).bytes(), frame(2, 60));
    }
}

/// It calls the plain name with 1028 bytes, and has whatever it has behind them.
#[test]
fn a_program_that_was_linked_before_1_2_0_opens_too() {
    let mut nm = Command::new("nm");
    let listed = nm.arg("-u").arg(program("puppet", &OLD)).output();
    let listed = String::from_utf8(listed.expect("nm runs").stdout).expect("names");
    assert!(!listed.contains("open_1028"), "{listed}");
    let (place, mut puppet) = (Place::new(), Puppet::compiled(&OLD));
    puppet.open(&place, "", 0).is(1);
}

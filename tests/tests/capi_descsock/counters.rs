//! `descsock_client_stats`: a variable of the library that programs have a copy of.

use std::process::Command;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::missing;

use crate::agent::{Place, frame, receive};
use crate::programs::{old_puppet, program};
use crate::puppet::{IN, Puppet};

const PIE: &[&str] = &["-fPIE", "-pie"];
const NO_PIE: &[&str] = &["-fno-pie", "-no-pie"];
const PIC: &[&str] = &["-fPIC", "-pie"];

/// Whether the program has a copy of its own.
fn has_copy(words: &[&str]) -> bool {
    let mut readelf = Command::new("readelf");
    let listed = readelf.arg("-rW").arg(program("puppet", words)).output();
    let listed = String::from_utf8(listed.expect("readelf runs").stdout).expect("names");
    let mut lines = listed.lines();
    lines.any(|line| line.contains("COPY") && line.contains("descsock_client_stats"))
}

/// Sends three frames and receives one of two, watching the variable.
fn move_with(words: &[&str]) {
    let (place, mut puppet) = (Place::new(), Puppet::compiled(words));
    let neighbour = place.neighbour(9);
    let zero = "rx=0,0,0,0,0 tx=0,0,0,0 not4b=0";
    assert_eq!(puppet.ask("stats").more(), zero);
    puppet.open(&place, "", 0).is(1);
    for len in [60, 61, 100] {
        puppet.send(0, &frame(1, len));
        receive(&neighbour);
    }
    neighbour.send(&frame(1, 60)).expect("sent");
    neighbour.send(&frame(2, 100)).expect("sent");
    puppet.polls(IN, IN);
    puppet.recv(0, 2048).is(60);
    // The second frame is counted when it comes, not when the program calls.
    let expected = "rx=2,1,168,64,0 tx=3,3,233,233 not4b=1";
    eventually("all is counted", SOON, || {
        (puppet.ask("stats").more() == expected).then_some(())
    });
}

#[test]
fn the_counters_move_in_a_program_that_is_not_position_independent_and_has_a_copy() {
    if missing::tool("readelf", "binutils", "copies of the counters").is_some() {
        assert!(has_copy(NO_PIE));
    }
    move_with(NO_PIE);
}

#[test]
fn the_counters_move_in_a_program_that_is_position_independent_and_has_a_copy() {
    if missing::tool("readelf", "binutils", "copies of the counters").is_some() {
        assert!(has_copy(PIE));
    }
    move_with(PIE);
}

#[test]
fn the_counters_move_in_a_program_without_a_copy() {
    if missing::tool("readelf", "binutils", "copies of the counters").is_some() {
        assert!(!has_copy(PIC));
    }
    move_with(PIC);
}

#[test]
fn what_is_behind_the_72_bytes_of_an_older_program_stays_as_it_is() {
    for kind in [PIE, NO_PIE] {
        let mut old = Command::new(old_puppet(kind));
        let (place, mut puppet) = (Place::new(), Puppet::from(&mut old));
        puppet.open(&place, "", 0).is(1);
        let before = puppet.ask("behind").more().to_owned();
        for _ in 0..10 {
            puppet.send(0, &frame(1, 61)).is(65);
        }
        assert_eq!(puppet.ask("behind").more(), before);
        eventually("all is counted", SOON, || {
            let expected = "rx=0,0,0,0,0 tx=10,10,650,650";
            (puppet.ask("stats").more() == expected).then_some(())
        });
    }
}

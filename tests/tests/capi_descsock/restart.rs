//! Agents that end and are started again, under a C program.

use rustix::io::Errno;
use std::time::Duration;

use memwire_tests::deadline::{SOON, eventually};

use crate::agent::{Place, frame, receive, with_crc};
use crate::puppet::{ERR, IN, OUT, Puppet};

#[test]
fn a_program_goes_on_with_an_agent_that_was_started_again() {
    let (mut place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    for number in 0..3 {
        place.kill();
        puppet.polls(IN, -1);
        puppet.send(0, &[0; 64]).is(-1).because(Errno::NOTCONN);
        puppet.recv(0, 2048).is(-1).because(Errno::NOTCONN);
        place.start();
        puppet.polls(OUT, OUT);
        let neighbour = place.neighbour(9);
        puppet.send(0, &with_crc(frame(number, 60), 0)).is(64);
        assert_eq!(receive(&neighbour), frame(number, 60));
        neighbour.send(&frame(number, 100)).expect("sent");
        puppet.recv(0, 2048).is(104);
    }
    assert_eq!(place.files(), ["mine"]);
}

#[test]
fn so_does_one_with_the_released_names() {
    let (mut place, mut puppet) = (Place::new(), Puppet::released());
    puppet.open(&place, "", 0).is(1);
    place.kill();
    puppet.polls(OUT, ERR);
    place.start();
    puppet.polls(OUT, OUT);
    let neighbour = place.neighbour(9);
    puppet.send(0, &frame(1, 60)).is(64);
    assert_eq!(receive(&neighbour), frame(1, 60));
}

#[test]
fn close_works_while_there_is_no_agent() {
    let (mut place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    place.kill();
    puppet.polls(IN, -1);
    std::thread::sleep(Duration::from_millis(100));
    puppet.ask("close").is(0);
    assert_eq!(puppet.holdings().threads, 1);
    eventually("no file is left", SOON, || {
        place.files().is_empty().then_some(())
    });
}

#[test]
fn a_child_lets_go_of_its_parents_connection_and_has_one_of_its_own() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    let (file, doorbell) = (place.file("childs"), place.doorbell());
    let fork = format!("fork {} {}", file.display(), doorbell.display());
    puppet.ask(&fork).is(0);
    assert_eq!(receive(&neighbour), [0xff; 60]);
    assert_eq!(place.files(), ["mine"]);
    puppet.recv(0, 2048).is(64);
    puppet.send(0, &with_crc(frame(1, 60), 0)).is(64);
    assert_eq!(receive(&neighbour), frame(1, 60));
}

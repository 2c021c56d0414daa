//! The sentences of the document on `descsock_poll`.

use memwire_tests::deadline::SOON;
use rustix::io::Errno;

use crate::agent::{Place, frame};
use crate::mute::Mute;
use crate::puppet::{ERR, IN, NONBLOCK, OUT, Puppet};

#[test]
fn poll_returns_the_conditions_that_are_satisfied_and_in_the_mask() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    assert_eq!(puppet.poll(IN | OUT), OUT);
    assert_eq!(puppet.poll(IN), 0);
    neighbour.send(&frame(1, 60)).expect("sent");
    puppet.polls(IN, IN);
    assert_eq!(puppet.poll(IN | OUT), IN | OUT);
    assert_eq!(puppet.poll(OUT), OUT);
    assert_eq!(puppet.poll(0), 0);
}

#[test]
fn pollin_means_there_is_data_to_receive() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", NONBLOCK).is(0);
    for number in 0..10 {
        neighbour.send(&frame(number, 60)).expect("sent");
        puppet.polls(IN, IN);
        puppet.recv(0, 2048).is(64);
        assert_eq!(puppet.poll(IN), 0);
    }
}

#[test]
fn pollout_means_that_sending_now_would_not_block() {
    let (place, mut puppet) = (Place::deserted(), Puppet::documented());
    let agent = Mute::at(&place.doorbell());
    puppet.open(&place, "mine", NONBLOCK).is(0);
    let mut agent = agent.join().expect("no panic");
    assert_eq!(puppet.poll(OUT), OUT);
    while puppet.poll(OUT) == OUT {
        puppet.send(0, &[0; 64]).is(64);
    }
    puppet.send(0, &[0; 64]).is(-1).because(Errno::WOULDBLOCK);
    agent.complete_one();
    puppet.polls(OUT, OUT);
    puppet.send(0, &[0; 64]).is(64);
}

#[test]
fn poll_on_error_returns_minus_1_which_also_has_the_pollerr_bit() {
    let (mut place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    place.kill();
    puppet.polls(IN, -1);
    puppet.ask("poll 3").is(-1).because(Errno::NOTCONN);
    assert_ne!(puppet.poll(OUT) & ERR, 0);
    place.start();
    puppet.polls(OUT, OUT);
}

#[test]
fn pollerr_is_returned_and_never_asked_for() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    assert_eq!(puppet.poll(ERR), 0);
    assert_eq!(puppet.poll(-1), OUT);
    let neighbour = place.neighbour(9);
    neighbour.send(&frame(1, 60)).expect("sent");
    memwire_tests::deadline::eventually("it comes", SOON, || {
        (puppet.poll(-1) == IN | OUT).then_some(())
    });
}

//! The descriptors that a program can wait with.

use rustix::io::Errno;

use crate::agent::{Place, frame};
use crate::puppet::{IN, Puppet};

const RECV_FD: &str = "wait 0x44530001";
const SEND_FD: &str = "wait 0x44530002";

#[test]
fn a_descriptor_is_readable_while_there_is_a_frame_to_receive() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    puppet.ask(&format!("{RECV_FD} 0")).is(0);
    for number in 0..20 {
        neighbour.send(&frame(number, 60)).expect("sent");
        puppet.ask(&format!("{RECV_FD} 10000")).is(1);
        puppet.ask(&format!("{RECV_FD} 0")).is(1);
        puppet.recv(0, 2048).is(64);
        puppet.ask(&format!("{RECV_FD} 0")).is(0);
    }
}

#[test]
fn a_descriptor_is_readable_when_the_agent_ends() {
    let (mut place, mut puppet) = (Place::new(), Puppet::released());
    puppet.open(&place, "", 0).is(1);
    puppet.ask(&format!("{RECV_FD} 0")).is(0);
    puppet.ask(&format!("{SEND_FD} 0")).is(1);
    puppet.begin(&format!("{RECV_FD} 10000"));
    place.kill();
    puppet.answer().is(1);
    assert!(puppet.poll(IN) < 0);
    puppet.ask(&format!("{RECV_FD} 0")).is(0);
}

#[test]
fn without_a_connection_there_is_no_descriptor() {
    let mut puppet = Puppet::documented();
    puppet
        .ask(&format!("{RECV_FD} 0"))
        .is(-1)
        .because(Errno::NOTCONN);
}

//! The sentences of the document on `descsock_send`.

use rustix::io::Errno;

use crate::agent::{Place, frame, receive, with_crc};
use crate::mute::Mute;
use crate::puppet::{NONBLOCK, Puppet};

#[test]
fn send_queues_a_frame_that_the_worker_thread_sends() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    puppet.send(0, &with_crc(frame(1, 60), 0)).is(64);
    // The program makes no further call.
    assert_eq!(receive(&neighbour), frame(1, 60));
}

#[test]
fn send_returns_the_number_of_bytes_sent() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    for len in [18, 63, 64, 65, 1518, 2047, 2048] {
        let sent = frame(1, len - 4);
        let result = i64::try_from(len).expect("a length");
        puppet.send(0, &with_crc(sent.clone(), 0)).is(result);
        let received = receive(&neighbour);
        assert_eq!(received[..sent.len()], sent);
        assert_eq!(received.len(), sent.len().max(60));
    }
}

#[test]
fn the_frame_has_4_trailing_bytes_for_the_crc_which_are_nobodys_business() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    puppet.send(0, &with_crc(frame(1, 100), 0xcc)).is(104);
    assert_eq!(receive(&neighbour), frame(1, 100));
}

#[test]
fn send_returns_minus_1_on_failure_and_errno_says_why() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    puppet.send(0, &[0; 17]).is(-1).because(Errno::INVAL);
    puppet.send(0, &[]).is(-1).because(Errno::INVAL);
    puppet.send(0, &[0; 2049]).is(-1).because(Errno::MSGSIZE);
    puppet.send(4, &[0; 64]).is(-1).because(Errno::INVAL);
    puppet.ask("null send").is(-1).because(Errno::FAULT);
}

#[test]
fn with_nonblock_and_back_pressure_errno_is_ewouldblock() {
    for (defaults, flags) in [(NONBLOCK, 0), (0, NONBLOCK), (NONBLOCK, NONBLOCK)] {
        let (place, mut puppet) = (Place::deserted(), Puppet::documented());
        let agent = Mute::at(&place.doorbell());
        puppet.open(&place, "mine", defaults).is(0);
        let _agent = agent.join().expect("no panic");
        for _ in 0..2048 {
            puppet.send(flags, &[0; 64]).is(64);
        }
        puppet
            .send(flags, &[0; 64])
            .is(-1)
            .because(Errno::WOULDBLOCK);
    }
}

#[test]
fn without_nonblock_send_waits_for_room() {
    let (place, mut puppet) = (Place::deserted(), Puppet::documented());
    let agent = Mute::at(&place.doorbell());
    puppet.open(&place, "mine", 0).is(0);
    let mut agent = agent.join().expect("no panic");
    for _ in 0..2048 {
        puppet.send(0, &[0; 64]).is(64);
    }
    puppet.begin(&format!("send 0 {}", "00".repeat(64)));
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert!(!puppet.has_answered());
    agent.complete_one();
    puppet.answer().is(64);
}

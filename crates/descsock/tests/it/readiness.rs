//! When a client is ready, and how a program learns of it.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use descsock::{Client, Error, Events, Route, Wait};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::agent::{Place, SOON, eventually, frame, number, receive};

fn is_readable(fd: BorrowedFd<'_>, within: Duration) -> bool {
    let mut watched = [PollFd::new(&fd, PollFlags::IN)];
    let within = Timespec::try_from(within).expect("a time");
    poll(&mut watched, Some(&within)).expect("poll") == 1
}

#[test]
fn poll_goes_on_saying_in_until_the_last_frame_is_received() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    assert_eq!(rx.poll(Events::IN), Events::empty());
    for count in 0..3 {
        tx.send(&frame(count, 64)).expect("sent");
    }
    eventually("all have come", || rx.statistics().rx_packets_in == 3);
    for _ in 0..3 {
        for _ in 0..5 {
            assert_eq!(rx.poll(Events::IN), Events::IN);
        }
        receive(&rx).expect("received");
    }
    assert_eq!(rx.poll(Events::IN), Events::empty());
}

#[test]
fn poll_says_only_what_was_asked_for() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    tx.send(&frame(1, 64)).expect("sent");
    rx.wait(Events::IN, Some(SOON)).expect("waited");
    assert_eq!(rx.poll(Events::OUT), Events::OUT);
    assert_eq!(rx.poll(Events::IN), Events::IN);
    assert_eq!(rx.poll(Events::IN | Events::OUT), Events::IN | Events::OUT);
    assert_eq!(rx.poll(Events::empty()), Events::empty());
}

#[test]
fn the_descriptor_is_readable_exactly_while_there_is_something_to_receive() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    assert!(!is_readable(rx.as_fd(), Duration::ZERO));
    for round in 0..100 {
        tx.send(&frame(round, 64)).expect("sent");
        tx.send(&frame(round, 64)).expect("sent");
        assert!(is_readable(rx.as_fd(), SOON));
        receive(&rx).expect("received");
        assert!(is_readable(rx.as_fd(), SOON));
        receive(&rx).expect("received");
        assert!(!is_readable(rx.as_fd(), Duration::ZERO));
    }
}

#[test]
fn the_descriptor_tells_once_that_the_agent_is_gone() {
    let mut place = Place::new();
    let client = place.client(8);
    assert!(!is_readable(client.as_fd(), Duration::ZERO));
    assert!(is_readable(client.room_fd(), Duration::ZERO));
    place.kill();
    assert!(is_readable(client.as_fd(), SOON));
    assert!(matches!(receive(&client), Err(Error::NotConnected)));
    assert!(!is_readable(client.as_fd(), Duration::ZERO));
    assert!(client.send(&frame(1, 64)).is_err());
    assert!(!is_readable(client.room_fd(), Duration::ZERO));
    place.start();
    assert!(is_readable(client.room_fd(), SOON));
}

/// The agent stands still: nothing is completed, and the buffers run out.
fn fill_up(client: &Client) -> u64 {
    let mut sent = 0;
    let route = Route::default();
    while client
        .send_to(&frame(sent, 64), &route, Wait::Never)
        .is_ok()
    {
        sent += 1;
    }
    sent
}

#[test]
fn without_room_a_call_that_is_not_to_wait_says_so_and_room_is_told_of() {
    let place = crate::lying::Mute::new();
    let client = place.client(16, 16);
    assert_eq!(fill_up(&client), 16);
    let route = Route::default();
    let full = client.send_to(&frame(1, 64), &route, Wait::Never);
    assert!(matches!(full, Err(Error::WouldBlock)), "{full:?}");
    let soon = Wait::For(Duration::from_millis(5));
    let full = client.send_to(&frame(1, 64), &route, soon);
    assert!(matches!(full, Err(Error::Timeout)), "{full:?}");
    assert_eq!(client.poll(Events::OUT), Events::empty());
    assert!(!is_readable(client.room_fd(), Duration::ZERO));
    place.complete(1);
    assert!(is_readable(client.room_fd(), SOON));
    assert_eq!(client.poll(Events::OUT), Events::OUT);
    client.send(&frame(1, 64)).expect("room for one");
    assert!(!is_readable(client.room_fd(), Duration::ZERO));
}

#[test]
fn a_sender_that_waits_gets_the_first_room_there_is() {
    let place = crate::lying::Mute::new();
    let client = place.client(16, 16);
    fill_up(&client);
    std::thread::scope(|scope| {
        let waiting =
            scope.spawn(|| client.send_to(&frame(99, 64), &Route::default(), Wait::Forever));
        let waited = client.wait(Events::OUT, Some(Duration::from_millis(20)));
        assert_eq!(waited.expect("waited"), Events::empty());
        place.complete(1);
        assert_eq!(waiting.join().expect("no panic").expect("sent"), 68);
    });
}

#[test]
fn frames_flow_without_the_program_calling_anything() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    for count in 0..1500 {
        tx.send(&frame(count, 64)).expect("sent");
    }
    // The sender calls nothing from here on, the receiver has not called anything yet.
    eventually("all have come", || rx.statistics().rx_packets_in == 1500);
    assert_eq!(tx.statistics().tx_packets_out, 1500);
}

#[test]
fn a_receiver_that_was_idle_for_thousands_of_frames_receives_again() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    let total = 20_000;
    for count in 0..total {
        tx.send(&frame(count, 64)).expect("sent");
    }
    eventually("all were sent", || tx.statistics().tx_packets_out == total);
    let (mut received, mut last) = (0, None);
    eventually("the agent has nothing left", || {
        while rx.poll(Events::IN) == Events::IN {
            let number = number(&receive(&rx).expect("received"));
            assert!(last < Some(number), "{last:?} {number}");
            (received, last) = (received + 1, Some(number));
        }
        let now = rx.statistics();
        now.rx_packets_in == received + now.rx_fc_drops
    });
    assert!(received >= 1792, "{received}");
    tx.send(&frame(total, 64)).expect("sent");
    eventually("the last one comes", || {
        let received = rx.recv_from(&mut [0; 64], Wait::For(Duration::from_millis(1)));
        received.is_ok() && rx.poll(Events::IN).is_empty()
    });
}

#[test]
fn a_wait_for_nothing_is_refused() {
    let place = Place::new();
    let client = place.client(8);
    assert!(client.wait(Events::ERR, None).is_err());
    assert_eq!(
        client
            .wait(Events::IN, Some(Duration::ZERO))
            .expect("waited"),
        Events::empty()
    );
}

//! Agents that go, and come back.

use std::time::{Duration, Instant};

use descsock::{Client, Error, Events, Wait};

use crate::agent::{Place, SOON, eventually, frame, number, receive};

fn is_up(client: &Client) -> bool {
    client.is_connected()
}

#[test]
fn an_agents_death_is_noticed_at_once_without_a_signal() {
    let mut place = Place::new();
    let client = place.client(8);
    assert_eq!(client.poll(Events::all()), Events::OUT);
    place.kill();
    let found = client.wait(Events::IN, Some(SOON)).expect("waited");
    assert_eq!(found, Events::ERR);
    let sent = client.send(&frame(1, 64));
    assert!(matches!(sent, Err(Error::NotConnected)), "{sent:?}");
    let received = receive(&client);
    assert!(matches!(received, Err(Error::NotConnected)), "{received:?}");
}

#[test]
fn a_call_that_waits_ends_when_the_agent_dies() {
    let mut place = Place::new();
    let client = place.client(8);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| client.recv_from(&mut [0; 64], Wait::Forever));
        std::thread::sleep(Duration::from_millis(20));
        place.kill();
        let ended = waiting.join().expect("no panic");
        assert!(matches!(ended, Err(Error::NotConnected)), "{ended:?}");
    });
}

#[test]
fn clients_come_back_to_an_agent_that_was_started_again() {
    let mut place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    for round in 0..5 {
        for count in 0..100 {
            tx.send(&frame(round * 100 + count, 64)).expect("sent");
            let received = receive(&rx).expect("received");
            assert_eq!(number(&received), round * 100 + count);
        }
        place.kill();
        eventually("both are down", || !is_up(&tx) && !is_up(&rx));
        place.start();
        eventually("both are up", || is_up(&tx) && is_up(&rx));
    }
    assert_eq!(tx.statistics().connections, 6);
    assert_eq!(tx.statistics().tx_lost, 0);
}

#[test]
fn frames_that_had_come_are_received_after_the_agent_died_and_after_it_came_back() {
    let mut place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    for count in 0..100 {
        tx.send(&frame(count, 200)).expect("sent");
    }
    eventually("all have come", || rx.statistics().rx_packets_in == 100);
    place.kill();
    eventually("it is noticed", || !is_up(&rx));
    for expected in 0..50 {
        assert_eq!(receive(&rx).expect("received"), frame(expected, 200));
    }
    place.start();
    eventually("both are up", || is_up(&tx) && is_up(&rx));
    tx.send(&frame(100, 200)).expect("sent");
    for expected in 50..=100 {
        assert_eq!(receive(&rx).expect("received"), frame(expected, 200));
    }
}

/// Everything that was taken from the program was sent, is counted as lost, or is still queued and sent later.
#[test]
fn frames_that_were_queued_when_the_agent_died_are_sent_later_or_counted() {
    let mut place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    let mut accepted = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(30));
            place.kill();
        });
        let deadline = Instant::now() + SOON;
        while tx.send(&frame(accepted, 64)).is_ok() {
            accepted += 1;
            assert!(Instant::now() < deadline);
        }
    });
    place.start();
    eventually("both are up", || is_up(&tx) && is_up(&rx));
    eventually("the queue is empty", || {
        let now = tx.statistics();
        now.tx_packets_in == now.tx_packets_out
    });
    let now = tx.statistics();
    assert_eq!(now.tx_packets_in, accepted);
    assert!(now.tx_lost <= 2048, "{now:?}");
}

#[test]
fn a_client_that_closes_while_there_is_no_agent_does_so_at_once() {
    let mut place = Place::new();
    let client = place.client(8);
    place.kill();
    eventually("it is noticed", || !is_up(&client));
    std::thread::sleep(Duration::from_millis(100));
    let before = Instant::now();
    client.close().expect("open");
    assert!(before.elapsed() < Duration::from_millis(500));
    let left: Vec<_> = std::fs::read_dir(place.directory.path())
        .expect("a directory")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_closed_client_says_so_and_ends_whoever_waits() {
    let place = Place::new();
    let client = place.client(8);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| client.recv_from(&mut [0; 64], Wait::Forever));
        std::thread::sleep(Duration::from_millis(20));
        client.close().expect("open");
        let ended = waiting.join().expect("no panic");
        assert!(matches!(ended, Err(Error::Closed)), "{ended:?}");
    });
    assert!(matches!(client.close(), Err(Error::Closed)));
    assert!(matches!(client.send(&frame(1, 64)), Err(Error::Closed)));
    assert_eq!(client.poll(Events::all()), Events::ERR);
}

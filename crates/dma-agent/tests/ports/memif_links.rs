//! memif links, in both roles, with peers of our own and a stranger.

use std::time::Duration;

use dma_agent::Device;
use dma_agent::memif_port::MemifDevice;
use memif::testing::{RawClient, Setup};
use memif::{Address, Connector, Error, Link, LinkOptions, Listener, Rx, Tx};
use switch::DropReason;

use crate::accounts::{agent, assert_balanced, counters, dropped, eventually};
use crate::common::{Running, frame};

const LONG: Option<Duration> = Some(Duration::from_secs(10));

/// Two peers and an agent between them: the left one is a client of the agent, the agent a client of the right one.
struct Line {
    agent: Running,
    left: Address,
    right: Address,
    _dir: tempfile::TempDir,
}

impl Line {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let left = Address::Path(dir.path().join("left.sock"));
        let right = Address::Path(dir.path().join("right.sock"));
        let listener = Listener::bind(&left).expect("a listener");
        let server = MemifDevice::server(&listener, LinkOptions::new(0)).expect("a server");
        let connector = Connector::new(&right);
        let client = MemifDevice::client(&connector, LinkOptions::new(0)).expect("a client");
        let ports: Vec<(&str, Box<dyn Device>)> =
            vec![("left", Box::new(server)), ("right", Box::new(client))];
        Self {
            agent: agent(ports),
            left,
            right,
            _dir: dir,
        }
    }

    /// The left peer, up.
    fn left(&self) -> Peer {
        let link = Connector::new(&self.left).link(LinkOptions::new(0));
        Peer::new(link.expect("a link"), None)
    }

    /// The right peer, up.
    fn right(&self) -> Peer {
        let listener = Listener::bind(&self.right).expect("a listener");
        let link = listener.link(LinkOptions::new(0)).expect("a link");
        Peer::new(link, Some(listener))
    }
}

struct Peer {
    link: Link,
    rx: Rx,
    tx: Tx,
    _listener: Option<Listener>,
}

impl Peer {
    fn new(mut link: Link, listener: Option<Listener>) -> Self {
        let (rx, tx) = (link.rx(0).expect("a queue"), link.tx(0).expect("a queue"));
        link.wait_up(LONG).expect("up");
        Self {
            link,
            rx,
            tx,
            _listener: listener,
        }
    }

    fn send(&mut self, frame: &[u8]) {
        self.tx.send(frame, LONG).expect("sent");
    }

    fn expect(&mut self, frame: &[u8]) {
        let got = self.rx.recv(LONG).expect("received");
        assert!(got.to_vec() == frame, "as it was sent");
    }

    /// Sends until something arrives at the other, and takes all that does.
    fn meet(&mut self, other: &mut Self) {
        eventually("a frame comes through", || {
            self.send(&frame(0xFF, 1, 0, 60));
            other.rx.recv(Some(Duration::from_millis(20))).is_ok()
        });
        while other.rx.recv(Some(Duration::from_millis(200))).is_ok() {}
    }
}

#[test]
fn frames_of_all_sizes_go_through_links_of_both_roles_in_both_directions() {
    let line = Line::new();
    let (mut left, mut right) = (line.left(), line.right());
    left.meet(&mut right);
    right.meet(&mut left);
    for number in 0..20_000_u64 {
        // From the shortest to those that take five buffers.
        let length = 22 + (number * 37 % 9570) as usize;
        let there = frame(2, 1, number, length);
        left.send(&there);
        right.expect(&there);
        let back = frame(1, 2, number, length);
        right.send(&back);
        left.expect(&back);
    }
    drop((left, right));
    assert_balanced(&line.agent.stop());
}

#[test]
fn a_flood_of_frames_keeps_its_order_and_all_are_accounted_for() {
    const FRAMES: u64 = 200_000;
    let line = Line::new();
    let (mut left, mut right) = (line.left(), line.right());
    left.meet(&mut right);
    let sender = std::thread::spawn(move || {
        (0..FRAMES).for_each(|number| left.send(&frame(0xFF, 1, number, 100)));
        left.tx.flush(LONG).expect("taken");
        left
    });
    let (mut last, mut received) = (None, 0);
    while last != Some(FRAMES - 1) {
        let Ok(got) = right.rx.recv(Some(Duration::from_millis(500))) else {
            break; // the last ones were dropped
        };
        let number = u64::from_le_bytes(got.to_vec()[14..22].try_into().expect("eight"));
        assert!(last < Some(number), "{number} after {last:?}");
        (last, received) = (Some(number), received + 1);
    }
    drop(sender.join().expect("all were sent"));
    let agent = line.agent.stop();
    assert_balanced(&agent);
    let dropped = dropped(&agent, "right", DropReason::QueueFull);
    assert_eq!(received + dropped, FRAMES, "{:?}", agent.drops());
}

#[test]
fn a_peer_that_is_gone_gets_nothing_and_is_used_again_when_it_is_back() {
    let line = Line::new();
    let mut left = line.left();
    for number in 0..100 {
        left.send(&frame(0xFF, 1, number, 60));
    }
    left.tx.flush(LONG).expect("taken");
    for round in 0..5 {
        let mut right = line.right();
        left.meet(&mut right);
        let there = frame(0xFF, 1, round, 1000);
        left.send(&there);
        right.expect(&there);
    }
    eventually("the agent has noticed", || {
        left.send(&frame(0xFF, 1, 0, 60));
        left.link.is_up()
    });
    left.tx.flush(LONG).expect("taken");
    drop(left);
    let agent = line.agent.stop();
    assert_balanced(&agent);
    assert!(dropped(&agent, "right", DropReason::LinkDown) >= 100);
}

#[test]
fn a_client_that_comes_again_and_again_loses_nothing_that_it_has_sent() {
    let line = Line::new();
    let mut right = line.right();
    line.left().meet(&mut right);
    for round in 0..20 {
        let mut left = line.left();
        for number in 0..50 {
            left.send(&frame(0xFF, 1, round * 50 + number, 60));
        }
        drop(left); // not waiting: what was published is delivered all the same
        for number in 0..50 {
            right.expect(&frame(0xFF, 1, round * 50 + number, 60));
        }
    }
    drop(right);
    assert_balanced(&line.agent.stop());
}

#[test]
fn a_stranger_that_gives_no_signal_is_looked_at_all_the_same() {
    let line = Line::new();
    let mut right = line.right();
    let Address::Path(path) = &line.left else {
        panic!("a path");
    };
    let mut stranger = RawClient::up(path, Setup::new(0)).expect("up");
    for number in 0..20_u16 {
        let tx = stranger.tx(0);
        // It thinks that nobody wants to be woken: it has missed that the agent listens.
        tx.raw().set_flags(1);
        assert!(
            tx.try_send(&frame(0xFF, 1, number.into(), 60))
                .expect("sends")
        );
        right.expect(&frame(0xFF, 1, number.into(), 60));
    }
    drop((stranger, right));
    assert_balanced(&line.agent.stop());
}

#[test]
fn a_frame_longer_than_the_agent_takes_is_refused_by_that_name() {
    let line = Line::new();
    let (mut left, mut right) = (line.left(), line.right());
    left.meet(&mut right);
    left.send(&frame(0xFF, 1, 0, 9601));
    let last = frame(0xFF, 1, 1, 9600);
    left.send(&last);
    right.expect(&last);
    drop((left, right));
    let agent = line.agent.stop();
    assert_balanced(&agent);
    assert_eq!(counters(&agent, "left").refused[DropReason::TooLong], 1);
}

#[test]
fn a_peer_that_takes_nothing_fills_its_ring_and_no_more() {
    let line = Line::new();
    let (mut left, mut right) = (line.left(), line.right());
    left.meet(&mut right);
    for number in 0..5000 {
        left.send(&frame(0xFF, 1, number, 60));
    }
    left.tx.flush(LONG).expect("taken");
    let mut received = 0;
    while let Ok(got) = right.rx.recv(Some(Duration::from_millis(200))) {
        assert_eq!(got.to_vec(), frame(0xFF, 1, received, 60), "the first ones");
        received += 1;
    }
    assert!((1..=1024).contains(&received), "{received}");
    assert!(matches!(
        right.rx.try_recv(),
        Ok(None) | Err(Error::Timeout)
    ));
    drop((left, right));
    let agent = line.agent.stop();
    assert_balanced(&agent);
    assert_eq!(
        dropped(&agent, "right", DropReason::QueueFull),
        5000 - received
    );
}

//! The two raw peers against each other.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;

/// A client and a server that have shaken hands.
struct Pair {
    client: RawClient,
    server: RawSession,
}

impl Pair {
    fn new(setup: Setup) -> Pair {
        let line = setup.layout.line;
        let manner = setup.manner;
        let address = address();
        let listening = RawServer::bind(
            &address,
            ServerSetup {
                line,
                manner,
                ..ServerSetup::default()
            },
        )
        .unwrap();
        std::thread::scope(|threads| {
            let client = threads.spawn(|| RawClient::up(&address, setup).unwrap());
            let server = listening.serve().unwrap();
            let client = client.join().unwrap();
            Pair { client, server }
        })
    }

    fn exchange(&mut self, frame: &[u8]) {
        self.client.tx(0).send(frame, PATIENCE).unwrap();
        assert_eq!(self.server.rx(0).recv(PATIENCE).unwrap(), frame);
        self.server.tx(0).send(frame, PATIENCE).unwrap();
        assert_eq!(self.client.rx(0).recv(PATIENCE).unwrap(), frame);
    }
}

/// An abstract address nobody else has.
fn address() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("@raw-memif-{}-{number}", std::process::id()).into()
}

fn frame(len: usize) -> Vec<u8> {
    (0..=250u8).cycle().step_by(31).take(len).collect()
}

#[test]
fn frames_cross_both_ways_in_every_layout() {
    for shape in [Shape::TwoRegions, Shape::OneRegion] {
        for line in [64, 128] {
            let mut pair = Pair::new(Setup::new(7).with_layout(|layout| {
                layout.shape = shape;
                layout.line = line;
                layout.log2_slots = 4;
            }));
            for len in [1, 64, 1518, 2048, 2049, 9000] {
                pair.exchange(&frame(len));
            }
        }
    }
}

#[test]
fn indexes_wrap_and_slots_are_reused() {
    let mut pair = Pair::new(Setup::new(0).with_layout(|layout| {
        layout.log2_slots = 1;
        layout.buffer_size = 64;
    }));
    for round in 0..70_000usize {
        pair.exchange(&frame(1 + round % 128));
    }
}

#[test]
fn junk_in_padding_and_endless_names_are_understood() {
    for manner in [Manner::UNTIDY, Manner::ENDLESS_NAMES] {
        let mut pair = Pair::new(Setup::new(3).with_manner(manner));
        assert_eq!(pair.server.init().unwrap().id, 3);
        pair.exchange(&frame(100));
    }
}

#[test]
fn a_full_ring_takes_nothing_until_the_peer_has_read() {
    let mut pair = Pair::new(Setup::new(0).with_layout(|layout| layout.log2_slots = 2));
    for _ in 0..4 {
        assert!(pair.client.tx(0).try_send(b"one").unwrap());
    }
    assert!(!pair.client.tx(0).try_send(b"more").unwrap());
    pair.server.rx(0).recv(PATIENCE).unwrap();
    assert!(pair.client.tx(0).try_send(b"more").unwrap());
}

#[test]
fn a_masked_ring_is_not_rung() {
    let mut pair = Pair::new(Setup::new(0));
    pair.server.rx(0).raw().set_flags(MASK_INT);
    pair.client.tx(0).send(b"quiet", PATIENCE).unwrap();
    assert_eq!(pair.server.rx(0).raw().clear().unwrap(), 0);
    pair.server.rx(0).raw().set_flags(0);
    pair.client.tx(0).send(b"loud", PATIENCE).unwrap();
    assert_eq!(pair.server.rx(0).raw().clear().unwrap(), 1);
}

#[test]
fn every_queue_is_its_own() {
    let mut pair = Pair::new(Setup::new(0).with_layout(|layout| {
        layout.s2m = 3;
        layout.m2s = 2;
    }));
    for queue in 0..3 {
        pair.client
            .tx(queue)
            .send(&[b'a' + queue.to_le_bytes()[0]], PATIENCE)
            .unwrap();
    }
    for queue in (0..3).rev() {
        let got = pair.server.rx(queue).recv(PATIENCE).unwrap();
        assert_eq!(got, [b'a' + queue.to_le_bytes()[0]]);
    }
}

#[test]
fn a_lie_reaches_the_other_side_as_told() {
    let address = address();
    let listening = RawServer::bind(&address, ServerSetup::default()).unwrap();
    let client = RawClient::connect(&address, Setup::new(1)).unwrap();
    let mut server = listening.accept(PATIENCE).unwrap();
    client.send_init(|init| init.mode = 9).unwrap();
    assert_eq!(server.keep_next().unwrap(), kinds::INIT);
    assert_eq!(server.init().unwrap().mode, 9);
    server.send_disconnect("no such mode").unwrap();
    drop(server);
    let reason = client.rejected(PATIENCE).unwrap();
    assert_eq!(reason.as_deref(), Some("no such mode"));
}

#[test]
fn a_handshake_stops_where_it_is_told() {
    let address = address();
    let listening = RawServer::bind(&address, ServerSetup::default()).unwrap();
    let mut client = RawClient::connect(&address, Setup::new(1)).unwrap();
    let server = listening.accept(PATIENCE).unwrap();
    server.send_hello(|_| ()).unwrap();
    client.advance(Step::Hello).unwrap();
    let silence = server.receive(Duration::ZERO).unwrap_err();
    assert_eq!(silence.kind(), std::io::ErrorKind::TimedOut);
}

//! Frames that are staged one by one and published together.

use std::time::{Duration, Instant};

use memif::testing::Setup;
use memif::{Error, LinkOptions, Misuse, Rx, Tx};

use crate::harness::{Place, SOON, connect_raw, small};

fn both_ways(options: &LinkOptions, check: impl Fn(Tx, Rx)) {
    let place = Place::new();
    let (mut server, mut client) = place.pair(options);
    check(server.tx(0).unwrap(), client.rx(0).unwrap());
    check(client.tx(0).unwrap(), server.rx(0).unwrap());
}

fn stage(tx: &mut Tx, frame: &[u8]) -> Result<bool, Error> {
    tx.stage(frame.len(), |mut span| {
        span.copy_from(frame);
    })
}

#[test]
fn staged_frames_are_there_when_they_are_published_and_not_before() {
    both_ways(&small(), |mut tx, mut rx| {
        for round in 0..10u8 {
            for number in 0..5u8 {
                assert!(stage(&mut tx, &[round, number]).unwrap());
            }
            assert!(rx.try_recv().unwrap().is_none());
            tx.publish().unwrap();
            for number in 0..5u8 {
                assert_eq!(rx.recv(SOON).unwrap().to_vec(), [round, number]);
            }
        }
    });
}

#[test]
fn a_full_ring_says_that_there_is_no_room() {
    both_ways(&small(), |mut tx, mut rx| {
        assert!(tx.has_room(2048));
        let mut staged = 0;
        while stage(&mut tx, b"one").unwrap() {
            staged += 1;
        }
        assert_eq!(staged, 8);
        assert!(!tx.has_room(1));
        tx.publish().unwrap();
        assert_eq!(rx.burst(8).unwrap().len(), 8);
        assert!(tx.has_room(1));
    });
}

#[test]
fn one_burst_takes_one_signal() {
    let place = Place::new();
    let (mut server, mut client) = place.pair(&small());
    let (mut tx, mut rx) = (client.tx(0).unwrap(), server.rx(0).unwrap());
    assert!(!rx.arm().unwrap());
    for _ in 0..4 {
        stage(&mut tx, b"frame").unwrap();
    }
    tx.publish().unwrap();
    rx.wait(SOON).unwrap();
    assert_eq!(rx.burst(8).unwrap().len(), 4);
    assert_eq!(client.details().queues[0].tx.signals, 1);
}

#[test]
fn a_staged_frame_is_in_one_buffer_or_refused() {
    both_ways(&small().buffer_size(64), |mut tx, mut rx| {
        assert!(stage(&mut tx, &[7; 64]).unwrap());
        let refused = stage(&mut tx, &[8; 65]);
        assert!(
            matches!(
                refused,
                Err(Error::Misuse(Misuse::FrameTooLarge { limit: 64, .. }))
            ),
            "{refused:?}"
        );
        let refused = stage(&mut tx, &[]);
        assert!(matches!(refused, Err(Error::Misuse(Misuse::EmptyFrame))));
        tx.publish().unwrap();
        assert_eq!(rx.recv(SOON).unwrap().to_vec(), [7; 64]);
        assert!(rx.try_recv().unwrap().is_none());
    });
}

/// Time that it takes to find out many times that a frame fits no buffer. The shortest of several: others work here, too.
fn time_to_refuse(tx: &mut Tx, len: usize) -> Duration {
    let times = (0..9).map(|_| {
        let start = Instant::now();
        for _ in 0..50 {
            let refused = tx.stage(len, |_| panic!("there is no room"));
            assert!(matches!(refused, Err(Error::Misuse(_))), "{refused:?}");
        }
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

#[test]
fn a_peer_with_buffers_for_nothing_makes_no_work_for_whoever_sends() {
    let place = Place::new();
    let mut server = place.server(LinkOptions::new(0));
    let setup = Setup::new(0).with_layout(|layout| {
        (layout.log2_slots, layout.buffer_size) = (14, 1);
    });
    let _client = connect_raw(&place, &server, setup);
    let mut tx = server.tx(0).unwrap();
    let (short, long) = (time_to_refuse(&mut tx, 2), time_to_refuse(&mut tx, 9600));
    assert!(long < 20 * short, "{long:?} and {short:?}");
}

#[test]
fn staging_tells_of_the_end_of_an_epoch() {
    let place = Place::new();
    let (server, mut client) = place.pair(&small());
    let mut tx = client.tx(0).unwrap();
    assert!(stage(&mut tx, b"frame").unwrap());
    tx.publish().unwrap();
    drop(server);
    client.wait_down(SOON).unwrap();
    assert!(!tx.has_room(1));
    let ended = stage(&mut tx, b"frame");
    let Err(Error::Disconnected(ended)) = ended else {
        panic!("{ended:?}")
    };
    assert_eq!(ended.undelivered, 1);
}

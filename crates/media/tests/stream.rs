//! What every user of a sender and a receiver relies on.

mod common;

use std::sync::mpsc;
use std::time::Duration;

use common::{EITHER, Listens, Place, SOON, bytes, caps};
use media::{Error, Receiver, Sender, Stamp};

const GRAY: &str = "video/raw format=gray width=100 height=10 fps=25/1";

fn send_hundred(place: &Place, listens: Listens, ready: mpsc::Sender<()>) {
    let link = place.sending(listens, Sender::options(0, 1000));
    ready.send(()).unwrap();
    let mut sender = Sender::open(link).unwrap();
    sender.set_caps(&caps(GRAY)).unwrap();
    for number in 0..100 {
        let sequence = sender
            .send(&bytes(1000, number), 40 * number as u64, SOON)
            .unwrap();
        assert_eq!(sequence, number as u64);
    }
    assert_eq!(sender.close(SOON.unwrap()).undelivered, 0);
}

fn receive_hundred(place: &Place, listens: Listens, ready: mpsc::Sender<()>) {
    let link = place.receiving(listens, Receiver::options(0));
    ready.send(()).unwrap();
    let mut receiver = Receiver::open(link).unwrap();
    for number in 0..100 {
        let frame = receiver.recv(SOON).unwrap();
        assert_eq!(frame.to_vec(), bytes(1000, number));
        let metadata = frame.metadata().unwrap();
        assert_eq!(metadata.sequence, number as u64);
        assert_eq!(metadata.timestamp, 40 * number as u64);
        assert!(metadata.sent_at > Duration::ZERO);
        assert!(frame.latency().unwrap() < SOON.unwrap());
        assert_eq!(frame.caps(), Some(&caps(GRAY)));
    }
    let ended = receiver.recv(SOON).unwrap_err();
    assert!(ended.ended().unwrap().clean, "{ended}");
    assert_eq!(receiver.totals().frames, 100);
}

#[test]
fn frames_arrive_with_their_metadata_in_either_role_and_start_order() {
    for listens in EITHER {
        for sender_first in [true, false] {
            let place = Place::new();
            let (ready, begun) = mpsc::channel();
            let again = ready.clone();
            std::thread::scope(|scope| {
                let place = &place;
                let first = move || match sender_first {
                    true => send_hundred(place, listens, ready),
                    false => receive_hundred(place, listens, ready),
                };
                let second = move || match sender_first {
                    true => receive_hundred(place, listens, again),
                    false => send_hundred(place, listens, again),
                };
                scope.spawn(first);
                begun.recv().unwrap();
                scope.spawn(second);
            });
        }
    }
}

#[test]
fn a_frame_was_sent_before_it_is_received() {
    let place = Place::new();
    let (mut sender, mut receiver) = place.usual(Listens::Sender, 10);
    let before = monotonic();
    sender.send(b"frame", 0, SOON).unwrap();
    let frame = receiver.recv(SOON).unwrap();
    let sent_at = frame.metadata().unwrap().sent_at;
    assert!(before <= sent_at && sent_at <= monotonic(), "{sent_at:?}");
}

fn monotonic() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(
        now.tv_sec.try_into().unwrap(),
        now.tv_nsec.try_into().unwrap(),
    )
}

#[test]
fn a_receiver_that_joins_late_learns_what_the_stream_is() {
    let place = Place::new();
    let (mut sender, mut first) = place.usual(Listens::Sender, 1000);
    sender.set_caps(&caps(GRAY)).unwrap();
    sender.send(&[1; 1000], 0, SOON).unwrap();
    first.recv(SOON).unwrap();
    first.close();
    sender.link().wait_down(SOON).unwrap();
    assert!(sender.loan(1, SOON).unwrap_err().is_disconnected());

    let link = place.connect(Receiver::options(0));
    common::join(sender.link(), &link);
    let mut second = Receiver::open(link).unwrap();
    sender.send(&[2; 1000], 0, SOON).unwrap();
    let frame = second.recv(SOON).unwrap();
    assert_eq!(frame.caps(), Some(&caps(GRAY)));
    assert_eq!(frame.caps_text(), Some(GRAY));
    assert_eq!(frame.metadata().unwrap().sequence, 1);
    assert_eq!(second.totals().lost, 0);
}

#[test]
fn one_frame_may_be_described_apart_from_the_others() {
    let place = Place::new();
    let (mut sender, mut receiver) = place.usual(Listens::Sender, 10);
    let usual = caps("video/y4m YUV4MPEG2 W2 H2 Cmono");
    let special = caps("video/y4m YUV4MPEG2 W2 H2 Cmono\nFRAME Ipp");
    sender.set_caps(&usual).unwrap();
    let stamp = Stamp {
        caps: Some(&special),
        ..Stamp::default()
    };
    sender.loan(4, SOON).unwrap().send(0).unwrap();
    sender.loan(4, SOON).unwrap().send_as(stamp).unwrap();
    sender.loan(4, SOON).unwrap().send(0).unwrap();
    for expected in [&usual, &special, &usual] {
        assert_eq!(receiver.recv(SOON).unwrap().caps(), Some(expected));
    }
}

#[test]
fn a_description_that_is_too_long_is_the_callers_error_and_costs_no_number() {
    let place = Place::new();
    let (mut sender, mut receiver) = place.usual(Listens::Sender, 10);
    let long = caps(&format!(
        "video/y4m YUV4MPEG2 W2 H2 Cmono X{}",
        "x".repeat(1000)
    ));
    assert!(matches!(sender.set_caps(&long), Err(Error::Caps(_))));
    let stamp = Stamp {
        caps: Some(&long),
        ..Stamp::default()
    };
    let error = sender.loan(4, SOON).unwrap().send_as(stamp).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a caps text of 1033 bytes is too long: at most 1024 fit behind a frame"
    );
    sender.send(b"next", 0, SOON).unwrap();
    assert_eq!(receiver.recv(SOON).unwrap().metadata().unwrap().sequence, 0);
}

#[test]
fn missing_numbers_are_counted_as_lost_and_overtaken_ones_are_not() {
    let place = Place::new();
    let (mut sender, mut receiver) = place.usual(Listens::Sender, 10);
    let mut number = |sequence, lost| {
        let stamp = Stamp {
            sequence: Some(sequence),
            ..Stamp::default()
        };
        sender.loan(1, SOON).unwrap().send_as(stamp).unwrap();
        receiver.recv(SOON).unwrap();
        assert_eq!(receiver.totals().lost, lost, "at {sequence}");
    };
    number(100, 0); // joined in mid-stream
    number(101, 0);
    number(105, 3);
    number(103, 2);
    number(106, 2);
    sender.send(b"x", 0, SOON).unwrap();
    assert_eq!(
        receiver.recv(SOON).unwrap().metadata().unwrap().sequence,
        107
    );
}

#[test]
fn an_empty_payload_still_carries_its_metadata() {
    let place = Place::new();
    let (mut sender, mut receiver) = place.usual(Listens::Sender, 10);
    sender.send(b"", 77, SOON).unwrap();
    let frame = receiver.recv(SOON).unwrap();
    assert!(frame.is_empty());
    assert_eq!(frame.segments().count(), 0);
    assert_eq!(frame.metadata().unwrap().timestamp, 77);
}

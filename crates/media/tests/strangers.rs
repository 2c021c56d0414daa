//! Peers that are not ours, and peers that lie.

mod common;

use std::time::Duration;

use common::{EITHER, Listens, NOT_LONG, Place, SOON, bytes};
use media::{Footer, Metadata, Receiver, Sender, TrailerFault};
use memif::{LinkOptions, Misuse};

/// Somebody who knows nothing of trailers.
fn stranger() -> LinkOptions {
    LinkOptions::new(0).slots(16).frame_capacity(1000)
}

/// Somebody who says that he knows trailers.
fn liar() -> LinkOptions {
    stranger().trailer(true)
}

/// A frame of `payload` with a trailer, before anybody tampered with it.
fn honest(payload: &[u8], caps: &[u8]) -> Vec<u8> {
    let metadata = Metadata {
        sequence: 7,
        timestamp: 8,
        sent_at: Duration::from_nanos(9),
    };
    let text = "x".repeat(caps.len());
    let footer = Footer::new(metadata, payload.len() as u64, &text).unwrap();
    [payload, caps, &footer.encode()].concat()
}

#[test]
fn a_stranger_receives_the_bare_payload() {
    for listens in EITHER {
        let place = Place::new();
        let (sending, mut receiving) = place.joined(listens, Sender::options(0, 1000), stranger());
        let (mut sender, mut rx) = (Sender::open(sending).unwrap(), receiving.rx(0).unwrap());
        for number in 0..40 {
            let payload = bytes(1000, number);
            assert_eq!(sender.send(&payload, 5, SOON).unwrap(), number as u64);
            assert_eq!(rx.recv(SOON).unwrap().to_vec(), payload);
        }
        let empty = sender.send(b"", 0, SOON).unwrap_err();
        assert!(
            matches!(
                empty,
                media::Error::Link(memif::Error::Misuse(Misuse::EmptyFrame))
            ),
            "{empty}"
        );
    }
}

#[test]
fn what_a_stranger_sends_is_all_payload() {
    for listens in EITHER {
        let place = Place::new();
        let (mut sending, receiving) = place.joined(listens, stranger(), Receiver::options(0));
        let (mut tx, mut receiver) = (sending.tx(0).unwrap(), Receiver::open(receiving).unwrap());
        let looks_like_ours = honest(b"payload", b"caps");
        for payload in [&b"x"[..], &[0; 1000], &looks_like_ours] {
            tx.send(payload, SOON).unwrap();
            let frame = receiver.recv(SOON).unwrap();
            assert_eq!(frame.to_vec(), payload);
            assert_eq!(frame.metadata(), None);
            assert_eq!(frame.latency(), None);
            assert_eq!((frame.caps(), frame.caps_text()), (None, None));
        }
        assert_eq!(receiver.totals().frames, 3);
    }
}

#[test]
fn each_receiver_gets_what_it_understands() {
    let place = Place::new();
    let mut sender = Sender::open(place.listen(Sender::options(0, 1000))).unwrap();
    for round in 0..6 {
        let options = if round % 2 == 0 { stranger() } else { liar() };
        let mut link = place.connect(options);
        common::join(sender.link(), &link);
        let mut rx = link.rx(0).unwrap();
        sender.send(b"frame", 0, SOON).unwrap();
        let frame = rx.recv(SOON).unwrap();
        let extra = if round % 2 == 0 { 0 } else { media::FOOTER_LEN };
        assert_eq!(frame.len(), 5 + extra);
        drop(rx);
        link.close(Duration::ZERO);
        sender.link().wait_down(SOON).unwrap();
        assert!(sender.loan(1, SOON).unwrap_err().is_disconnected());
    }
}

#[test]
fn a_sender_that_does_not_advertise_trailers_sends_none() {
    let place = Place::new();
    let silent = Sender::options(0, 1000).trailer(false);
    let (mut sender, mut receiver) = place.stream(Listens::Sender, silent, Receiver::options(0));
    sender.send(b"frame", 0, SOON).unwrap();
    let frame = receiver.recv(SOON).unwrap();
    assert_eq!(
        (frame.to_vec(), frame.metadata()),
        (b"frame".to_vec(), None)
    );
}

/// Whether a fault names the right reason.
type Expected = fn(&TrailerFault) -> bool;

/// Frames that are not what their trailer says.
fn lies() -> Vec<(Vec<u8>, Expected)> {
    use TrailerFault as Fault;
    let tamper = |offset_from_end: usize, with: &[u8]| {
        let mut frame = honest(b"payload", b"caps");
        let at = frame.len() - offset_from_end;
        frame[at..at + with.len()].copy_from_slice(with);
        frame
    };
    let most = u64::MAX.to_le_bytes();
    vec![
        (vec![7; 39], |fault| {
            matches!(fault, Fault::TooShort { len: 39 })
        }),
        (vec![7; 1000], |fault| matches!(fault, Fault::Magic { .. })),
        (tamper(6, &[9, 0]), |fault| {
            matches!(fault, Fault::Version { found: 9 })
        }),
        (tamper(8, &[1, 4]), |fault| {
            matches!(fault, Fault::Caps { claimed: 1025 })
        }),
        (tamper(16, &most), |fault| {
            matches!(
                fault,
                Fault::Lengths {
                    payload: u64::MAX,
                    ..
                }
            )
        }),
        (tamper(16, &[8]), |fault| {
            matches!(fault, Fault::Lengths { payload: 8, .. })
        }),
        (honest(b"payload", b"ca\xff"), |fault| {
            matches!(fault, Fault::CapsText { at: 2 })
        }),
    ]
}

#[test]
fn lying_trailers_are_counted_and_survived() {
    for listens in EITHER {
        let place = Place::new();
        let (mut sending, receiving) = place.joined(listens, liar(), Receiver::options(0));
        let (mut tx, mut receiver) = (sending.tx(0).unwrap(), Receiver::open(receiving).unwrap());
        for (number, (lie, expected)) in (1..).zip(lies()) {
            tx.send(&lie, SOON).unwrap();
            tx.send(&honest(b"truth", b"caps"), SOON).unwrap();
            let frame = receiver.recv(SOON).unwrap();
            assert_eq!(frame.to_vec(), b"truth");
            assert_eq!(frame.metadata().unwrap().timestamp, 8);
            assert_eq!((frame.caps_text(), frame.caps()), (Some("caps"), None));
            let totals = receiver.totals();
            assert_eq!((totals.malformed, totals.frames), (number, number));
            let fault = receiver.last_fault().unwrap();
            assert!(expected(&fault), "lie {number}: {fault}");
        }
    }
}

#[test]
fn a_flood_of_lies_does_not_outlast_the_timeout() {
    let place = Place::new();
    let (mut sending, receiving) = place.joined(Listens::Receiver, liar(), Receiver::options(0));
    let (mut tx, mut receiver) = (sending.tx(0).unwrap(), Receiver::open(receiving).unwrap());
    let flood = std::thread::spawn(move || while tx.send(b"lie", SOON).is_ok() {});
    let error = receiver.recv(NOT_LONG).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(receiver.totals().malformed > 0);
    receiver.close();
    flood.join().unwrap();
}

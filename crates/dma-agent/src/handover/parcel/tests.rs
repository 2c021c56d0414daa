//! Parcels that come whole, and what is none.

use std::io::Write;
use std::os::unix::net::UnixStream;

use super::*;

const LONG: Duration = Duration::from_secs(20);

fn pair() -> (Channel, Channel) {
    let (one, other) = UnixStream::pair().expect("a pair");
    let channel = |end: UnixStream| Channel::new(end.into(), LONG);
    (channel(one), channel(other))
}

/// What the other end makes of these bytes, which are all it gets.
fn hear(bytes: &[u8]) -> HandoverError {
    let (mut one, other) = UnixStream::pair().expect("a pair");
    one.write_all(bytes).expect("room");
    drop(one);
    let heard = Channel::new(other.into(), LONG).receive::<Vec<u64>>();
    heard.expect_err("no parcel")
}

#[test]
fn a_parcel_larger_than_the_socket_takes_comes_whole_and_in_order() {
    let (mut one, mut other) = pair();
    let sent: Vec<u64> = (0..300_000).collect();
    let (file, _end) = UnixStream::pair().expect("a pair");
    let (all, word) = std::thread::scope(|scope| {
        scope.spawn(|| {
            let descriptors = [file.as_fd(); MOST_DESCRIPTORS];
            one.send(&sent, &descriptors).expect("sent");
            one.send(&"word", &[]).expect("sent");
        });
        let all = other.receive::<Vec<u64>>().expect("received");
        (all, other.receive::<String>().expect("received"))
    });
    assert_eq!((all.0 == sent, all.1.len()), (true, MOST_DESCRIPTORS));
    assert_eq!((word.0.as_str(), word.1.len()), ("word", 0));
}

#[test]
fn what_is_no_parcel_is_an_error_and_takes_no_memory() {
    let parcel = |bytes: u32, descriptors: u32, body: &[u8]| {
        [&bytes.to_le_bytes(), &descriptors.to_le_bytes(), body].concat()
    };
    let heard = hear(&parcel(u32::MAX, 0, b""));
    assert!(matches!(heard, HandoverError::TooMuch { .. }), "{heard}");
    let heard = hear(&parcel(2, 17, b"[]"));
    assert!(matches!(heard, HandoverError::TooMuch { .. }), "{heard}");
    let heard = hear(&parcel(3, 0, b"[1,"));
    assert!(matches!(heard, HandoverError::Parcel(_)), "{heard}");
    let heard = hear(&parcel(9, 0, b"[1,"));
    assert!(matches!(heard, HandoverError::HungUp), "{heard}");
    let heard = hear(&parcel(2, 1, b"[]\0"));
    let none = matches!(heard, HandoverError::Descriptors { got: 0, due: 1 });
    assert!(none, "{heard}");
}

#[test]
fn nobody_waits_longer_than_until_the_deadline() {
    let (one, other) = UnixStream::pair().expect("a pair");
    let mut channel = Channel::new(one.into(), Duration::from_millis(30));
    let late = channel.receive::<u64>().expect_err("nothing comes");
    assert!(matches!(late, HandoverError::TooSlow(_)), "{late}");
    drop(other);
}

#[test]
fn the_last_word_is_either_heard_or_cannot_be_said() {
    let (mut heard, mut failed) = (0, 0);
    for attempt in 0..3000 {
        let (one, other) = UnixStream::pair().expect("a pair");
        let mut agent = Channel::new(one.into(), Duration::from_micros(300));
        let mut successor = Channel::new(other.into(), LONG);
        std::thread::scope(|scope| {
            let said = scope.spawn(move || {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_micros(attempt % 600) {
                    std::hint::spin_loop();
                }
                successor.send(&"taken", &[]).is_ok()
            });
            let word = agent.receive_last::<String>();
            let said = said.join().expect("no panic");
            assert_eq!(word.is_ok(), said, "{word:?}");
            match said {
                true => heard += 1,
                false => failed += 1,
            }
        });
    }
    assert!(heard > 0 && failed > 0, "{heard} heard, {failed} failed");
}

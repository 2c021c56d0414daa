//! What a program asks for that cannot be.

use descsock::{Client, Error, FileFault, Misuse, Options, Wait};

use crate::agent::{Place, SOON, frame};

#[test]
fn frames_that_are_too_short_or_too_long_are_refused_with_numbers() {
    let place = Place::new();
    let client = place.client(8);
    for len in [0, 13] {
        let refused = client.send(&vec![0; len]).expect_err("too short");
        let Error::Misuse(Misuse::FrameTooShort {
            len: told,
            least: 14,
        }) = refused
        else {
            panic!("{refused}")
        };
        assert_eq!(told, len);
    }
    for len in [2045, 2046, 2047, 2048, 2049, 70_000] {
        let refused = client.send(&vec![0; len]).expect_err("too long");
        let Error::Misuse(Misuse::FrameTooLong {
            len: told,
            most: 2044,
        }) = refused
        else {
            panic!("{refused}")
        };
        assert_eq!(told, len);
    }
}

#[test]
fn the_longest_frames_side_by_side_do_not_touch_each_other() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    for count in 0..500 {
        tx.send(&frame(count, 2044)).expect("sent");
    }
    for count in 0..500 {
        let received = crate::agent::receive(&rx).expect("received");
        assert_eq!(received, frame(count, 2044));
    }
}

#[test]
fn a_buffer_that_is_too_small_gets_nothing_and_the_frame_waits() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    tx.send(&frame(1, 100)).expect("sent");
    let mut small = [0; 99];
    let refused = rx.recv_from(&mut small, Wait::For(SOON));
    assert!(matches!(
        refused,
        Err(Error::BufferTooSmall { len: 100, room: 99 })
    ));
    assert_eq!(small, [0; 99]);
    let cut = rx.recv_truncated(&mut small, Wait::Never).expect("cut");
    assert_eq!(cut.len, 100);
    assert_eq!(small, frame(1, 100)[..99]);
    let none = rx.recv_from(&mut small, Wait::Never);
    assert!(matches!(none, Err(Error::WouldBlock)));
}

#[test]
fn an_open_that_fails_says_why_and_leaves_nothing() {
    let place = Place::new();
    let (bell, directory) = (place.doorbell(), place.directory.path());
    let open = |options: Options| Client::open(options).expect_err("refused");
    let nobody = open(Options::new(directory.join("nobody"), directory, 8));
    assert!(matches!(nobody, Error::NoAgent { .. }), "{nobody}");
    let nowhere = open(Options::new(&bell, directory.join("no/where"), 8));
    assert!(matches!(nowhere, Error::File { .. }), "{nowhere}");
    let empty = open(Options::new(&bell, "", 8));
    assert!(matches!(empty, Error::File { .. }), "{empty}");
    let service = open(Options::new(&bell, directory, 16_384));
    assert!(
        matches!(service, Error::Misuse(Misuse::Service(_))),
        "{service}"
    );
    let long = "n".repeat(64);
    let named = open(Options::new(&bell, directory, 8).tenant(long));
    assert!(
        matches!(named, Error::Misuse(Misuse::Registration(_))),
        "{named}"
    );
    let too_long = open(Options::new("/x".repeat(60), directory, 8));
    assert!(matches!(too_long, Error::NoAgent { .. }), "{too_long}");
    let left = std::fs::read_dir(directory).expect("a directory").count();
    assert_eq!(left, 1, "only the doorbell is left");
    place.client(8).send(&frame(1, 64)).expect("all is well");
}

#[test]
fn a_file_that_another_client_uses_is_not_taken() {
    let place = Place::new();
    let path = place.directory.path().join("mine");
    let options = Options::new(place.doorbell(), &path, 8);
    let first = Client::open(options.clone()).expect("a client");
    let refused = Client::open(options.clone()).expect_err("in use");
    let Error::File {
        fault: FileFault::InUse,
        ..
    } = refused
    else {
        panic!("{refused}")
    };
    drop(first);
    Client::open(options).expect("free again");
}

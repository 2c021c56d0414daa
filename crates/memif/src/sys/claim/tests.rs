//! Whose file it is: what a bind replaces and what it refuses, what a drop removes.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::Barrier;

use super::super::harness::{self, Place, assert_connects};
use super::super::{BindError, Incoming, ListenSocket, SocketFile};

#[test]
fn the_file_of_a_dead_server_is_replaced() {
    let place = Place::new();
    place.leave_stale();
    let listener = place.bind().expect("bind");
    assert_connects(&place.address(), &listener);
}

#[test]
fn a_live_server_is_neither_replaced_nor_disturbed() {
    let place = Place::new();
    let listener = place.bind().expect("bind");
    let refused = place.bind().expect_err("in use");
    assert!(matches!(refused, BindError::InUse { .. }), "{refused}");

    let asked = listener.accept().expect("accept").expect("the question");
    harness::until(|| asked.hung_up());
    assert!(matches!(
        asked.receive().expect("receive"),
        Incoming::Closed
    ));
    assert_connects(&place.address(), &listener);
    assert_eq!(place.files(), ["cam.sock"]);
}

#[test]
fn a_live_server_with_a_full_backlog_is_not_replaced() {
    let place = Place::new();
    let file = SocketFile {
        backlog: 1,
        ..SocketFile::default()
    };
    let _listener = place.bind_with(&file).expect("bind");
    let mut waiting = Vec::new();
    let full = loop {
        match place.connect() {
            Ok(client) => waiting.push(client),
            Err(error) => break error,
        }
    };
    assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
    let refused = place.bind().expect_err("in use");
    assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
    assert!(place.has_socket());
}

#[test]
fn a_live_server_of_another_kind_is_not_replaced() {
    let place = Place::new();
    let _stream = UnixListener::bind(&place.path).expect("bind");
    let refused = place.bind().expect_err("in use");
    assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
    assert!(place.has_socket());
}

#[test]
fn what_is_no_socket_is_refused_and_stays_as_it_is() {
    let refusal = |place: &Place| match place.bind().expect_err("refused") {
        BindError::NotASocket { found, .. } => found,
        other => panic!("{other}"),
    };
    let place = Place::new();
    fs::write(&place.path, "precious").expect("write");
    assert_eq!(refusal(&place), "a regular file");
    assert_eq!(fs::read(&place.path).expect("read"), b"precious");

    let place = Place::new();
    fs::create_dir(&place.path).expect("mkdir");
    assert_eq!(refusal(&place), "a directory");

    let (place, other) = (Place::new(), Place::new());
    other.leave_stale();
    symlink(&other.path, &place.path).expect("symlink");
    assert_eq!(refusal(&place), "a symbolic link");
    assert_eq!((place.files().len(), other.files().len()), (1, 1));
}

#[test]
fn a_file_that_took_our_place_is_not_removed() {
    let place = Place::new();
    let ours = place.bind().expect("bind");
    fs::remove_file(&place.path).expect("remove");
    let theirs = place.bind().expect("bind");
    drop(ours);
    assert_connects(&place.address(), &theirs);

    fs::remove_file(&place.path).expect("remove");
    fs::write(&place.path, "precious").expect("write");
    drop(theirs);
    assert_eq!(fs::read(&place.path).expect("read"), b"precious");
}

#[test]
fn of_several_binders_exactly_one_wins() {
    const BINDERS: usize = 4;
    let place = Place::new();
    for _ in 0..50 {
        place.leave_stale();
        let start = Barrier::new(BINDERS);
        let race = || {
            start.wait();
            place.bind()
        };
        let results: Vec<_> = std::thread::scope(|scope| {
            let binders: Vec<_> = (0..BINDERS).map(|_| scope.spawn(race)).collect();
            let join = binders.into_iter().map(|binder| binder.join());
            join.map(|result| result.expect("no panic")).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        for refused in lost {
            let refused = refused.expect_err("lost");
            assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
        }
        assert_connects_once_the_questions_are_over(&place, won);
        assert!(place.files().is_empty());
    }
}

/// The losers asked whether the winner lives: their connections come first.
fn assert_connects_once_the_questions_are_over(
    place: &Place,
    won: Vec<Result<ListenSocket, BindError>>,
) {
    for listener in won.into_iter().flatten() {
        while listener.accept().expect("accept").is_some() {}
        assert_connects(&place.address(), &listener);
    }
}

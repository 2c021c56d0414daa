//! The shared file.

use std::os::unix::fs::MetadataExt;

use descsock::Client;

use crate::agent::{Place, eventually, frame, receive};

fn files(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.directory.path()).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with("descsock"))
        .collect();
    names.sort();
    names
}

#[test]
fn the_file_has_eight_mebibytes_and_goes_with_the_client() {
    let place = Place::new();
    let client = place.client(8);
    let path = place.directory.path().join("descsock.000");
    assert_eq!(std::fs::metadata(&path).expect("a file").size(), 8 << 20);
    client.close().expect("open");
    assert!(files(&place).is_empty());
}

#[test]
fn clients_of_one_directory_have_files_of_their_own() {
    let place = Place::new();
    let _first = place.client(8);
    let _second = place.client(9);
    let _named = Client::open(place.options(10).tenant("tap0")).expect("a client");
    assert_eq!(
        files(&place),
        ["descsock.000", "descsock.001", "descsock.tap0"]
    );
}

#[test]
fn a_client_that_comes_back_does_so_in_a_new_file() {
    let mut place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    let path = place.directory.path().join("descsock.000");
    let before = std::fs::metadata(&path).expect("a file").ino();
    let held = std::fs::File::open(&path).expect("readable");
    place.kill();
    eventually("it is noticed", || !tx.is_connected() && !rx.is_connected());
    place.start();
    eventually("it is back", || tx.is_connected() && rx.is_connected());
    assert_ne!(std::fs::metadata(&path).expect("a file").ino(), before);
    assert_eq!(files(&place).len(), 2);
    tx.send(&frame(1, 64)).expect("sent");
    receive(&rx).expect("received");
    drop(held);
}

#[test]
fn a_file_that_was_removed_does_no_harm() {
    let mut place = Place::new();
    let client = place.client(8);
    std::fs::remove_file(place.directory.path().join("descsock.000")).expect("removed");
    client.send(&frame(1, 64)).expect("sent");
    place.kill();
    eventually("it is noticed", || !client.is_connected());
    place.start();
    eventually("it is back", || client.is_connected());
    assert_eq!(files(&place), ["descsock.000"]);
}

#[test]
fn what_a_client_holds_it_gives_back() {
    let place = Place::new();
    let count = || std::fs::read_dir("/proc/self/fd").expect("fds").count();
    place.client(8).send(&frame(1, 64)).expect("sent");
    // Other tests of this process open and close things, too.
    let before = count();
    for _ in 0..50 {
        place.client(8).send(&frame(1, 64)).expect("sent");
    }
    eventually("no descriptor is left", || count() < before + 50);
}

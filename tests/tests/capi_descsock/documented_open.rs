//! The sentences of the document on `descsock_open`, `descsock_close` and `descsock_cntl`.

use std::os::unix::fs::MetadataExt;

use descsock::{Directed, Route, Sep, Svc, Tier, Wait};
use memwire_tests::deadline::{SOON, eventually};
use rustix::io::Errno;

use crate::agent::{Place, frame, receive, with_crc};
use crate::puppet::{IN, NONBLOCK, OUT, Puppet};

#[test]
fn open_returns_0_on_success_and_close_does() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    puppet.ask("close").is(0);
}

#[test]
fn open_returns_minus_1_on_failure_and_errno_says_why() {
    let (place, mut puppet) = (Place::deserted(), Puppet::documented());
    let open = |puppet: &mut Puppet, file: &str, doorbell: &str, service: i64, flags: i64| {
        puppet
            .ask(&format!("open {file} {doorbell} {service} {flags}"))
            .is(-1)
    };
    let file = place.file("mine").display().to_string();
    let bell = place.doorbell().display().to_string();
    open(&mut puppet, &file, &bell, 8, 0).because(Errno::NOENT);
    open(&mut puppet, &file, &bell, -1, 0).because(Errno::INVAL);
    open(&mut puppet, &file, &bell, 16_384, 0).because(Errno::INVAL);
    open(&mut puppet, &file, &bell, 8, 2).because(Errno::INVAL);
    open(&mut puppet, "/no/where/file", &bell, 8, 0).because(Errno::NOENT);
    std::os::unix::fs::symlink("/dev/null", place.file("link")).expect("a link");
    let link = place.file("link").display().to_string();
    open(&mut puppet, &link, &bell, 8, 0).because(Errno::LOOP);
    std::fs::write(&bell, b"no socket").expect("a file");
    open(&mut puppet, &file, &bell, 8, 0).because(Errno::CONNREFUSED);
    puppet.ask("null open").is(-1).because(Errno::FAULT);
}

#[test]
fn open_twice_is_refused_and_the_first_connection_works_on() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    puppet
        .open(&place, "other", 0)
        .is(-1)
        .because(Errno::ISCONN);
    assert_eq!(place.files(), ["mine"]);
    puppet.send(0, &with_crc(frame(1, 60), 0)).is(64);
    assert_eq!(receive(&neighbour), frame(1, 60));
}

#[test]
fn the_library_creates_a_thread_in_the_callers_process() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    assert_eq!(puppet.holdings().threads, 1);
    puppet.open(&place, "mine", 0).is(0);
    assert_eq!(puppet.holdings().threads, 2);
}

#[test]
fn the_library_creates_the_file() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    assert_eq!(place.files(), ["mine"]);
}

#[test]
fn a_directory_is_taken_too_and_gets_the_file_of_the_released_library() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "", 0).is(0);
    assert_eq!(place.files(), ["descsock.000"]);
}

#[test]
fn a_file_that_exists_is_zeroed_and_truncated_or_extended() {
    for bytes in [10, 20 << 20] {
        let (place, mut puppet) = (Place::new(), Puppet::documented());
        std::fs::write(place.file("mine"), vec![0xa5; bytes]).expect("a file");
        let before = std::fs::metadata(place.file("mine")).expect("a file");
        puppet.open(&place, "mine", 0).is(0);
        let file = std::fs::read(place.file("mine")).expect("a file");
        let after = std::fs::metadata(place.file("mine")).expect("a file");
        assert_eq!((file.len(), after.ino()), (8 << 20, before.ino()));
        assert!(file.iter().all(|byte| *byte == 0));
    }
}

#[test]
fn the_client_is_registered_with_its_service_id() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let (neighbour, other) = (place.neighbour(9), place.neighbour(10));
    puppet.open(&place, "mine", NONBLOCK).is(0);
    puppet.send(0, &with_crc(frame(1, 60), 0)).is(64);
    let port = {
        let received = neighbour.recv(&mut [0; 64]).expect("a frame");
        receive(&other);
        received.labels.from.did
    };
    let to = |svc| Directed {
        did: port,
        svc: Svc::new(svc).expect("a service"),
        sep: Sep::ANY,
        ..Directed::default()
    };
    for (number, svc) in [(2, 11), (3, 8)] {
        let route = Route::from(to(svc));
        neighbour
            .send_to(&frame(number, 60), &route, Wait::Never)
            .expect("sent");
    }
    puppet.polls(IN, IN);
    assert_eq!(puppet.recv(0, 2048).bytes(), with_crc(frame(3, 60), 0));
}

#[test]
fn flags_of_open_are_the_defaults_of_send_and_recv() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", NONBLOCK).is(0);
    puppet.recv(0, 2048).is(-1).because(Errno::WOULDBLOCK);
}

#[test]
fn only_tier_0_is_operated_and_frames_of_all_tiers_come_by_it() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "mine", 0).is(0);
    for (number, tier) in (1..).zip(Tier::ALL) {
        let route = Route {
            tier,
            ..Route::default()
        };
        neighbour
            .send_to(&frame(number, 60), &route, Wait::Never)
            .expect("sent");
        assert_eq!(puppet.recv(0, 2048).bytes(), with_crc(frame(number, 60), 0));
    }
    puppet.send(0, &with_crc(frame(9, 60), 0)).is(64);
    let received = neighbour.recv(&mut [0; 64]).expect("a frame");
    assert_eq!(received.labels.tier, Tier::default());
}

#[test]
fn close_ends_the_connection_the_thread_and_the_file_and_frees_what_there_was() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    puppet.ask("close").is(0);
    let before = puppet.holdings();
    assert_eq!((before.threads, before.shared_mappings), (1, 0));
    assert!(place.files().is_empty());
    for _ in 0..20 {
        puppet.open(&place, "mine", 0).is(0);
        puppet.send(0, &with_crc(frame(1, 60), 0)).is(64);
        puppet.ask("close").is(0);
    }
    assert_eq!(puppet.holdings(), before);
}

#[test]
fn close_is_clean_and_what_was_sent_before_arrives() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    let neighbour = place.neighbour(9);
    for number in 0..50 {
        puppet.open(&place, "mine", 0).is(0);
        puppet.send(0, &with_crc(frame(number, 60), 0)).is(64);
        puppet.ask("close").is(0);
        assert_eq!(receive(&neighbour), frame(number, 60));
    }
}

#[test]
fn close_returns_minus_1_when_nothing_is_open_and_so_does_everything_else() {
    let mut puppet = Puppet::documented();
    puppet.ask("close").is(-1).because(Errno::NOTCONN);
    puppet.send(0, &[0; 64]).is(-1).because(Errno::NOTCONN);
    puppet.recv(0, 2048).is(-1).because(Errno::NOTCONN);
    puppet.ask("poll 3").is(-1).because(Errno::NOTCONN);
}

#[test]
fn cntl_has_no_commands_of_the_document_and_says_so() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "mine", 0).is(0);
    for command in [-1, 0, 1, 2, 1024] {
        let refused = puppet.ask(&format!("cntl {command}"));
        refused.is(-1).because(Errno::INVAL);
    }
    puppet.ask("null cntl").is(-1).because(Errno::FAULT);
}

#[test]
fn a_process_that_is_killed_leaves_a_file_that_the_next_one_takes() {
    let (place, mut puppet) = (Place::new(), Puppet::documented());
    puppet.open(&place, "", 0).is(0);
    puppet.running.kill();
    let mut next = Puppet::documented();
    next.open(&place, "", 0).is(0);
    assert_eq!(place.files(), ["descsock.000"]);
    next.polls(OUT, OUT);
    eventually("the file goes with the second one", SOON, || {
        next.ask("close");
        place.files().is_empty().then_some(())
    });
}

//! Points 15 and 16: where the socket is made, and what is removed there.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::Command;

use memif::testing::{RawServer, ServerSetup};
use memwire_tests::deadline::SOON;
use memwire_tests::process::said;
use memwire_tests::{missing, workshop};
use rustix::io::Errno;

use crate::pair::{Ends, Place, small};
use crate::programs::{Flavour, program, run_command};
use crate::puppet::Puppet;

/// What `both` ends with where it may not make a namespace.
const CANNOT_TRY: i32 = 77;

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A new master at this place has to be refused; it may take its time for that, but not for ever.
#[track_caller]
fn is_refused(place: &Place) -> crate::puppet::Reply {
    let mut second = Puppet::start();
    let create = format!("{} timeout=3000", place.create_tx(0));
    let failed = second.ask(&create).is("failed");
    second.ask("error").has("present", 1);
    second.quit();
    failed
}

#[test]
fn point_15_the_directory_of_the_default_path_is_made_only_when_needed_and_can_be_used() {
    for umask in ["0", "0022", "0077"] {
        let directory = workshop();
        let mut command = Command::new(program("both", Flavour::Plain));
        let path = directory.path().join("mcm.sock");
        command.arg("default").arg(path).arg(umask);
        let output = run_command(&mut command, directory.path());
        if output.status.code() == Some(CANNOT_TRY) {
            let why = "this user may not make a mount namespace";
            missing::did_not_run("the default path of libmcm_dp", why);
            return;
        }
        assert!(output.status.success(), "umask {umask}: {}", said(&output));
    }
}

#[test]
fn point_15_a_path_that_begins_with_an_at_sign_is_no_file() {
    let name = format!("@memwire-mcm-dp-{}", std::process::id());
    let place = Place::new(Ends::USUAL, &small());
    let path = place.socket().display().to_string();
    let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
    tx.begin(&place.create_tx(0).replace(&path, &name));
    tx.is_waiting();
    rx.ask(&place.create_rx(0).replace(&path, &name)).is("made");
    tx.answer().is("made");
    crate::pair::send(&mut tx, 0, 1, 100);
    crate::pair::receive(&mut rx, 0, 1, 100);
    let unix = fs::read_to_string("/proc/net/unix").expect("/proc/net/unix");
    assert!(unix.contains(&name), "no abstract socket {name}");
    assert!(!Path::new(&name).exists());
    tx.quit();
    rx.quit();
}

#[test]
fn point_16_the_socket_of_a_live_master_is_not_taken_away() {
    let mut pair = Ends::USUAL.connect(&small());
    let socket = pair.place.socket();
    let inode = fs::metadata(&socket).expect("a socket").ino();
    is_refused(&pair.place).errno(Errno::ADDRINUSE);
    assert_eq!(fs::metadata(&socket).expect("still there").ino(), inode);
    pair.works(1);
    pair.rx.ask("destroy 0");
    pair.replace_receiver();
    pair.works(2);
    pair.quit();
}

/// Nor of one that waits for its first peer, nor of one that is somebody else's program.
#[test]
fn point_16_a_master_without_a_peer_is_live_too() {
    let place = Place::new(Ends::USUAL, &small());
    let mut first = Puppet::start();
    first.begin(&place.create_tx(0));
    first.is_waiting();
    is_refused(&place).errno(Errno::ADDRINUSE);
    let mut rx = Puppet::start();
    rx.ask(&place.create_rx(0)).is("made");
    first.answer().is("made");
    first.quit();
    rx.quit();
    let foreign = RawServer::bind(place.socket(), ServerSetup::default()).expect("bound");
    is_refused(&place).errno(Errno::ADDRINUSE);
    let client = memif::testing::Wire::connect(place.socket()).expect("it still listens");
    foreign.accept(SOON).expect("a client");
    drop(client);
}

#[test]
fn point_16_what_is_no_socket_is_left_alone() {
    let place = Place::new(Ends::USUAL, &small());
    let socket = place.socket();
    let make: [fn(&Path); 4] = [
        |path| fs::write(path, "precious").expect("a file"),
        |path| fs::create_dir(path).expect("a directory"),
        |path| std::os::unix::fs::symlink("/nowhere", path).expect("a link"),
        |path| {
            let status = Command::new("mkfifo").arg(path).status();
            assert!(status.expect("mkfifo").success());
        },
    ];
    for make in make {
        make(&socket);
        let before = fs::symlink_metadata(&socket).expect("what was made");
        let errno = is_refused(&place).number("errno");
        assert_ne!(errno, i64::from(Errno::TIMEDOUT.raw_os_error()));
        let after = fs::symlink_metadata(&socket).expect("still there");
        assert_eq!((before.ino(), before.mode()), (after.ino(), after.mode()));
        if before.is_file() {
            assert_eq!(fs::read(&socket).expect("readable"), b"precious");
        }
        assert_eq!(names(place.directory.path()), ["mcm.sock"]);
        let removed = match before.is_dir() {
            true => fs::remove_dir(&socket),
            false => fs::remove_file(&socket),
        };
        removed.expect("it can be removed");
    }
}

#[test]
fn point_16_a_master_removes_its_own_socket_and_nothing_else_is_left() {
    for ends in Ends::every() {
        let mut pair = ends.connect(&small());
        let directory = pair.place.directory.path().to_owned();
        assert_eq!(names(&directory), ["mcm.sock"]);
        pair.tx.ask("destroy 0");
        pair.rx.ask("destroy 0");
        assert_eq!(names(&directory), [""; 0]);
        // Without a peer, too.
        let create = pair.place.create_tx(0).replace("master=0", "master=1");
        pair.tx.ask(&format!("{create} timeout=30")).is("failed");
        assert_eq!(names(&directory), [""; 0]);
        pair.quit();
    }
}

#[test]
fn point_16_the_last_connection_of_a_master_takes_the_socket_with_it() {
    let mut pair = Ends::USUAL.connect(&small());
    for id in 1..4 {
        pair.place.meet(&mut pair.tx, &mut pair.rx, id);
    }
    for id in [1, 0, 3] {
        pair.tx.ask(&format!("destroy {id}"));
        let socket = fs::metadata(pair.place.socket()).expect("still there");
        assert!(socket.file_type().is_socket());
    }
    crate::pair::send(&mut pair.tx, 2, 5, 100);
    crate::pair::receive(&mut pair.rx, 2, 5, 100);
    pair.tx.ask("destroy 2");
    assert!(!pair.place.socket().exists());
    pair.quit();
}

#[test]
fn point_16_a_socket_that_a_dead_master_left_is_taken_over() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        let master = match ends.tx_is_master {
            true => &mut pair.tx,
            false => &mut pair.rx,
        };
        master.process().kill();
        assert!(pair.place.socket().exists(), "a killed master leaves it");
        match ends.tx_is_master {
            true => pair.replace_sender(),
            false => pair.replace_receiver(),
        }
        assert_eq!(names(pair.place.directory.path()), ["mcm.sock"]);
        pair.works(1);
        pair.quit();
    }
}

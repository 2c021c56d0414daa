//! Ctrl-C, and peers that die: programs end soon, and say what happened.

use std::fs;
use std::time::Duration;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::workshop;
use rustix::process::Signal;

use crate::program::Program;

/// What "at once" is at most.
const A_SECOND: Duration = Duration::from_secs(1);

/// A sender without end and a receiver of it, once frames flow.
fn stream(shop: &tempfile::TempDir) -> (Program, Program) {
    let path = |name: &str| shop.path().join(name).display().to_string();
    let common = format!("-k {} -w 64 -h 36 -x rgb8", path("s"));
    let receiver = Program::start("recver_app", &format!("{common} -b {}", path("copy")));
    let sender = Program::start("sender_app", &format!("{common} -n 0"));
    eventually("frames flow", SOON, || {
        let copied = fs::metadata(shop.path().join("copy")).ok()?;
        (copied.len() > 0).then_some(())
    });
    (sender, receiver)
}

#[test]
fn a_program_that_waits_for_its_peer_ends_at_ctrl_c() {
    for (name, role) in [
        ("sender_app", 0),
        ("sender_app", 1),
        ("recver_app", 0),
        ("recver_app", 1),
    ] {
        for signal in [Signal::INT, Signal::TERM] {
            let shop = workshop();
            let socket = shop.path().join("s");
            let waits = Program::start(name, &format!("-k {} -m {role}", socket.display()));
            waits.sleeps();
            waits.signal(signal);
            waits.ends_within(A_SECOND, 0);
            assert!(!socket.exists(), "{name} -m {role} leaves its socket");
        }
    }
}

#[test]
fn a_receiver_that_waits_for_the_first_frame_ends_at_ctrl_c() {
    let shop = workshop();
    let common = format!("-k {} -w 64 -h 36", shop.path().join("s").display());
    // Connected, and waiting for its own input.
    let mut sender = Program::start("sender_app", &format!("{common} -b /dev/stdin"));
    let input = sender.stdin();
    let receiver = Program::start("recver_app", &common);
    sender.says("connected");
    receiver.says("connected");
    receiver.sleeps();
    receiver.signal(Signal::INT);
    receiver.ends_within(A_SECOND, 0);
    sender.signal(Signal::INT);
    sender.ends_within(A_SECOND, 0);
    drop(input);
}

#[test]
fn a_receiver_that_is_stopped_keeps_whole_frames_and_its_sender_hears_of_it() {
    let shop = workshop();
    let (sender, receiver) = stream(&shop);
    receiver.signal(Signal::INT);
    receiver.ends_within(A_SECOND, 0);
    let said = sender.ends(1);
    assert!(said.contains("sender_app: cannot send: "), "{said}");
    let copied = fs::metadata(shop.path().join("copy"))
        .expect("a copy")
        .len();
    assert_eq!(copied % (64 * 36 * 3), 0, "{copied}");
}

#[test]
fn a_sender_that_is_stopped_has_its_last_frame_received() {
    let shop = workshop();
    let (sender, receiver) = stream(&shop);
    sender.signal(Signal::TERM);
    let sent = sender.ends_within(A_SECOND, 0);
    let received = receiver.ends(0);
    let total = |said: &str| {
        let last = said.lines().last().unwrap_or_default();
        let words = last.split_once(" frames, ").map(|(before, _)| before);
        words.and_then(|words| words.rsplit(' ').next().map(str::to_owned))
    };
    assert!(total(&sent).is_some(), "{sent}");
    assert_eq!(total(&sent), total(&received), "{sent}{received}");
}

#[test]
fn a_receiver_whose_sender_dies_fails_and_says_so() {
    let shop = workshop();
    let (sender, receiver) = stream(&shop);
    sender.signal(Signal::KILL);
    let said = receiver.ends(1);
    assert!(said.contains("recver_app: cannot receive: "), "{said}");
}

#[test]
fn a_sender_whose_receiver_dies_fails_and_says_so() {
    let shop = workshop();
    let (sender, receiver) = stream(&shop);
    receiver.signal(Signal::KILL);
    let said = sender.ends(1);
    assert!(said.contains("sender_app: cannot send: "), "{said}");
}

#[test]
fn a_receiver_ends_when_no_frame_comes_for_a_second() {
    let shop = workshop();
    let common = format!("-k {} -w 64 -h 36 -x rgb8", shop.path().join("s").display());
    let copy = shop.path().join("copy").display().to_string();
    let receiver = Program::start("recver_app", &format!("{common} -b {copy}"));
    let mut sender = Program::start("sender_app", &format!("{common} -b /dev/stdin"));
    let mut input = sender.stdin();
    std::io::Write::write_all(&mut input, &[0; 2 * 64 * 36 * 3]).expect("the sender reads");
    let said = receiver.ends(0);
    assert!(said.contains("no frame for 1000 ms"), "{said}");
    assert!(said.contains("recver_app: 2 frames"), "{said}");
}

#[test]
fn a_dump_that_cannot_be_written_is_told() {
    let shop = workshop();
    let common = format!("-k {} -w 64 -h 36", shop.path().join("s").display());
    let receiver = Program::start("recver_app", &format!("{common} -b /dev/full"));
    let sender = Program::start("sender_app", &common);
    let said = receiver.ends(1);
    assert!(said.contains("cannot write /dev/full"), "{said}");
    drop(sender);
}

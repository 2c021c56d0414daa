//! Either side may be stopped or killed at any time; the other goes on and says what it missed.

use std::path::Path;
use std::time::Duration;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::workshop;
use rustix::process::Signal;
use serde_json::Value;

use crate::program::{Program, listening, memwire, run, start};

const VIDEO: [&str; 3] = ["--pattern", "--video", "320x180@100"];

fn camera(socket: &Path, more: &[&str]) -> Program {
    Program::spawn(
        memwire()
            .arg("send")
            .arg(socket)
            .args(VIDEO)
            .args(["--json", "--quiet"])
            .args(more),
    )
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Waits until the output file has grown to this size.
fn grown(path: &Path, bytes: u64) {
    eventually("frames arrive", SOON, || {
        let size = path.metadata().map_or(0, |about| about.len());
        (size >= bytes).then_some(())
    });
}

fn count(of: &Value, key: &str) -> u64 {
    of[key]
        .as_u64()
        .unwrap_or_else(|| panic!("no {key} in {of}"))
}

#[test]
fn a_sender_waits_for_a_killed_receiver_and_carries_on_and_both_tell_the_gap() {
    let shop = workshop();
    let [socket, output] = ["s", "out.raw"].map(|name| shop.path().join(name));
    let sender = camera(&socket, &["--frames", "200"]);
    let first = start(["recv", text(&socket), text(&output), "--quiet"]);
    grown(&output, 20 * 320 * 180 * 4);
    first.kill();
    let second = run(["recv", text(&socket), "--verify", "--json"]).success();
    let sent = sender.wait().success();
    assert_eq!(count(&sent, "frames"), 200);
    assert_eq!(count(&sent, "reconnects"), 1);
    assert_eq!(
        (count(&second, "lost"), count(&second, "corrupt")),
        (0, 0),
        "{second}"
    );
    let joined = count(&second, "joined_at");
    assert!(joined >= 20, "{second}");
    assert_eq!(
        joined + count(&second, "frames"),
        200,
        "everything after the gap arrived: {second}"
    );
    let missing: u64 = sent["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| count(gap, "frames"))
        .sum();
    assert_eq!(missing, count(&sent, "lost"), "{sent}");
}

#[test]
fn a_receiver_waits_for_a_killed_sender_and_goes_on_with_the_next() {
    let shop = workshop();
    let [socket, output] = ["s", "out.raw"].map(|name| shop.path().join(name));
    let first = camera(&socket, &[]);
    let receiver = start(["recv", text(&socket), text(&output), "--verify", "--json"]);
    grown(&output, 10 * 320 * 180 * 4);
    first.kill();
    let sent = camera(&socket, &["--frames", "30"]).wait().success();
    let received = receiver.wait().success();
    assert_eq!((count(&sent, "frames"), count(&sent, "lost")), (30, 0));
    assert!(count(&received, "frames") >= 40, "{received}");
    let wrong = ["lost", "corrupt", "repeated"].map(|key| count(&received, key));
    assert_eq!(wrong, [0, 0, 0], "{received}");
    assert_eq!(count(&received, "reconnects"), 1);
}

#[test]
fn ctrl_c_ends_both_sides_well_and_leaves_nothing_behind() {
    let shop = workshop();
    let [socket, output] = ["s", "out.raw"].map(|name| shop.path().join(name));
    let sender = camera(&socket, &[]);
    let receiver = start(["recv", text(&socket), text(&output), "--json"]);
    grown(&output, 5 * 320 * 180 * 4);
    receiver.signal(Signal::INT);
    let received = receiver.wait().success();
    assert_eq!(received["stopped"], true);
    sender.signal(Signal::TERM);
    let sent = sender.wait().success();
    assert_eq!(sent["stopped"], true);
    assert!(count(&sent, "frames") >= count(&received, "frames"));
    let left: Vec<_> = shop
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["out.raw"]);
}

#[test]
fn a_side_that_waits_alone_can_be_stopped() {
    let shop = workshop();
    let socket = shop.path().join("s");
    let sender = camera(&socket, &[]);
    listening(&socket);
    sender.signal(Signal::INT);
    assert_eq!(sender.wait().success()["frames"], 0);
    let mut receiver = start(["recv", text(&socket), "--verify", "--json"]);
    // It is up once its signal handler is: the handler is the first thing it sets up.
    eventually("the receiver handles signals", SOON, || {
        handles_sigint(&receiver).then_some(())
    });
    receiver.signal(Signal::INT);
    assert!(receiver.wait_briefly(Duration::from_secs(2)));
    assert_eq!(receiver.wait().success()["frames"], 0);
}

/// Whether SIGINT, signal 2, is in the process's mask of caught signals.
fn handles_sigint(program: &Program) -> bool {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", program.pid().as_raw_nonzero()));
    let status = status.unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 0b10 != 0)
}

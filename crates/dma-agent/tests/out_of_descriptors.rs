//! An agent that may open nothing more: it neither spins nor fills the log, and goes on when it may again.

mod common;

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use common::lines::Lines;
use common::{Raw, Running};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process have so many descriptors; returns how many it could have.
fn limit(current: Option<u64>) -> Rlimit {
    let before = getrlimit(Resource::Nofile);
    let maximum = before.maximum;
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).expect("within the bounds");
    before
}

#[test]
fn who_cannot_come_in_waits_and_is_told_of_once() {
    let mut running = Running::start();
    let own = tempfile::tempdir().expect("a directory");
    let dir = std::mem::replace(&mut running.dir, own);
    let mut agent = running.stop();
    let ring = || UnixStream::connect(dir.path().join("doorbell.sock")).expect("the doorbell");
    let waiting: Vec<_> = (0..40).map(|_| ring()).collect();
    let open = std::fs::read_dir("/proc/self/fd").expect("a list").count() as u64;
    let (lines, mut turns) = (Lines::default(), 0);
    let before = limit(Some(open + 4));
    tracing::subscriber::with_default(lines.clone(), || {
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(1600) {
            agent.turn(None).expect("a turn");
            turns += 1;
        }
    });
    limit(before.current);
    // Once for the first who came in, and for each look every half a second.
    assert!(turns < 100, "{turns} turns");
    assert_eq!(lines.with("nobody can come in").len(), 1, "{lines:?}");
    drop(waiting);
    let running = Running::run(dir, agent);
    let _later = Raw::register_binary(&running, "later", 9);
    assert_eq!(running.stop().ports().count(), 1);
}

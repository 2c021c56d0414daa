//! What is logged of those who are not let in: each sort once and then a number, however many they are.

mod common;

use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use common::lines::Lines;
use common::{Running, system_request};
use dma_agent::Agent;

/// Turns an agent in this thread, whose log is kept, and ends it.
fn logged(act: impl FnOnce(&mut Agent, &tempfile::TempDir)) -> Vec<String> {
    let mut running = Running::start();
    let dir = std::mem::replace(&mut running.dir, tempfile::tempdir().expect("a directory"));
    let mut agent = running.stop();
    let lines = Lines::default();
    tracing::subscriber::with_default(lines.clone(), || {
        act(&mut agent, &dir);
        drop(agent);
    });
    lines.with("refused")
}

fn turn_until(agent: &mut Agent, what: impl Fn(&Agent) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !what(agent) {
        assert!(Instant::now() < deadline, "{} refusals", agent.refusals());
        agent.turn(Some(Duration::from_millis(1))).expect("a turn");
    }
}

/// The number before "more times".
fn more(line: &str) -> u64 {
    let before = line.split(" more times").next();
    let number = before.and_then(|before| before.rsplit(' ').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no number: {line}"))
}

#[test]
fn a_thousand_who_ring_and_say_nothing_are_two_lines_for_each_way_they_end() {
    let lines = logged(|agent, dir| {
        let mut silent = Vec::new();
        for _ in 0..1000 {
            let one = UnixStream::connect(dir.path().join("doorbell.sock"));
            silent.push(one.expect("the doorbell"));
            agent.turn(Some(Duration::ZERO)).expect("a turn");
        }
        drop(silent);
        turn_until(agent, |agent| agent.refusals() == 1000);
    });
    let full = lines.iter().filter(|line| !line.contains("more times"));
    let sums: u64 = lines
        .iter()
        .filter(|line| line.contains("more times"))
        .map(|line| more(line))
        .sum();
    let full = full.count() as u64;
    // Those who came first make room, the others go by themselves, or are too slow for this machine.
    assert!(
        (2..=3).contains(&full) && lines.len() as u64 <= 2 * full,
        "{lines:#?}"
    );
    assert_eq!(full + sums, 1000, "{lines:#?}");
    let crowded = |line: &String| line.contains("reason=255 others were registering");
    assert!(lines.iter().any(crowded), "{lines:#?}");
}

#[test]
fn what_is_wrong_in_another_way_is_told_in_full() {
    let lines = logged(|agent, dir| {
        let file = dir.path().join("file");
        File::create(&file).expect("a file");
        std::os::unix::fs::symlink(dir.path(), dir.path().join("link")).expect("a link");
        let (device, detour) = ("/dev/zero".into(), dir.path().join("link/file"));
        for (number, path) in (1..).zip([&device, &detour, &device, &device]) {
            let doorbell = UnixStream::connect(dir.path().join("doorbell.sock"));
            let mut doorbell = doorbell.expect("the doorbell");
            let request = system_request(path, "visitor", 9);
            doorbell.write_all(&request).expect("written");
            turn_until(agent, |agent| agent.refusals() == number);
        }
    });
    let [first, second, sum] = &lines[..] else {
        panic!("{lines:#?}")
    };
    assert!(first.contains("/dev/zero\" is a device"), "{first}");
    assert!(second.contains("leads through a symbolic link"), "{second}");
    assert!(sum.contains("/dev/zero") && more(sum) == 2, "{sum}");
}

//! Callers that mean no good, or do not know better. The agent serves on.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use dma_agent::control::Ask;

use crate::common::{Raw, frame};
use crate::daemon::Daemon;

fn call(daemon: &Daemon) -> UnixStream {
    let stream = UnixStream::connect(daemon.path("control.sock")).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    stream
        .set_write_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    stream
}

/// Two clients exchange a frame, soon.
fn serves(daemon: &Daemon) {
    let (mut one, mut two) = (
        Raw::register_binary(&daemon.0, "here", 10),
        Raw::register_binary(&daemon.0, "there", 11),
    );
    two.post(1);
    let started = Instant::now();
    one.send(&frame(0xFF, 0xA, 1, 60), 'B', None);
    two.receive(0);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "it waited for somebody"
    );
}

#[test]
fn a_line_without_an_end_is_refused_and_its_caller_let_go() {
    let daemon = Daemon::start("");
    let mut caller = call(&daemon);
    let endless = vec![b'x'; 1 << 20];
    // It is let go of while it still talks.
    let _ = caller.write_all(&endless);
    let mut answer = String::new();
    let _ = caller.read_to_string(&mut answer);
    assert!(
        answer.is_empty() || answer.contains("a request has at most 4096 bytes"),
        "{answer}"
    );
    let mut caller = call(&daemon);
    caller
        .write_all(&endless[..5000])
        .expect("there is room for it");
    let mut answer = String::new();
    let _ = caller.read_to_string(&mut answer);
    assert!(
        answer.contains("a request has at most 4096 bytes"),
        "{answer}"
    );
    serves(&daemon);
}

#[test]
fn garbage_is_answered_line_by_line_and_harms_nobody() {
    let daemon = Daemon::start("");
    let mut caller = call(&daemon);
    let garbage: Vec<u8> = (0..40_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let _ = caller.write_all(&garbage);
    serves(&daemon);
    assert_eq!(daemon.ports().len(), 0, "both have gone");
}

#[test]
fn a_caller_that_never_reads_is_let_go_of_and_nobody_waits_for_it() {
    let daemon = Daemon::start("");
    let mut caller = call(&daemon);
    caller.set_nonblocking(true).expect("set");
    let request = b"{\"v\":1,\"ask\":\"status\"}\n".repeat(1000);
    let started = Instant::now();
    // It talks for as long as it is heard; at last it is not.
    let error = loop {
        match caller.write(&request) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => break error,
        }
        assert!(started.elapsed() < Duration::from_secs(40), "still there");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe, "{error}");
    assert!(
        started.elapsed() > Duration::from_secs(5),
        "it had its time"
    );
    serves(&daemon);
}

#[test]
fn one_caller_too_many_is_told_so() {
    let daemon = Daemon::start("");
    let callers: Vec<_> = (0..32).map(|_| call(&daemon)).collect();
    let mut answer = String::new();
    call(&daemon)
        .read_to_string(&mut answer)
        .expect("an answer");
    assert!(answer.contains("32 others are asking"), "{answer}");
    drop(callers);
    crate::daemon::eventually("there is room again", || {
        daemon.control().ask(Ask::Status).ok()
    });
}

#[test]
fn a_capture_that_nobody_reads_costs_no_more_than_its_queue() {
    let daemon = Daemon::start("");
    let mut caller = call(&daemon);
    caller
        .write_all(b"{\"v\":1,\"ask\":{\"capture\":{}}}\n")
        .expect("asked");
    let mut one = Raw::register_binary(&daemon.0, "one", 10);
    let mut two = Raw::register_binary(&daemon.0, "two", 11);
    two.post(1023);
    for number in 0..8000 {
        let sent = frame(0xFF, 0xA, number, 1400);
        one.send(&sent, 'B', None);
        two.receive(number);
        two.post(1);
        one.completion();
    }
    let capture = daemon.port("capture-1");
    assert!(capture.dropped["queue-full"] > 0, "{capture:?}");
    assert_eq!(capture.sent + capture.dropped["queue-full"], 8000);
    assert_eq!(daemon.port("two").dropped.len(), 0);
}

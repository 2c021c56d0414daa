//! Threads that are cancelled while they use the connection.

use std::process::Command;
use std::time::Duration;

use descsock::{Client, Wait};

use crate::agent::Place;
use crate::programs::program;

/// Sends back what comes, as soon as there is room.
fn send_back(neighbour: &Client) {
    let mut frame = [0; 2048];
    let wait = Wait::For(Duration::from_millis(20));
    if let Ok(received) = neighbour.recv_from(&mut frame, wait) {
        let _ = neighbour.send(&frame[..received.len]);
    }
}

/// Each ends, takes nothing with it, and the others go on.
fn threads_are_cancelled(call: &str, kind: &str, rounds: u32) {
    let place = Place::new();
    let neighbour = place.neighbour(9);
    let mut command = Command::new(program("cancelled", &[]));
    command.arg(place.file("mine")).arg(place.doorbell());
    command.args([call, kind, &rounds.to_string()]);
    std::thread::scope(|scope| {
        let program = scope.spawn(|| command.output().expect("it runs"));
        while !program.is_finished() {
            send_back(&neighbour);
        }
        let output = program.join().expect("no panic");
        assert!(output.status.success(), "{call} {kind}: {output:?}");
    });
}

#[test]
fn a_thread_that_is_cancelled_while_it_waits_for_frames_takes_nothing_with_it() {
    for kind in ["deferred", "asynchronous"] {
        threads_are_cancelled("recv", kind, 200);
    }
}

#[test]
fn a_thread_that_is_cancelled_while_it_polls_takes_nothing_with_it() {
    for kind in ["deferred", "asynchronous"] {
        threads_are_cancelled("poll", kind, 500);
    }
}

#[test]
fn a_thread_that_is_cancelled_while_it_sends_takes_nothing_with_it() {
    for kind in ["deferred", "asynchronous"] {
        threads_are_cancelled("send", kind, 500);
    }
}

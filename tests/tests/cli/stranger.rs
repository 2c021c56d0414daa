//! Peers that are not ours: they get plain frames, say nothing of what they send, and are served all the same.

use std::path::{Path, PathBuf};

use media::{Pattern, VideoFormat};
use memif::testing::{PATIENCE, RawClient, RawServer, ServerSetup, Setup};
use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::workshop;

use crate::program::{Outcome, start};

const FORMAT: &str = "320x180@60 v210";
const FRAME_BYTES: usize = 896 * 180;

fn address(name: &str) -> PathBuf {
    format!("@memwire-stranger-{name}-{}", std::process::id()).into()
}

/// A client on this socket, once there is a server.
fn client(socket: &Path, buffer_size: u32) -> RawClient {
    let setup = || Setup::new(0).with_layout(|layout| layout.buffer_size = buffer_size);
    eventually("a server", SOON, || RawClient::up(socket, setup()).ok())
}

fn pictures() -> Vec<Vec<u8>> {
    let format: VideoFormat = FORMAT.parse().unwrap();
    let pattern = Pattern::new(&format).unwrap();
    let picture = |number| {
        let mut frame = vec![0; pattern.frame_bytes()];
        pattern.fill(number, &mut frame).unwrap();
        frame
    };
    (0..5).map(picture).collect()
}

fn whole(received: &Outcome) {
    let summary = received.success();
    let counts = ["frames", "lost", "corrupt", "repeated"].map(|key| summary[key].as_u64());
    assert_eq!(counts, [Some(5), Some(0), Some(0), Some(0)], "{summary}");
    assert!(
        summary["latency_ns"].is_null(),
        "a stranger does not say when it sent: {summary}"
    );
}

#[test]
fn frames_of_a_stranger_are_verified_when_the_format_is_told() {
    let address = address("told");
    let server = RawServer::bind(&address, ServerSetup::default()).unwrap();
    let words = [
        "--verify",
        "--frames",
        "5",
        "--json",
        "--video",
        "320x180@60",
        "--format",
        "v210",
    ];
    let receiver = start(["recv", address.to_str().unwrap()].into_iter().chain(words));
    let mut session = server.serve().unwrap();
    for picture in pictures() {
        session.tx(0).send(&picture, PATIENCE).unwrap();
    }
    whole(&receiver.wait());
}

#[test]
fn a_stranger_that_tells_nothing_is_met_again_with_large_buffers() {
    let address = address("untold");
    let server = RawServer::bind(&address, ServerSetup::default()).unwrap();
    let words = ["--verify", "--frames", "5", "--json"];
    let receiver = start(["recv", address.to_str().unwrap()].into_iter().chain(words));
    let small = server.serve().unwrap();
    let mut large = server.serve().unwrap();
    drop(small);
    for picture in pictures() {
        large.tx(0).send(&picture, PATIENCE).unwrap();
    }
    whole(&receiver.wait());
}

#[test]
fn a_stranger_receives_bare_frames() {
    let shop = workshop();
    let socket = shop.path().join("s");
    let words = [
        "--pattern",
        "--video",
        "320x180@60",
        "--format",
        "v210",
        "--frames",
        "5",
        "--json",
    ];
    let sender = start(["send", socket.to_str().unwrap()].into_iter().chain(words));
    let mut client = client(&socket, 1 << 18);
    for picture in pictures() {
        let frame = client.rx(0).recv(PATIENCE).unwrap();
        assert!(frame.len() == FRAME_BYTES && frame == picture);
    }
    assert_eq!(sender.wait().success()["lost"], 0);
}

#[test]
fn a_stranger_with_buffers_that_are_too_small_is_told() {
    let shop = workshop();
    let socket = shop.path().join("s");
    let sender = start(["send", socket.to_str().unwrap(), "--pattern", "--quiet"]);
    let client = client(&socket, 64);
    sender.wait().failed(1, &["8294400 bytes"]);
    drop(client);
}

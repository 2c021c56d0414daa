//! Old clients get every frame, in order, on a file that they never extend.
//!
//! `MEMWIRE_SOAK_FRAMES` sets how many frames go each way; the usual number keeps a debug build quick.
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

mod common;

use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{BASE, BUFFER, Raw, Running, TX, frame};

/// Frames on their way: fewer than receive buffers, so that none has to be dropped.
const WINDOW: u64 = 512;

fn frames() -> u64 {
    let asked = std::env::var("MEMWIRE_SOAK_FRAMES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(50_000)
}

/// One direction: how many frames were received.
#[derive(Default)]
struct Way(AtomicU64);

/// Sends numbered frames, one descriptor in each write.
fn send(raw: &Raw, layout: char, peer: u8, own: u8, way: &Way) {
    let mut socket = raw.sockets[4].try_clone().expect("a descriptor");
    let mut completions = raw.sockets[4].try_clone().expect("a descriptor");
    for number in 0..frames() {
        while number - way.0.load(Ordering::Relaxed) >= WINDOW {
            std::thread::yield_now();
        }
        let offset = TX + number % 1023 * BUFFER;
        let sent = frame(peer, own, number, 60);
        raw.file.write_all_at(&sent, offset).expect("written");
        let mut descriptor = [0; 32];
        descriptor[..8].copy_from_slice(&((BASE + offset) | (64 << 48)).to_le_bytes());
        descriptor[8] = if layout == 'A' { 0x1A } else { 0x62 };
        socket.write_all(&descriptor).expect("sent");
        let mut completion = [0; 8];
        completions.read_exact(&mut completion).expect("completed");
        let address = u64::from_le_bytes(completion) & 0xFFFF_FFFF_FFFF;
        assert_eq!(address, BASE + offset, "completions come in order");
    }
}

/// Takes frames, each with the number that is due, and posts each buffer again, one in each write.
fn receive(raw: &Raw, way: &Way) {
    let mut socket = raw.sockets[0].try_clone().expect("a descriptor");
    let mut empties = raw.sockets[0].try_clone().expect("a descriptor");
    let (mut descriptor, mut got) = ([0; 32], [0; 22]);
    for number in 0..frames() {
        socket.read_exact(&mut descriptor).expect("a frame");
        let offset = number % 1023 * BUFFER;
        raw.file
            .read_exact_at(&mut got, offset)
            .expect("in the file");
        assert_eq!(got[14..], number.to_le_bytes(), "in order");
        empties
            .write_all(&Raw::empty(raw.posted + number))
            .expect("posted");
        way.0.store(number + 1, Ordering::Relaxed);
    }
}

/// Frames both ways at once, between a client of this form and a binary one.
fn both_ways(size: Option<usize>) {
    let agent = Running::start();
    let mut old = match size {
        Some(size) => Raw::register_text(&agent, "old", 10, size),
        None => Raw::register_binary(&agent, "old", 10),
    };
    let layout = if size.is_some() { 'A' } else { 'B' };
    let mut other = Raw::register_binary(&agent, "other", 11);
    old.post(1023);
    other.post(1023);
    let (there, back) = (Way::default(), Way::default());
    std::thread::scope(|scope| {
        scope.spawn(|| send(&old, layout, 0xB, 0xA, &there));
        scope.spawn(|| send(&other, 'B', 0xA, 0xB, &back));
        scope.spawn(|| receive(&old, &back));
        scope.spawn(|| receive(&other, &there));
    });
    let agent = agent.stop();
    assert_eq!(agent.drops().total(), 0, "{:?}", agent.drops());
}

#[test]
fn a_client_of_256_bytes_of_text_gets_every_frame_in_order() {
    both_ways(Some(256));
}

#[test]
fn a_client_of_512_bytes_of_text_gets_every_frame_in_order() {
    both_ways(Some(512));
}

#[test]
fn a_binary_client_gets_every_frame_in_order() {
    both_ways(None);
}

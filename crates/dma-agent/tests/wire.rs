//! The agent against clients that know nothing but the wire.
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

mod common;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::{BASE, Raw, Running, TX, frame};
use switch::DropReason;

#[test]
fn a_text_client_and_a_binary_one_exchange_frames() {
    let agent = Running::start();
    for (size, name) in [(256, "old"), (512, "newer")] {
        let mut text = Raw::register_text(&agent, name, 10, size);
        let mut binary = Raw::register_binary(&agent, &format!("peer-of-{name}"), 11);
        text.post(1023);
        binary.post(1023);
        // Flooded first; after that each knows where the other is.
        for number in 0..5000 {
            let at = number;
            let there = frame(0xB, 0xA, number, 60 + (number % 1000) as usize);
            text.send(&there, 'A', None);
            let (got, descriptor) = binary.receive(at);
            assert_eq!(got[..there.len()], there);
            assert_eq!(got.len(), there.len() + 4);
            assert_eq!(descriptor[8] & 0x67, 0x61, "layout B: rx, sop, eop");
            assert_eq!(
                text.completion() & 0xFFFF_FFFF_FFFF,
                BASE + TX + at % 1023 * 2048
            );
            let back = frame(0xA, 0xB, number, 60);
            binary.send(&back, 'B', None);
            let (got, descriptor) = text.receive(at);
            assert_eq!(got[..60], back);
            assert_eq!(descriptor[8] & 0x1F, 0x19, "layout A: rx, sop, eop");
            binary.completion();
            text.post(1);
            binary.post(1);
        }
    }
    let agent = agent.stop();
    assert_eq!(agent.drops().total(), 0, "{:?}", agent.drops());
}

#[test]
fn a_client_that_has_never_sent_gets_descriptors_that_both_layouts_can_read() {
    let agent = Running::start();
    let mut silent = Raw::register_text(&agent, "silent", 10, 256);
    let mut sender = Raw::register_binary(&agent, "sender", 11);
    silent.post(1023);
    sender.send(&frame(0xFF, 0xB, 1, 22), 'B', None);
    // Tier 0 of the silent one may get its buffers later than the frame: then it waits.
    let (got, descriptor) = silent.receive(0);
    assert_eq!(descriptor[8], 0x79);
    assert_eq!(got.len(), 64, "padded, with a CRC");
    assert_eq!(got[22..], [0; 42], "and nothing of old frames in it");
}

#[test]
fn a_completion_repeats_the_first_eight_bytes_of_its_descriptor_whatever_became_of_the_frame() {
    let agent = Running::start();
    let mut sender = Raw::register_binary(&agent, "sender", 10);
    let mut receiver = Raw::register_binary(&agent, "receiver", 11);
    receiver.post(10);
    let sent = frame(0xB, 0xA, 1, 60);
    let good = sender.prepare(&sent, 'B', None);
    let (mut unfinished, mut outside, mut with_error) = (good, good, good);
    unfinished[8] &= !0x40; // no eop
    outside[..8].copy_from_slice(&((BASE - 2048) | (64 << 48)).to_le_bytes());
    with_error[8] |= 0x80;
    let all = [good, unfinished, outside, with_error, good];
    sender.sockets[4].write_all(&all.concat()).expect("sent");
    for descriptor in all {
        assert_eq!(sender.completion().to_le_bytes(), descriptor[..8]);
    }
    for at in 0..2 {
        assert_eq!(receiver.receive(at).0[..60], sent);
    }
    let drops = agent.stop().drops();
    let reasons = [
        DropReason::BrokenChain,
        DropReason::OutsideMemory,
        DropReason::BadDescriptor,
    ];
    assert_eq!(reasons.map(|reason| drops[reason]), [1; 3], "{drops:?}");
}

#[test]
fn a_request_that_names_no_file_is_refused_in_words_that_its_sender_waits_for() {
    let agent = Running::start();
    let mut doorbell = UnixStream::connect(agent.doorbell()).expect("the doorbell");
    let long = Some(Duration::from_secs(10));
    doorbell.set_read_timeout(long).expect("a timeout");
    // CONN_REQ: header, tenant, base, length, seps, process.
    let mut request = vec![0; 44];
    for (at, number) in [
        (0, 44),
        (4, 0xF5DC),
        (8, 1),
        (12, 1),
        (16, 3),
        (36, 1),
        (40, 7_u32),
    ] {
        request[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    request[20..28].copy_from_slice(&BASE.to_le_bytes());
    request[28..36].copy_from_slice(&(8_u64 << 20).to_le_bytes());
    doorbell.write_all(&request).expect("written");
    let mut answer = Vec::new();
    doorbell
        .read_to_end(&mut answer)
        .expect("an answer, and then the end");
    assert_eq!((answer.len(), answer[16]), (280, 2));
    assert_eq!(agent.stop().refusals(), 1);
}

//! The agent against clients that know nothing but the wire.
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

mod common;

use common::{BASE, Raw, Running, TX, frame};

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

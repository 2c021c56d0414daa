//! Handovers in the middle of everything: half a descriptor, frames without a buffer, completions nobody has read.

use std::io::{Read, Write};
use std::os::unix::fs::FileExt;

use serde_json::{Value, json};

use crate::common::{BASE, Raw, TX, frame};
use crate::dynasty::{Dynasty, eventually};
use crate::hand::Hand;

/// Two clients that know each other's addresses, each with so many buffers.
fn pair(agents: &Dynasty, buffers: u64) -> (Raw, Raw) {
    let mut one = Raw::register_text(&agents.0, "one", 10, 256);
    let mut two = Raw::register_binary(&agents.0, "two", 11);
    one.post(buffers);
    two.post(buffers);
    (one, two)
}

fn waiting(agents: &Dynasty) -> u64 {
    agents.port("two").expect("it is there").waiting
}

#[test]
fn frames_that_wait_for_buffers_go_to_the_successor_in_their_order() {
    let mut agents = Dynasty::start("");
    let (mut one, mut two) = pair(&agents, 2);
    for number in 0..102 {
        one.send(&frame(0xB, 0xA, number, 60 + number as usize), 'A', None);
        one.completion();
    }
    eventually("they wait", || (waiting(&agents) == 100).then_some(()));
    agents.succeed();
    assert_eq!(waiting(&agents), 100);
    two.post(50);
    agents.succeed();
    two.post(50);
    for number in 0..102 {
        let (got, descriptor) = two.receive(number);
        let sent = frame(0xB, 0xA, number, 60 + number as usize);
        assert_eq!(got[..sent.len()], sent, "frame {number}");
        // Flags of a failed lookup, and the did of the sender, 16: what was written on it when it came.
        assert_eq!((descriptor[9], descriptor[10]), (1 << 4, 16));
    }
    assert_eq!(agents.port("two").expect("there").sent, 102);
}

#[test]
fn descriptors_cut_at_any_byte_go_on_at_the_successor() {
    let mut agents = Dynasty::start("");
    let (mut one, mut two) = pair(&agents, 1);
    for cut in 1..32_u64 {
        let descriptor = one.prepare(&frame(0xB, 0xA, cut, 60), 'A', None);
        let (first, rest) = descriptor.split_at(cut as usize);
        one.sockets[4].write_all(first).expect("sent");
        let empty = Raw::empty(two.posted);
        two.posted += 1;
        let (begun, left) = empty.split_at(cut as usize % 8);
        two.sockets[0].write_all(begun).expect("posted");
        agents.succeed();
        one.sockets[4].write_all(rest).expect("sent");
        two.sockets[0].write_all(left).expect("posted");
        let (got, _) = two.receive(cut - 1);
        assert_eq!(got[14..22], cut.to_le_bytes());
        one.completion();
    }
}

#[test]
fn what_a_client_does_not_read_for_long_comes_whole() {
    let mut agents = Dynasty::start("");
    let (mut one, mut two) = pair(&agents, 1023);
    // More completions than a socket holds in single writes, while frames are read one by one, ...
    for number in 0..600 {
        one.send(&frame(0xB, 0xA, number, 60), 'A', None);
        assert_eq!(two.receive(number).0[14..22], number.to_le_bytes());
    }
    assert!(unsent(&agents, |client| &client["tx"][0]["unsent"]));
    agents.succeed();
    agents.succeed();
    let completed = |one: &mut Raw, number: u64| {
        let address = one.completion() & 0xFFFF_FFFF_FFFF;
        assert_eq!(address, BASE + TX + number % 1023 * 2048);
    };
    (0..600).for_each(|number| completed(&mut one, number));
    // ... and then the other way round.
    two.post(600);
    for number in 600..1200 {
        one.send(&frame(0xB, 0xA, number, 60), 'A', None);
        completed(&mut one, number);
    }
    assert!(unsent(&agents, |client| &client["rx"][0]["unsent"]));
    agents.succeed();
    agents.succeed();
    for number in 600..1200 {
        assert_eq!(two.receive(number).0[14..22], number.to_le_bytes());
    }
}

/// Whether an heir would get bytes that some client's socket has not taken.
fn unsent(agents: &Dynasty, which: fn(&Value) -> &Value) -> bool {
    let mut heir = Hand::ready(&agents.path("control.sock"));
    let all = heir.hear_all();
    heir.say(&json!({"refused": "only looking"}), &[]);
    assert!(heir.hear().is_none(), "it serves on");
    let clients = all
        .iter()
        .filter_map(|(what, _)| what.pointer("/port/behind/client"));
    clients.map(which).any(|bytes| *bytes != "")
}

#[test]
fn a_text_client_that_has_not_sent_yet_still_tells_its_layout_later() {
    let mut agents = Dynasty::start("");
    let (mut one, mut two) = pair(&agents, 4);
    two.send(&frame(0xA, 0xB, 1, 60), 'B', None);
    let (_, before) = one.receive(0);
    assert_eq!(before[8], 0x79, "for both layouts");
    agents.succeed();
    two.send(&frame(0xA, 0xB, 2, 60), 'B', None);
    let (_, still) = one.receive(1);
    assert_eq!(still[8], 0x79);
    one.send(&frame(0xB, 0xA, 3, 60), 'A', None);
    two.receive(0);
    agents.succeed();
    two.send(&frame(0xA, 0xB, 4, 60), 'B', None);
    let (_, after) = one.receive(2);
    assert_eq!(after[8] & 0x1F, 1 | 1 << 3 | 1 << 4, "layout A");
}

#[test]
fn a_file_without_a_name_stays_shared() {
    let mut agents = Dynasty::start("");
    let (mut one, mut two) = pair(&agents, 4);
    for name in ["one", "two"] {
        std::fs::remove_file(agents.path(name)).expect("there");
    }
    agents.succeed();
    one.send(&frame(0xB, 0xA, 7, 60), 'A', None);
    assert_eq!(two.receive(0).0[14..22], 7_u64.to_le_bytes());
}

#[test]
fn a_client_that_has_truncated_its_file_ends_and_the_others_go_on() {
    let mut agents = Dynasty::start("");
    let (mut one, mut two) = pair(&agents, 4);
    let mut liar = Raw::register_binary(&agents.0, "liar", 12);
    liar.file.set_len(4096).expect("truncated");
    let mut byte = [0; 1];
    assert!(liar.file.read_at(&mut byte, 0).is_ok());
    agents.succeed();
    assert!(agents.port("liar").is_none());
    assert_eq!(liar.doorbell.read(&mut byte).expect("its end"), 0);
    one.send(&frame(0xB, 0xA, 7, 60), 'A', None);
    assert_eq!(two.receive(0).0[14..22], 7_u64.to_le_bytes());
}

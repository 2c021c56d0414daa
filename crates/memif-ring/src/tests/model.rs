//! Random honest traffic on rings of every size, from every kind of start index: nothing is lost, duplicated,
//! reordered or corrupted, and no buffer goes missing.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::ends::{Receives, Sends};
use super::pair::{BUFFER, Pair, ToClient, ToServer};
use crate::Binding;

#[derive(Clone, Copy, Debug)]
enum Op {
    /// Bytes of the frame.
    Reserve(usize),
    /// Which loan, and how many bytes of it.
    Stage(usize, usize),
    Cancel(usize),
    Publish,
    Take(usize),
    GiveBack(usize),
    /// Sends small frames until there is no room.
    Fill,
    /// Takes everything, then gives all back, oldest or newest first.
    Drain(bool),
}

fn any_op() -> impl Strategy<Value = Op> {
    let bytes = || prop_oneof![3 => 1usize..=64, 1 => 65usize..=256];
    prop_oneof![
        6 => bytes().prop_map(Op::Reserve),
        5 => (0usize..8, prop_oneof![3 => Just(usize::MAX), 1 => 0usize..=200]).prop_map(|(at, len)| Op::Stage(at, len)),
        1 => (0usize..8).prop_map(Op::Cancel),
        3 => Just(Op::Publish),
        4 => (0usize..5).prop_map(Op::Take),
        4 => (0usize..8).prop_map(Op::GiveBack),
        1 => Just(Op::Fill),
        1 => any::<bool>().prop_map(Op::Drain),
    ]
}

/// Start indexes: zero, just before the wrap, anywhere.
fn any_start(capacity: u16) -> impl Strategy<Value = u16> {
    let before = (0..=capacity.saturating_mul(2)).prop_map(|by| 0u16.wrapping_sub(by));
    prop_oneof![1 => Just(0), 4 => before, 1 => any::<u16>()]
}

fn apply<P: Sends, C: Receives>(pair: &mut Pair<P, C>, op: Op) {
    match op {
        Op::Reserve(len) => drop(pair.reserve(len)),
        Op::Stage(at, len) if !pair.loans.is_empty() => pair.stage(at % pair.loans.len(), len),
        Op::Cancel(at) if !pair.loans.is_empty() => pair.cancel(at % pair.loans.len()),
        Op::Publish => drop(pair.producer.publish()),
        Op::Take(max) => drop(pair.take(max)),
        Op::GiveBack(at) if !pair.held.is_empty() => pair.give_back(at % pair.held.len()),
        Op::Fill => while pair.send(3) {},
        Op::Drain(oldest_first) => {
            pair.producer.publish();
            pair.take(usize::MAX);
            while !pair.held.is_empty() {
                let last = pair.held.len() - 1;
                pair.give_back(if oldest_first { 0 } else { last });
            }
        }
        Op::Stage(..) | Op::Cancel(..) | Op::GiveBack(..) => {}
    }
}

/// Runs random sequences on rings of every size; `make` gets log2 of the slots, the start index and a number of buffers.
fn on_every_size<P: Sends, C: Receives>(spare: u16, make: impl Fn(u8, u16, u16) -> Pair<P, C>) {
    for log2 in 1..=14u8 {
        let capacity = 1u16 << log2;
        let most = (capacity + spare).min(if log2 < 9 { u16::MAX } else { capacity });
        // More of the small rings, where everything is nearly full all the time.
        let cases = Config::default().cases.div_ceil(4) >> log2.saturating_sub(7);
        let config = Config {
            cases: cases.max(4),
            failure_persistence: None,
            ..Config::default()
        };
        let buffers = prop_oneof![3 => Just(most), 1 => 1..=most];
        let input = (
            any_start(capacity),
            buffers,
            prop::collection::vec(any_op(), 1..160),
        );
        let result = TestRunner::new(config).run(&input, |(start, buffers, ops)| {
            let mut pair = make(log2, start, buffers);
            for &op in &ops {
                apply(&mut pair, op);
                if log2 < 7 {
                    pair.audit();
                }
            }
            pair.finish(buffers.min(capacity));
            Ok(())
        });
        if let Err(error) = result {
            panic!("with 2^{log2} slots: {error}");
        }
    }
}

#[test]
fn client_to_server_in_any_slot_is_a_queue_at_every_size_and_start() {
    on_every_size(0, |log2, start, buffers| {
        ToServer::to_server(log2, start, buffers, Binding::Any)
    });
}

#[test]
fn client_to_server_in_place_is_a_queue_at_every_size_and_start() {
    on_every_size(0, |log2, start, buffers| {
        ToServer::to_server(log2, start, buffers, Binding::InPlace)
    });
}

#[test]
fn server_to_client_in_any_slot_is_a_queue_at_every_size_and_start() {
    on_every_size(9, |log2, start, buffers| {
        ToClient::to_client(log2, start, buffers, Binding::Any)
    });
}

#[test]
fn server_to_client_in_place_is_a_queue_at_every_size_and_start() {
    on_every_size(9, |log2, start, buffers| {
        ToClient::to_client(log2, start, buffers, Binding::InPlace)
    });
}

#[test]
fn a_frame_may_fill_the_whole_ring() {
    for log2 in [0u8, 1, 5, 14] {
        let slots = 1u16 << log2;
        let len = usize::from(slots) * BUFFER as usize;
        for binding in [Binding::Any, Binding::InPlace] {
            let mut pair = ToServer::to_server(log2, 65_530, slots, binding);
            assert!(pair.send(len) && !pair.send(1));
            pair.finish(slots);
            let mut pair = ToClient::to_client(log2, 65_530, slots, binding);
            assert!(pair.send(len) && !pair.send(1));
            pair.finish(slots);
        }
    }
}

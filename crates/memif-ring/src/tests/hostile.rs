//! A peer that writes anything anywhere at any moment: no end panics, hangs, leaves its regions or loses a buffer, and
//! each works again when the peer becomes honest.

use proptest::prelude::*;

use super::ends::{Receives, Sends};
use super::pair::{BUFFER, Pair};
use crate::heap::{HeapRing, Scribble, is_inside, pool, read, regions, write};
use crate::{
    Binding, Chain, ClientConsumer, ClientProducer, Counters, Descriptor, Regions, ServerConsumer,
    ServerProducer, SharedRing,
};

#[derive(Clone, Debug)]
enum Move {
    Peer(Scribble),
    Reserve(u64),
    Stage(usize, u64),
    Cancel(usize),
    Publish,
    HasRoom(u64),
    Take(usize),
    GiveBack(usize),
}

fn any_move() -> impl Strategy<Value = Move> {
    let bytes = || prop_oneof![8 => 0u64..300, 1 => any::<u64>()];
    let which = || 0usize..8;
    prop_oneof![
        8 => Scribble::any().prop_map(Move::Peer),
        4 => bytes().prop_map(Move::Reserve),
        3 => (which(), bytes()).prop_map(|(at, len)| Move::Stage(at, len)),
        1 => which().prop_map(Move::Cancel),
        1 => Just(Move::Publish),
        1 => bytes().prop_map(Move::HasRoom),
        4 => (0usize..20).prop_map(Move::Take),
        4 => which().prop_map(Move::GiveBack),
    ]
}

fn any_moves() -> impl Strategy<Value = Vec<Move>> {
    prop::collection::vec(any_move(), 1..120)
}

/// log2 of the slots, and where the indexes start.
fn any_ring() -> impl Strategy<Value = (u8, u16)> {
    (0u8..=6, prop_oneof![65_400u16..=65_535, any::<u16>()])
}

fn any_binding() -> impl Strategy<Value = Binding> {
    prop_oneof![Just(Binding::Any), Just(Binding::InPlace)]
}

fn memory() -> Regions {
    regions(&[4096, 100, 8192])
}

/// Lets the peer torment a producer; the loans that are left are given back.
fn torment_producer<P: Sends>(producer: &mut P, ring: &HeapRing, memory: &Regions, moves: &[Move]) {
    let (mut loans, counters) = (Vec::<Chain>::new(), Counters::default());
    for step in moves {
        match *step {
            Move::Peer(ref scribble) => ring.scribble(scribble),
            Move::Reserve(bytes) => {
                if let Ok(Some(loan)) = producer.reserve(bytes) {
                    assert!(loan.bytes() >= bytes);
                    loans.push(loan);
                }
            }
            Move::Stage(at, bytes) if !loans.is_empty() => {
                let loan = loans.swap_remove(at % loans.len());
                let _ = producer.stage(loan, bytes, &counters);
            }
            Move::Cancel(at) if !loans.is_empty() => {
                let _ = producer.cancel(loans.swap_remove(at % loans.len()));
            }
            Move::Publish => drop(producer.publish()),
            Move::HasRoom(bytes) => drop(producer.has_room(bytes)),
            _ => {}
        }
        producer.audit(&loans);
        assert!(producer.in_flight() <= 2 * usize::from(ring.capacity()));
        for loan in &loans {
            let segments = producer.segments(loan);
            assert_eq!(
                segments
                    .iter()
                    .map(|segment| segment.len() as u64)
                    .sum::<u64>(),
                loan.bytes()
            );
            for segment in segments {
                assert!(is_inside(memory, segment));
                write(segment, &vec![0xA5; segment.len()]);
            }
        }
    }
    for loan in loans.drain(..) {
        let _ = producer.cancel(loan);
    }
    producer.audit(&[]);
}

/// Lets the peer torment a consumer; returns the frames that are left.
fn torment_consumer<C: Receives>(
    consumer: &mut C,
    ring: &HeapRing,
    memory: &Regions,
    moves: &[Move],
) -> Vec<Chain> {
    let (mut held, counters) = (Vec::<Chain>::new(), Counters::default());
    for step in moves {
        match *step {
            Move::Peer(ref scribble) => ring.scribble(scribble),
            Move::Take(max) => {
                let mut frames = Vec::new();
                consumer.take(max, &mut frames, &counters);
                assert!(frames.len() <= max.min(ring.capacity().into()));
                for frame in frames {
                    check_segments(consumer, memory, &frame, false);
                    held.push(frame);
                }
            }
            Move::GiveBack(at) if !held.is_empty() => {
                let frame = held.swap_remove(at % held.len());
                consumer.give_back(vec![frame]);
            }
            _ => drop(consumer.has_frames()),
        }
        consumer.audit(&held);
        for frame in &held {
            check_segments(consumer, memory, frame, true);
        }
    }
    held
}

fn check_segments<C: Receives>(consumer: &C, memory: &Regions, frame: &Chain, may_be_stale: bool) {
    let segments = consumer.segments(frame);
    if may_be_stale && segments.is_empty() {
        return;
    }
    assert_eq!(segments.len(), frame.segments());
    let bytes: u64 = segments.iter().map(|segment| segment.len() as u64).sum();
    assert_eq!(bytes, frame.bytes());
    for segment in segments {
        assert!(!segment.is_empty() && is_inside(memory, segment));
        read(segment);
    }
}

/// Some honest traffic, several times around the ring.
fn honest_traffic<P: Sends, C: Receives>(pair: &mut Pair<P, C>) {
    let slots = pair.ring.capacity();
    for round in 0..40 {
        while pair.send(round % 64 + 1) {}
        pair.take(usize::MAX);
        pair.audit();
        while !pair.held.is_empty() {
            pair.give_back(pair.held.len() / 2);
        }
    }
    pair.finish(slots);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_client_that_sends_stands_anything((log2, start) in any_ring(), moves in any_moves(), binding in any_binding()) {
        let (memory, ring) = (memory(), HeapRing::starting_at(log2, start));
        let mut producer = ClientProducer::new(ring.clone(), pool(&memory, 0, ring.capacity(), BUFFER), binding);
        producer.start_at(start);
        torment_producer(&mut producer, &ring, &memory, &moves);
        // The server is honest again: it releases all that was published, each buffer in its slot.
        producer.publish();
        let at = producer.restore();
        ring.publish_head(at);
        ring.publish_tail(at);
        let mut consumer = ServerConsumer::new(ring.clone(), memory.clone(), binding);
        consumer.start_at(at);
        honest_traffic(&mut Pair::new(producer, consumer, ring, memory));
    }

    #[test]
    fn a_client_that_receives_stands_anything(
        (log2, start) in any_ring(), moves in any_moves(), binding in any_binding(), spare in 0u16..4,
    ) {
        let (memory, ring) = (memory(), HeapRing::starting_at(log2, start));
        let buffers = (ring.capacity() + spare).min(64);
        let mut consumer = ClientConsumer::new(ring.clone(), pool(&memory, 0, buffers, BUFFER), binding);
        consumer.start_at(start);
        consumer.post();
        let held = torment_consumer(&mut consumer, &ring, &memory, &moves);
        // The server is honest again: it begins where we are, with what we have posted since.
        consumer.give_back(held);
        let at = consumer.repost();
        ring.publish_tail(at);
        let mut producer = ServerProducer::new(ring.clone(), memory.clone(), binding);
        producer.start_at(at);
        honest_traffic(&mut Pair::new(producer, consumer, ring, memory));
    }

    #[test]
    fn a_server_that_receives_stands_anything((log2, start) in any_ring(), moves in any_moves(), binding in any_binding()) {
        let (memory, ring) = (memory(), HeapRing::starting_at(log2, start));
        let mut consumer = ServerConsumer::new(ring.clone(), memory.clone(), binding);
        consumer.start_at(start);
        let held = torment_consumer(&mut consumer, &ring, &memory, &moves);
        // The client is honest again: it begins where its head is.
        let (stale, current): (Vec<_>, Vec<_>) =
            held.into_iter().partition(|frame| Receives::segments(&consumer, frame).is_empty());
        consumer.give_back(current);
        while consumer.has_frames() {
            let mut frames = Vec::new();
            consumer.take(usize::MAX, &mut frames, &Counters::default());
            consumer.give_back(frames);
        }
        let at = ring.head();
        ring.publish_tail(at);
        let mut producer = ClientProducer::new(ring.clone(), pool(&memory, 0, ring.capacity(), BUFFER), binding);
        producer.start_at(at);
        let mut pair = Pair::new(producer, consumer, ring, memory);
        prop_assert!(pair.send(10));
        pair.take(1);
        pair.consumer.give_back(stale); // late, and without any effect
        pair.audit();
        honest_traffic(&mut pair);
    }

    #[test]
    fn a_server_that_sends_stands_anything(
        (log2, start) in any_ring(), moves in any_moves(), binding in any_binding(), posted in any::<u16>(),
    ) {
        let (memory, ring) = (memory(), HeapRing::starting_at(log2, start));
        for at in 0..ring.capacity() {
            let descriptor = Descriptor { length: BUFFER, offset: u32::from(at) * BUFFER, ..Descriptor::default() };
            ring.store(start.wrapping_add(at), descriptor);
        }
        ring.publish_head(start.wrapping_add(posted % (ring.capacity() + 1)));
        let mut producer = ServerProducer::new(ring.clone(), memory.clone(), binding);
        producer.start_at(start);
        torment_producer(&mut producer, &ring, &memory, &moves);
        // The client is honest again: what it posted before is used up, then it posts anew.
        let at = producer.position();
        ring.publish_head(at);
        while let Some(loan) = producer.reserve(1).unwrap() {
            let _ = producer.stage(loan, 1, &Counters::default());
        }
        producer.publish();
        if producer.is_used_up() {
            ring.publish_tail(at);
            let mut consumer = ClientConsumer::new(ring.clone(), pool(&memory, 0, ring.capacity(), BUFFER), binding);
            consumer.start_at(at);
            consumer.post();
            honest_traffic(&mut Pair::new(producer, consumer, ring, memory));
        } else {
            // Its buffers are of different sizes: a frame waits that fits nowhere.
            prop_assert_eq!(binding, Binding::InPlace);
            prop_assert!(producer.settle().is_err());
        }
    }
}

//! Indexes that a peer moved further than it may: what is careless is skipped and counted, what is wild is a fault.

use super::pair::{BUFFER, ToClient, ToServer};
use crate::heap::{HeapRing, Scribble, pool, regions};
use crate::{
    Binding, Chain, ClientProducer, Counters, Descriptor, NEXT, PeerFault, ServerConsumer,
    ServerProducer, SharedRing,
};

const BINDINGS: [Binding; 2] = [Binding::Any, Binding::InPlace];

/// A server consumer on a ring of 8 slots whose client wrote `frames` frames from `start` on, whether they fit or not.
fn overrun_server(
    binding: Binding,
    start: u16,
    frames: u16,
) -> (HeapRing, ServerConsumer<HeapRing>) {
    let ring = HeapRing::starting_at(3, start);
    let mut consumer = ServerConsumer::new(ring.clone(), regions(&[65_536]), binding);
    consumer.start_at(start);
    write_frames(&ring, start, frames);
    (ring, consumer)
}

/// Frame `number` has `number + 1` bytes.
fn write_frames(ring: &HeapRing, start: u16, frames: u16) {
    for number in 0..frames {
        let length = u32::from(number) + 1;
        let descriptor = Descriptor {
            length,
            ..Descriptor::default()
        };
        ring.store(start.wrapping_add(number), descriptor);
    }
    ring.publish_head(start.wrapping_add(frames));
}

fn take(consumer: &mut ServerConsumer<HeapRing>, counters: &Counters) -> Vec<Chain> {
    let mut frames = Vec::new();
    consumer.take(usize::MAX, &mut frames, counters);
    frames
}

#[test]
fn a_server_drops_all_that_a_careless_client_wrote_over_and_begins_behind_it() {
    for binding in BINDINGS {
        let (ring, mut consumer) = overrun_server(binding, 65_530, 11);
        for slot in 0..8 {
            let chained = ring.fetch(slot);
            ring.store(
                slot,
                Descriptor {
                    flags: NEXT,
                    ..chained
                },
            );
        }
        let counters = Counters::default();
        assert!(take(&mut consumer, &counters).is_empty());
        assert_eq!(counters.totals().overrun, 8);
        let behind = 65_530u16.wrapping_add(11);
        assert_eq!(ring.tail(), behind);
        assert!(
            (0..8).all(|slot| ring.fetch(slot).flags == 0),
            "a NEXT flag is left to be reused"
        );
        write_frames(&ring, behind, 8);
        assert_eq!(take(&mut consumer, &counters).len(), 8);
    }
}

#[test]
fn a_server_that_holds_frames_gives_up_what_it_holds_when_the_client_overruns_it() {
    for binding in BINDINGS {
        let (ring, mut consumer) = overrun_server(binding, 65_530, 4);
        let counters = Counters::default();
        let held = take(&mut consumer, &counters);
        write_frames(&ring, 65_534, 6);
        assert!(take(&mut consumer, &counters).is_empty());
        assert_eq!(counters.totals().overrun, 6);
        assert_eq!((ring.tail(), ring.head(), consumer.held()), (4, 4, 0));
        assert!(
            held.iter()
                .all(|frame| consumer.segments(frame).count() == 0)
        );
    }
}

#[test]
fn frames_from_before_an_overrun_release_no_slot_of_a_later_one() {
    for binding in BINDINGS {
        let (ring, mut consumer) = overrun_server(binding, 100, 8);
        let counters = Counters::default();
        let old = take(&mut consumer, &counters);
        ring.publish_head(100); // back by a whole ring
        assert!(take(&mut consumer, &counters).is_empty());
        write_frames(&ring, 100, 8);
        let new = take(&mut consumer, &counters);
        assert_eq!(new.len(), 8);
        consumer.give_back(old);
        assert_eq!((ring.tail(), consumer.held()), (100, 8));
        consumer.give_back(new);
        assert_eq!((ring.tail(), consumer.held()), (108, 0));
    }
}

#[test]
fn a_server_drops_everything_when_the_index_makes_no_sense() {
    for binding in BINDINGS {
        let (ring, mut consumer) = overrun_server(binding, 0, 5);
        let counters = Counters::default();
        ring.publish_head(50_000);
        assert!(take(&mut consumer, &counters).is_empty());
        assert_eq!((counters.totals().overrun, ring.tail()), (8, 50_000));
        write_frames(&ring, 50_000, 5);
        assert_eq!(take(&mut consumer, &counters).len(), 5);
    }
}

#[test]
fn a_client_begins_anew_behind_a_careless_server() {
    let mut pair = ToClient::to_client(3, 65_530, 8, Binding::InPlace);
    assert!(pair.send(5) && pair.send(6));
    pair.take(1);
    pair.ring.scribble(&Scribble::MoveTail(9)); // three more than are posted
    assert_eq!(pair.take(8), 0);
    assert_eq!(pair.taken_counters.totals().overrun, 8);
    pair.audit();
    // The held frame is whole, and all other buffers are posted behind the overrun.
    let at = pair.ring.tail();
    assert_eq!(pair.ring.head(), at.wrapping_add(7));
    pair.give_back(0);
    assert_eq!(pair.ring.head(), at.wrapping_add(8));
    pair.audit();
}

#[test]
fn a_client_begins_anew_behind_a_server_that_runs_on_however_far() {
    let mut pair = ToClient::to_client(3, 0, 8, Binding::InPlace);
    for tail in [9, 1033, 24_709, 50_000, 65_535] {
        pair.ring.publish_tail(tail);
        assert_eq!(pair.take(8), 0);
        assert_eq!(
            pair.ring.head(),
            tail.wrapping_add(8),
            "all is posted behind it"
        );
        pair.audit();
    }
}

#[test]
fn a_client_that_sends_believes_no_release_of_what_it_did_not_publish() {
    let mut pair = ToServer::to_server(1, 65_535, 2, Binding::InPlace);
    assert!(pair.send(1) && pair.reserve(1));
    for (tail, distance) in [(1, 2), (65_534, 65_535)] {
        pair.ring.publish_tail(tail);
        let fault = PeerFault::IndexJump {
            index: "tail",
            distance,
            limit: 1,
        };
        assert_eq!(pair.producer.reserve(1), Err(fault));
        assert_eq!(pair.producer.has_room(1), Err(fault));
    }
    pair.ring.publish_tail(65_535);
    pair.finish(2);
}

#[test]
fn a_server_that_sends_believes_no_more_posts_than_slots_and_none_taken_back() {
    let (memory, ring) = (regions(&[4096]), HeapRing::new(2));
    let mut producer = ServerProducer::new(ring.clone(), memory, Binding::InPlace);
    let mut expect = |head: u16, distance: u16| {
        ring.publish_head(head);
        let fault = PeerFault::IndexJump {
            index: "head",
            distance,
            limit: 4,
        };
        assert_eq!(producer.has_room(1), Err(fault), "{head}");
    };
    expect(5, 5);
    expect(65_535, 65_535);
    write_frames(&ring, 0, 4);
    assert!(producer.has_room(1 + 2 + 3 + 4).unwrap());
    ring.publish_head(3);
    assert!(producer.has_room(10).unwrap(), "what was fetched is ours");
    assert!(producer.has_room(11).is_err(), "a head that went back");
}

#[test]
fn a_bad_buffer_in_the_middle_costs_no_buffer_before_it() {
    let (memory, ring) = (regions(&[4096]), HeapRing::new(2));
    write_frames(&ring, 0, 4);
    let outside = Descriptor {
        offset: 4096,
        length: 1,
        ..Descriptor::default()
    };
    ring.store(2, outside);
    let mut producer = ServerProducer::new(ring.clone(), memory, Binding::InPlace);
    assert!(matches!(
        producer.reserve(10),
        Err(PeerFault::OutsideRegion { .. })
    ));
    producer.audit(&[]);
    let small = producer.reserve(3).unwrap().unwrap();
    assert_eq!(small.segments(), 2);
    assert!(producer.reserve(1).is_err());
    producer.audit(&[small]);
}

#[test]
fn more_bytes_than_were_reserved_are_not_sent() {
    let memory = regions(&[4096]);
    let ring = HeapRing::new(2);
    let mut producer =
        ClientProducer::new(ring.clone(), pool(&memory, 0, 4, BUFFER), Binding::InPlace);
    let counters = Counters::default();
    let loan = producer.reserve(100).unwrap().unwrap();
    producer.stage(loan, 1000, &counters);
    producer.publish();
    assert_eq!(
        (ring.fetch(0).flags, ring.fetch(1).flags),
        (1, 0),
        "a chain ends"
    );
    assert_eq!(counters.totals().bytes, 128);
}

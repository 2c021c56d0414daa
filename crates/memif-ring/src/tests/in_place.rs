//! Loans of a server that are sent or dropped out of order.

use super::pair::{BUFFER, ToClient};
use crate::heap::{HeapRing, pattern, read, regions, write};
use crate::{Binding, Counters, Descriptor, PeerFault, ServerProducer, SharedRing};

fn pair(binding: Binding) -> ToClient {
    ToClient::to_client(3, 65_533, 8, binding)
}

#[test]
fn in_place_a_frame_waits_for_an_older_loan() {
    let mut pair = pair(Binding::InPlace);
    assert!(pair.reserve(10) && pair.reserve(20));
    pair.stage(1, 20);
    assert!(!pair.producer.publish());
    assert_eq!((pair.take(8), pair.producer.in_flight()), (0, 1));
    pair.stage(0, 10);
    assert!(pair.producer.publish());
    assert_eq!(pair.take(8), 2); // the model demands the order in which they were sent
    pair.finish(8);
}

#[test]
fn in_place_a_frame_moves_into_a_dropped_slot() {
    let mut pair = pair(Binding::InPlace);
    assert!(pair.reserve(64) && pair.reserve(20) && pair.reserve(30));
    pair.stage(2, 30);
    pair.cancel(0);
    assert!(
        pair.producer.publish(),
        "the loan of 20 bytes is not in its way"
    );
    pair.audit();
    assert_eq!(pair.take(8), 1);
    pair.stage(0, 20);
    assert!(pair.producer.publish());
    pair.finish(8);
}

#[test]
fn in_place_chains_sent_in_reverse_arrive_in_the_order_sent() {
    let mut pair = pair(Binding::InPlace);
    for len in [100, 64, 200, 1] {
        assert!(pair.reserve(len));
    }
    for at in [2, 3, 1, 0] {
        let at = at.min(pair.loans.len() - 1);
        pair.stage(at, usize::MAX);
        pair.audit();
    }
    assert!(pair.producer.publish());
    assert_eq!(pair.take(8), 4);
    pair.finish(8);
}

#[test]
fn in_any_slot_a_frame_goes_at_once() {
    let mut pair = pair(Binding::Any);
    assert!(pair.reserve(10) && pair.reserve(200) && pair.reserve(30));
    pair.stage(1, 200);
    assert!(pair.producer.publish());
    assert_eq!(pair.take(8), 1);
    pair.stage(1, 30);
    assert!(pair.producer.publish());
    assert_eq!(pair.take(8), 1);
    pair.cancel(0);
    pair.finish(8);
}

#[test]
fn asking_for_room_leaves_no_trace() {
    for binding in [Binding::Any, Binding::InPlace] {
        let mut pair = pair(binding);
        let all = 8 * u64::from(BUFFER);
        for _ in 0..20 {
            assert!(pair.producer.has_room(all).unwrap());
            assert!(!pair.producer.has_room(all + 1).unwrap());
        }
        assert!(pair.reserve(1) && pair.reserve(1));
        pair.cancel(0);
        assert!(pair.producer.has_room(7 * u64::from(BUFFER)).unwrap());
        assert!(!pair.producer.has_room(all).unwrap());
        pair.finish(8);
    }
}

/// A ring on which a client posted buffers of these sizes, one behind the other.
fn uneven(sizes: &[u32]) -> (HeapRing, ServerProducer<HeapRing>) {
    let ring = HeapRing::new(2);
    let regions = regions(&[4096]);
    let mut offset = 0;
    for (index, &length) in (0u16..).zip(sizes) {
        ring.store(
            index,
            Descriptor {
                length,
                offset,
                ..Descriptor::default()
            },
        );
        offset += length;
    }
    ring.publish_head(u16::try_from(sizes.len()).unwrap());
    let producer = ServerProducer::new(ring.clone(), regions, Binding::InPlace);
    (ring, producer)
}

#[test]
fn in_place_a_frame_that_does_not_fit_where_it_has_to_go_is_the_peers_fault_and_nothing_is_published()
 {
    let (ring, mut producer) = uneven(&[100, 10, 100, 100]);
    let counters = Counters::default();
    let first = producer.reserve(100).unwrap().unwrap();
    let second = producer.reserve(110).unwrap().unwrap();
    producer.cancel(first);
    let fault = PeerFault::UnevenBuffers {
        capacity: 10,
        needed: 100,
    };
    // 10 bytes move from slot 1 to 0; 100 cannot move from slot 2 to 1.
    assert_eq!(producer.stage(second, 110, &counters), Err(fault));
    assert!(!producer.publish());
    assert_eq!(ring.tail(), 0);
    assert_eq!(producer.settle(), Err(fault));
    producer.audit(&[]);
}

#[test]
fn in_place_uneven_buffers_serve_as_long_as_each_frame_fits() {
    let (ring, mut producer) = uneven(&[50, 10, 100, 20]);
    let counters = Counters::default();
    let first = producer.reserve(10).unwrap().unwrap();
    let second = producer.reserve(5).unwrap().unwrap();
    let bytes = pattern(1, 5);
    write(producer.segments(&second).next().unwrap(), &bytes);
    producer.stage(second, 5, &counters).unwrap();
    producer.cancel(first);
    producer.settle().unwrap();
    assert!(producer.publish());
    let sent = ring.fetch(0);
    assert_eq!((sent.offset, sent.length, sent.flags), (0, 5, 0));
    let rest = producer.reserve(10 + 100 + 20).unwrap().unwrap();
    assert_eq!(rest.segments(), 3);
    assert_eq!(
        producer
            .segments(&rest)
            .map(|segment| segment.len())
            .collect::<Vec<_>>(),
        [10, 100, 20]
    );
    let _ = read(producer.segments(&rest).next().unwrap());
    producer.audit(&[rest]);
}

#[test]
fn a_frame_of_no_bytes_gives_its_buffers_back_and_counts_for_nothing() {
    for binding in [Binding::Any, Binding::InPlace] {
        let mut pair = pair(binding);
        assert!(pair.reserve(100) && pair.reserve(1));
        pair.stage(1, 1);
        pair.stage(0, 0);
        pair.producer.publish();
        assert_eq!(pair.sent_counters.totals().frames, 1);
        assert_eq!(pair.take(8), 1);
        pair.finish(8);
    }
}

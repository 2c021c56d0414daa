//! Descriptors that mean nothing: dropped, given back, counted; the frames around them arrive.

use super::pair::{BUFFER, ToClient};
use crate::heap::{HeapRing, pool, regions};
use crate::{
    Binding, Chain, ClientConsumer, Counters, Descriptor, NEXT, PeerFault, ServerConsumer,
    SharedRing,
};

fn descriptor(flags: u16, region: u16, offset: u32, length: u32) -> Descriptor {
    Descriptor {
        flags,
        region,
        length,
        offset,
        metadata: 0,
    }
}

/// What a server makes of these descriptors, between two good frames: lengths of frames, and how many were malformed.
fn server_takes(bad: &[Descriptor]) -> (Vec<u64>, u64) {
    let [any, in_place] =
        [Binding::Any, Binding::InPlace].map(|binding| server_takes_with(binding, bad));
    assert_eq!(any, in_place);
    any
}

fn server_takes_with(binding: Binding, bad: &[Descriptor]) -> (Vec<u64>, u64) {
    let (ring, counters) = (HeapRing::starting_at(3, 65_533), Counters::default());
    let mut consumer = ServerConsumer::new(ring.clone(), regions(&[4096, 100]), binding);
    consumer.start_at(65_533);
    let good = descriptor(0, 0, 0, 7);
    let mut at = 65_533u16;
    for &descriptor in [good].iter().chain(bad).chain(&[good]) {
        ring.store(at, descriptor);
        at = at.wrapping_add(1);
    }
    ring.publish_head(at);
    let mut frames = Vec::new();
    consumer.take(8, &mut frames, &counters);
    let lengths = frames.iter().map(Chain::bytes).collect();
    assert!(
        (0..8).all(|slot| ring.fetch(slot).flags == 0),
        "flags are left clean"
    );
    consumer.give_back(frames);
    assert_eq!(
        (ring.tail(), consumer.held()),
        (at, 0),
        "all slots are released"
    );
    (lengths, counters.totals().malformed)
}

#[test]
fn a_server_drops_what_lies_in_no_region() {
    for bad in [
        descriptor(0, 2, 0, 1),
        descriptor(0, u16::MAX, 0, 1),
        descriptor(0, 0, 4096, 1),
        descriptor(0, 1, 0, 101),
        descriptor(0, 1, 100, 1),
        descriptor(0, 0, u32::MAX, u32::MAX),
        descriptor(0, 0, 1, u32::MAX),
        descriptor(0, 0, 0, 0),
        descriptor(2, 0, 0, 1),
        descriptor(0x8000, 0, 0, 1),
    ] {
        assert_eq!(server_takes(&[bad]), (vec![7, 7], 1), "{bad:?}");
    }
}

#[test]
fn a_server_takes_what_just_fits() {
    assert_eq!(
        server_takes(&[descriptor(0, 1, 0, 100)]),
        (vec![7, 100, 7], 0)
    );
    assert_eq!(
        server_takes(&[descriptor(0, 0, 4095, 1)]),
        (vec![7, 1, 7], 0)
    );
}

#[test]
fn one_bad_piece_spoils_its_whole_chain_and_nothing_else() {
    let (good, bad) = (descriptor(NEXT, 0, 0, 5), descriptor(NEXT, 9, 0, 5));
    let last = descriptor(0, 0, 0, 5);
    assert_eq!(server_takes(&[good, good, last]), (vec![7, 15, 7], 0));
    assert_eq!(server_takes(&[good, bad, last]), (vec![7, 7], 1));
    assert_eq!(server_takes(&[bad, good, last]), (vec![7, 7], 1));
}

#[test]
fn a_chain_that_does_not_end_is_dropped() {
    for binding in [Binding::Any, Binding::InPlace] {
        let (ring, counters) = (HeapRing::new(2), Counters::default());
        let mut consumer = ServerConsumer::new(ring.clone(), regions(&[4096]), binding);
        (0..4).for_each(|at| ring.store(at, descriptor(NEXT, 0, 0, 5)));
        ring.publish_head(4);
        let mut frames = Vec::new();
        consumer.take(8, &mut frames, &counters);
        assert_eq!(
            (frames.len(), counters.totals().malformed, ring.tail()),
            (0, 1, 4)
        );
    }
}

/// What a client makes of a frame whose descriptor the server replaced, between two good frames.
fn client_takes(binding: Binding, change: impl Fn(Descriptor) -> Descriptor) -> (Vec<u64>, u64) {
    let mut pair = ToClient::to_client(3, 65_533, 8, binding);
    assert!(pair.send(7) && pair.send(8) && pair.send(9));
    let middle = 65_534;
    pair.ring.store(middle, change(pair.ring.fetch(middle)));
    let mut frames = Vec::new();
    pair.consumer.take(8, &mut frames, &pair.taken_counters);
    pair.consumer.audit(&frames);
    let lengths = frames.iter().map(Chain::bytes).collect();
    pair.consumer.give_back(frames);
    pair.consumer.audit(&[]);
    assert_eq!(
        pair.ring.head().wrapping_sub(pair.ring.tail()),
        8,
        "all buffers are posted again"
    );
    assert!((0..8).all(|slot| pair.ring.fetch(slot).length == BUFFER));
    (lengths, pair.taken_counters.totals().malformed)
}

#[test]
fn a_client_drops_what_claims_more_than_it_posted() {
    for binding in [Binding::InPlace, Binding::Any] {
        let with = |length: u32, flags: u16| {
            client_takes(binding, |sent| Descriptor {
                length,
                flags,
                ..sent
            })
        };
        assert_eq!(with(BUFFER, 0), (vec![7, 64, 9], 0));
        assert_eq!(with(BUFFER + 1, 0), (vec![7, 9], 1));
        assert_eq!(with(u32::MAX, 0), (vec![7, 9], 1));
        assert_eq!(with(0, 0), (vec![7, 9], 1));
        assert_eq!(with(8, 2), (vec![7, 9], 1));
        assert_eq!(with(8, NEXT), (vec![7, 17], 0));
    }
}

#[test]
fn a_client_believes_no_place_of_a_stranger() {
    let elsewhere = |sent| Descriptor {
        region: 7,
        offset: 12_345,
        ..sent
    };
    assert_eq!(
        client_takes(Binding::InPlace, elsewhere),
        (vec![7, 8, 9], 0)
    );
}

#[test]
fn in_any_slot_only_a_posted_buffer_may_come_back() {
    let at = |offset| move |sent| Descriptor { offset, ..sent };
    assert_eq!(
        client_takes(Binding::Any, at(64)),
        (vec![7, 8, 9], 0),
        "its own"
    );
    assert_eq!(
        client_takes(Binding::Any, at(7 * 64)),
        (vec![7, 8, 9], 0),
        "another posted one"
    );
    assert_eq!(
        client_takes(Binding::Any, at(0)),
        (vec![7, 9], 1),
        "one that came back already"
    );
    assert_eq!(
        client_takes(Binding::Any, at(65)),
        (vec![7, 9], 1),
        "the middle of one"
    );
    assert_eq!(
        client_takes(Binding::Any, at(8 * 64)),
        (vec![7, 9], 1),
        "none"
    );
}

#[test]
fn in_any_slot_no_buffer_comes_back_twice_while_the_user_holds_it() {
    let (ring, memory) = (HeapRing::new(1), regions(&[4096]));
    let counters = Counters::default();
    let mut consumer = ClientConsumer::new(ring.clone(), pool(&memory, 0, 3, BUFFER), Binding::Any);
    consumer.post();
    let mut frames = Vec::new();
    for tail in 1..20 {
        ring.store(tail - 1, descriptor(0, 0, 0, 10)); // always the first buffer
        ring.publish_tail(tail);
        consumer.take(9, &mut frames, &counters);
        consumer.post();
        consumer.audit(&frames);
    }
    assert_eq!((frames.len(), counters.totals().malformed), (1, 18));
}

#[test]
fn faults_carry_the_numbers_that_were_claimed() {
    let memory = regions(&[4096]);
    let judge = |region, offset, length| {
        let segment = memory.judge(descriptor(0, region, offset, length));
        segment.map(|segment| segment.len())
    };
    assert_eq!(judge(0, 0, 0), Err(PeerFault::ZeroLength));
    let absent = PeerFault::AbsentRegion { region: 1, have: 1 };
    assert_eq!(judge(1, 0, 1), Err(absent));
    let outside = PeerFault::OutsideRegion {
        region: 0,
        offset: 4000,
        length: 97,
        size: 4096,
    };
    assert_eq!(judge(0, 4000, 97), Err(outside));
    assert_eq!(judge(0, 4000, 96), Ok(96));
}

//! Honest clients that look strange: every layout that the protocol allows.

use memif::testing::{Manner, RawClient, Setup, Shape, Step};
use memwire_tests::frames::numbered;

use crate::victim::{ATTACKED, PATIENCE, ServerVictim, echo};

/// One frame of each length, there and back, on every queue.
fn works(client: &mut RawClient, queues: u16, lengths: &[usize]) {
    for queue in 0..queues {
        for (number, &len) in (0..).zip(lengths) {
            let frame = numbered(number, len);
            client.tx(queue).send(&frame, PATIENCE).expect("room");
            let back = client.rx(queue).recv(PATIENCE).expect("an echo");
            assert!(back == frame, "queue {queue}, {len} bytes");
        }
    }
}

#[test]
fn rings_and_buffers_may_lie_apart_or_together_with_either_line_size() {
    let victim = ServerVictim::with(&["queues=3"]);
    for shape in [Shape::TwoRegions, Shape::OneRegion] {
        for line in [64, 128] {
            for queues in [1, 3] {
                let setup = Setup::new(ATTACKED).with_layout(|layout| {
                    layout.shape = shape;
                    layout.line = line;
                    layout.s2m = queues;
                    layout.m2s = queues;
                });
                let mut client = victim.liar_with(Step::Up, setup);
                works(&mut client, queues, &[22, 64, 1518, 2048, 9000]);
                victim.is_left_by(client);
            }
        }
    }
    victim.proves_unharmed();
}

#[test]
fn rings_may_have_two_slots_or_16384() {
    let victim = ServerVictim::new();
    for log2_slots in [1, 2, 10, 14] {
        let setup = Setup::new(ATTACKED).with_layout(|layout| layout.log2_slots = log2_slots);
        let mut client = victim.liar_with(Step::Up, setup);
        works(&mut client, 1, &[22, 2048, 4096]);
        victim.is_left_by(client);
    }
    victim.proves_unharmed();
}

#[test]
fn buffers_may_be_tiny_or_huge() {
    let victim = ServerVictim::new();
    for buffer_size in [64, 100, 65_536, 1 << 20] {
        let setup = Setup::new(ATTACKED).with_layout(|layout| {
            layout.buffer_size = buffer_size;
            layout.log2_slots = 6;
        });
        let mut client = victim.liar_with(Step::Up, setup);
        works(&mut client, 1, &[22, 64, 1518, 4000]);
        victim.is_left_by(client);
    }
    victim.proves_unharmed();
}

#[test]
fn a_client_may_bring_rings_for_one_direction_only() {
    let victim = ServerVictim::new();
    for (s2m, m2s) in [(1, 0), (0, 1)] {
        let setup = Setup::new(ATTACKED).with_layout(|layout| {
            layout.s2m = s2m;
            layout.m2s = m2s;
        });
        let mut client = victim.liar_with(Step::Rings, setup);
        // Taken or refused with a reason, as the server likes.
        let _ = client.handshake();
        drop(client);
    }
    victim.proves_unharmed();
}

#[test]
fn indexes_wrap_around_many_times() {
    let victim = ServerVictim::new();
    let setup = Setup::new(ATTACKED)
        .with_manner(Manner::UNTIDY)
        .with_layout(|layout| layout.log2_slots = 3);
    let mut client = victim.liar_with(Step::Up, setup);
    let mut number = 0;
    while number < 70_000 {
        let mut sent = 0;
        while sent < 8
            && client
                .tx(0)
                .try_send(&numbered(number + sent, 64))
                .expect("rung")
        {
            sent += 1;
        }
        for _ in 0..sent {
            let back = client.rx(0).recv(PATIENCE).expect("an echo");
            assert!(back == numbered(number, 64), "frame {number}");
            number += 1;
        }
    }
    echo(&mut client, number, 64);
    victim.is_left_by(client);
    victim.proves_unharmed();
}

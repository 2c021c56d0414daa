//! Clients that lie in their rings after an honest handshake.

use memif::testing::{Descriptor, NEXT, RawClient, Setup, Step};
use memwire_tests::deadline::{SOON, eventually};

use crate::victim::{ATTACKED, ServerVictim, echo};

/// What is wrong, and how to make it so.
type Lie = (&'static str, fn(&mut Descriptor));

/// Publishes one descriptor that was changed by `lie`.
fn publish(liar: &mut RawClient, lie: impl FnOnce(&mut Descriptor)) {
    let tx = liar.tx(0);
    let mut descriptor = tx.honest_descriptor(0, 64);
    lie(&mut descriptor);
    tx.raw().set_descriptor(tx.position(), descriptor);
    tx.publish(1).expect("rung");
}

/// The victim takes or releases what was published.
fn is_consumed(liar: &mut RawClient) {
    let tx = liar.tx(0);
    eventually("the victim releases what it does not want", SOON, || {
        (tx.raw().tail() == tx.position()).then_some(())
    });
}

#[test]
fn bad_descriptors_are_dropped_and_the_link_stays() {
    let lies: [Lie; 12] = [
        ("absent region", |d| d.region = 2),
        ("absent region far away", |d| d.region = u16::MAX),
        ("no bytes", |d| d.length = 0),
        ("behind the region", |d| d.offset = 1 << 30),
        ("end behind the region", |d| d.length = 1 << 30),
        ("all there can be", |d| d.length = u32::MAX),
        ("offset and length wrap", |d| {
            d.offset = u32::MAX;
            d.length = u32::MAX;
        }),
        ("end just behind the region", |d| {
            d.offset = 2 * 256 * 2048 - 63;
            d.length = 64;
        }),
        ("offset at the end", |d| d.offset = 2 * 256 * 2048),
        ("NEXT and a lie", |d| {
            d.flags = NEXT;
            d.region = 9;
        }),
        ("ring memory as payload", |d| d.region = 0),
        ("undefined flags", |d| d.flags = 0xFFFE),
    ];
    let victim = ServerVictim::new();
    for (what, lie) in lies {
        let mut liar = victim.liar(Step::Up);
        publish(&mut liar, lie);
        if what.starts_with("NEXT") {
            publish(&mut liar, |_| ());
        }
        is_consumed(&mut liar);
        // Whatever the victim made of it, an honest frame is understood again.
        let frame = memwire_tests::frames::numbered(77, 500);
        liar.tx(0).send(&frame, SOON).expect("room");
        eventually(what, SOON, || {
            let came = liar.rx(0).try_recv().expect("honest echoes");
            (came? == frame).then_some(())
        });
        victim.is_left_by(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_chain_without_an_end_is_dropped() {
    let victim = ServerVictim::new();
    let mut liar = victim.liar(Step::Up);
    for _ in 0..3 {
        publish(&mut liar, |d| d.flags = NEXT);
        is_consumed(&mut liar);
    }
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn a_ring_that_is_one_endless_chain_ends() {
    let victim = ServerVictim::new();
    let mut liar = victim.liar(Step::Up);
    let tx = liar.tx(0);
    for ahead in 0..256 {
        let mut descriptor = tx.honest_descriptor(ahead, 2048);
        descriptor.flags = NEXT;
        tx.raw().set_descriptor(ahead, descriptor);
    }
    tx.publish(256).expect("rung");
    is_consumed(&mut liar);
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn a_head_that_jumps_is_survived() {
    let victim = ServerVictim::new();
    for jump in [257, 1000, 32_767, 32_768, 50_000, 65_535] {
        let mut liar = victim.liar(Step::Up);
        echo(&mut liar, 0, 64);
        let tx = liar.tx(0);
        let head = tx.position().wrapping_add(jump);
        tx.raw().set_head(head);
        tx.raw().ring().expect("rung");
        // Resynchronised or disconnected: both are answers.
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_client_that_overran_its_ring_is_understood_again() {
    let victim = ServerVictim::new();
    // As DPDK does once a chain did not fit: a little too far, or many times around.
    for over in [257, 300, 1000, 32_767, 32_768, 50_000, 65_000] {
        let mut liar = victim.liar(Step::Up);
        echo(&mut liar, 0, 64);
        let tx = liar.tx(0);
        for ahead in 0..256 {
            let descriptor = tx.honest_descriptor(ahead, 64);
            let at = tx.position().wrapping_add(ahead);
            tx.raw().set_descriptor(at, descriptor);
        }
        tx.publish(over).expect("rung");
        is_consumed(&mut liar);
        let frame = memwire_tests::frames::numbered(78, 500);
        liar.tx(0).send(&frame, SOON).expect("room");
        eventually("the honest frame comes back", SOON, || {
            let came = liar.rx(0).try_recv().expect("honest echoes");
            (came? == frame).then_some(())
        });
        victim.is_left_by(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn indexes_that_belong_to_the_victim_are_not_believed() {
    let victim = ServerVictim::new();
    for lie in [1, 255, 256, 40_000, 65_535] {
        let mut liar = victim.liar(Step::Up);
        echo(&mut liar, 0, 64);
        // The server writes the tails; a client that does is heard by nobody.
        liar.raw(true, 0).set_tail(lie);
        liar.raw(false, 0).set_tail(lie);
        let frame = memwire_tests::frames::numbered(1, 64);
        let tx = liar.tx(0);
        let at = tx.position();
        let descriptor = tx.honest_descriptor(0, 64);
        tx.raw().set_descriptor(at, descriptor);
        liar.memory().regions[1]
            .mapping
            .write(descriptor.offset as usize, &frame);
        liar.tx(0).publish(1).expect("rung");
        is_consumed(&mut liar);
        victim.is_left_by(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn bad_buffers_offered_for_receiving_are_not_written() {
    let lies: [fn(&mut Descriptor); 7] = [
        |d| d.region = 7,
        |d| d.region = u16::MAX,
        |d| d.length = 0,
        |d| d.offset = 1 << 30,
        |d| d.length = u32::MAX,
        |d| {
            d.offset = u32::MAX;
            d.length = u32::MAX;
        },
        |d| d.offset = 2 * 256 * 2048 - 1,
    ];
    let victim = ServerVictim::new();
    for lie in lies {
        let mut liar = victim.liar(Step::Up);
        for index in 0..256 {
            let ring = liar.raw(false, 0);
            let mut descriptor = ring.descriptor(index);
            lie(&mut descriptor);
            ring.set_descriptor(index, descriptor);
        }
        // The victim echoes each of these into a buffer that is a lie.
        for number in 0..300 {
            let frame = memwire_tests::frames::numbered(number, 64);
            let _ = liar.tx(0).try_send(&frame).expect("rung");
        }
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_posted_head_that_jumps_is_survived() {
    let victim = ServerVictim::new();
    for head in [257, 1000, 32_768, 50_000, 65_535] {
        let mut liar = victim.liar(Step::Up);
        liar.raw(false, 0).set_head(head);
        for number in 0..300 {
            let frame = memwire_tests::frames::numbered(number, 64);
            let _ = liar.tx(0).try_send(&frame).expect("rung");
        }
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn undefined_ring_flags_are_no_offence() {
    let victim = ServerVictim::new();
    let mut liar = victim.liar(Step::Up);
    liar.raw(false, 0).set_flags(0xFFFF);
    echo(&mut liar, 0, 64);
    liar.raw(false, 0).set_flags(0xFFFE);
    liar.raw(true, 0).set_flags(0xFFFE);
    echo(&mut liar, 1, 64);
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn rings_scribbled_over_while_in_use_are_survived() {
    let victim = ServerVictim::new();
    for round in 0..5u32 {
        let setup = Setup::new(ATTACKED).with_layout(|layout| layout.log2_slots = 4);
        let liar = victim.liar_with(Step::Up, setup);
        let memory = &liar.memory().regions[0].mapping;
        let words = u32::try_from(memory.len() / 4).expect("small rings");
        let mut random = 0x9E37_79B9 ^ round;
        for _ in 0..200_000 {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            memory.store_u32(4 * (random % words) as usize, random);
            if random.is_multiple_of(64) {
                liar.raw(true, 0).ring().expect("rung");
            }
        }
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn bells_rung_without_reason_are_only_spurious() {
    let victim = ServerVictim::new();
    let mut liar = victim.liar(Step::Up);
    for number in 0..1000 {
        liar.raw(true, 0).ring().expect("rung");
        liar.raw(false, 0).ring().expect("rung");
        if number % 100 == 0 {
            echo(&mut liar, number, 64);
        }
    }
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn buffers_that_all_lie_in_the_rings_hurt_only_their_owner() {
    let victim = ServerVictim::new();
    let mut liar = victim.liar(Step::Up);
    for index in 0..256 {
        let ring = liar.raw(false, 0);
        let inside = Descriptor {
            region: 0,
            offset: 0,
            length: 2048,
            ..Descriptor::default()
        };
        ring.set_descriptor(index, inside);
    }
    // The echo overwrites the rings themselves.
    let frame = memwire_tests::frames::numbered(5, 1500);
    for _ in 0..100 {
        let _ = liar.tx(0).try_send(&frame);
    }
    drop(liar);
    victim.proves_unharmed();
}

//! Servers that lie in the rings after an honest handshake.

use memif::testing::{Descriptor, NEXT, PATIENCE, RawSession};
use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::frames::numbered;

use crate::victim::ClientVictim;

/// What is wrong, and how to make it so.
type Lie = (&'static str, fn(&mut Descriptor));

/// Publishes one posted buffer as filled, its descriptor changed by `lie`.
fn publish(liar: &mut RawSession, lie: impl FnOnce(&mut Descriptor)) {
    let tx = liar.tx(0);
    eventually("buffers are posted", SOON, || (tx.room() > 0).then_some(()));
    let mut descriptor = tx.honest_descriptor(0, 64);
    lie(&mut descriptor);
    tx.raw().set_descriptor(tx.position(), descriptor);
    tx.publish(1).expect("rung");
}

fn echo(liar: &mut RawSession, number: u64) {
    let frame = numbered(number, 500);
    liar.tx(0).send(&frame, PATIENCE).expect("room");
    eventually("the honest frame comes back", SOON, || {
        let came = liar.rx(0).try_recv().expect("honest echoes");
        (came? == frame).then_some(())
    });
}

#[test]
fn what_a_server_writes_into_descriptors_is_not_believed() {
    let lies: [Lie; 8] = [
        ("another region", |d| d.region = 9),
        ("another region far away", |d| d.region = u16::MAX),
        ("another place", |d| d.offset = u32::MAX),
        ("more than the buffer holds", |d| d.length = 1 << 20),
        ("all there can be", |d| d.length = u32::MAX),
        ("no bytes", |d| d.length = 0),
        ("undefined flags", |d| d.flags = 0xFFFE),
        ("undefined metadata", |d| d.metadata = u32::MAX),
    ];
    let victim = ClientVictim::new();
    for (what, lie) in lies {
        let mut liar = victim.trusting();
        publish(&mut liar, lie);
        eprintln!("{what}");
        echo(&mut liar, 3);
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_chain_without_an_end_is_dropped() {
    let victim = ClientVictim::new();
    let mut liar = victim.trusting();
    publish(&mut liar, |d| d.flags = NEXT);
    let posted = liar.tx(0).raw().slots();
    eventually("the buffer is posted again", SOON, || {
        let ring = liar.tx(0).raw();
        let out = ring.head().wrapping_sub(ring.tail());
        (out > 0 && out <= posted).then_some(())
    });
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn everything_as_one_endless_chain_ends() {
    let victim = ClientVictim::new();
    let mut liar = victim.trusting();
    let tx = liar.tx(0);
    eventually("buffers are posted", SOON, || (tx.room() > 0).then_some(()));
    let room = tx.room();
    for ahead in 0..room {
        let mut descriptor = tx.honest_descriptor(ahead, 2048);
        descriptor.flags = NEXT;
        tx.raw()
            .set_descriptor(tx.position().wrapping_add(ahead), descriptor);
    }
    tx.publish(room).expect("rung");
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn a_tail_beyond_what_was_posted_is_survived() {
    let victim = ClientVictim::new();
    for jump in [1025, 2000, 32_768, 50_000, 65_535] {
        let mut liar = victim.trusting();
        echo(&mut liar, 0);
        let tx = liar.tx(0);
        let tail = tx.position().wrapping_add(jump);
        tx.raw().set_tail(tail);
        tx.raw().ring().expect("rung");
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn buffers_released_that_were_never_sent_are_not_believed() {
    let victim = ClientVictim::new();
    for jump in [1, 1000, 32_768, 50_000, 65_535] {
        let mut liar = victim.trusting();
        echo(&mut liar, 0);
        let ring = liar.rx(0).raw();
        ring.set_tail(ring.tail().wrapping_add(jump));
        // Whatever it makes of that, it is asked to send some more.
        for number in 0..20 {
            let frame = numbered(number, 64);
            let _ = liar.tx(0).try_send(&frame).expect("rung");
        }
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_server_that_never_gives_buffers_back_only_fills_the_ring() {
    let victim = ClientVictim::new();
    let mut liar = victim.trusting();
    for number in 0..3000 {
        let frame = numbered(number, 64);
        let _ = liar.tx(0).try_send(&frame).expect("rung");
    }
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn rings_scribbled_over_while_in_use_are_survived() {
    let victim = ClientVictim::new();
    for round in 0..5u32 {
        let liar = victim.trusting();
        let memory = &liar.mappings()[0];
        let words = u32::try_from(memory.len().min(1 << 16) / 4).expect("at most 64 KiB");
        let mut random = 0x85EB_CA6B ^ round;
        for _ in 0..200_000 {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            memory.store_u32(4 * (random % words) as usize, random);
        }
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn undefined_ring_flags_are_no_offence() {
    let victim = ClientVictim::new();
    let mut liar = victim.trusting();
    liar.tx(0).raw().set_flags(0xFFFE);
    liar.rx(0).raw().set_flags(0xFFFF);
    echo(&mut liar, 1);
    liar.rx(0).raw().set_flags(0xFFFE);
    echo(&mut liar, 2);
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn bells_rung_without_reason_are_only_spurious() {
    let victim = ClientVictim::new();
    let mut liar = victim.trusting();
    for number in 0..1000 {
        liar.tx(0).raw().ring().expect("rung");
        liar.rx(0).raw().ring().expect("rung");
        if number % 100 == 0 {
            echo(&mut liar, number);
        }
    }
    drop(liar);
    victim.proves_unharmed();
}

//! Clients that announce regions and rings that cannot be.

use memif::testing::{AddRing, Step};

use crate::victim::ServerVictim;

/// What is wrong, and how to make it so.
type RingLie = (&'static str, fn(&mut AddRing));

#[test]
fn region_indexes_out_of_order_are_refused() {
    let victim = ServerVictim::new();
    for index in [1, 200, 255, 256, u16::MAX] {
        let liar = victim.liar(Step::Init);
        liar.send_region(0, |region| region.index = index)
            .expect("sent");
        victim.refuses(&liar);
    }
    let liar = victim.liar(Step::Init);
    liar.send_region(0, |_| ()).expect("sent");
    liar.ack().expect("the first is fine");
    liar.send_region(0, |_| ()).expect("sent");
    victim.refuses(&liar);
    victim.proves_unharmed();
}

#[test]
fn regions_without_end_are_refused_at_some_point() {
    let victim = ServerVictim::new();
    let liar = victim.liar(Step::Init);
    let accepted = (0..300).take_while(|&index| {
        let sent = liar.send_region(0, |region| region.index = index);
        sent.and_then(|()| liar.ack()).is_ok()
    });
    assert!(accepted.count() <= 256);
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn rings_that_cannot_be_are_refused() {
    let lies: [RingLie; 14] = [
        ("absent region", |ring| ring.region = 2),
        ("absent region far away", |ring| ring.region = u16::MAX),
        ("second ring first", |ring| ring.index = 1),
        ("index 200", |ring| ring.index = 200),
        ("index 65535", |ring| ring.index = u16::MAX),
        ("behind the region", |ring| ring.offset = 1 << 20),
        ("end behind the region", |ring| ring.offset = 64 * 100),
        ("end behind 4 GiB", |ring| ring.offset = 0xFFFF_FFC0),
        ("unaligned", |ring| ring.offset = 1),
        ("no slots", |ring| ring.log2_slots = 0),
        ("2^15 slots", |ring| ring.log2_slots = 15),
        ("2^64 slots", |ring| ring.log2_slots = 64),
        ("2^255 slots", |ring| ring.log2_slots = 255),
        ("private header", |ring| ring.private_header = 8),
    ];
    let victim = ServerVictim::new();
    for (what, lie) in lies {
        let liar = victim.liar(Step::Regions);
        liar.send_ring(true, 0, lie).expect(what);
        victim.refuses(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn the_same_ring_256_times_is_refused() {
    let victim = ServerVictim::new();
    let liar = victim.liar(Step::Regions);
    let accepted = (0..256).take_while(|_| {
        let sent = liar.send_ring(true, 0, |_| ());
        sent.and_then(|()| liar.ack()).is_ok()
    });
    assert_eq!(accepted.count(), 1);
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn more_rings_than_there_can_be_are_refused() {
    let victim = ServerVictim::new();
    let liar = victim.liar(Step::Regions);
    let accepted = (0..300).take_while(|&index| {
        let sent = liar.send_ring(true, 0, |ring| ring.index = index);
        sent.and_then(|()| liar.ack()).is_ok()
    });
    assert!(accepted.count() < 256);
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn connecting_with_nothing_to_share_is_no_link() {
    let victim = ServerVictim::new();
    for step in [Step::Init, Step::Regions] {
        let liar = victim.liar(step);
        liar.send_connect().expect("sent");
        victim.refuses(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_ring_without_its_cookie_is_refused() {
    let victim = ServerVictim::new();
    for cookie in [0, 1, 0x03E3_1F21, u32::MAX] {
        let mut liar = victim.liar(Step::Regions);
        liar.raw(true, 0).set_cookie(cookie);
        // Whether it looks when the ring is announced or when the link begins.
        liar.advance(Step::Up)
            .expect_err("the victim looks at the cookie");
    }
    victim.proves_unharmed();
}

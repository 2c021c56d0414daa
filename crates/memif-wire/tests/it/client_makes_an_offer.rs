//! What a client makes of HELLO, and what its caller may offer then.

use memif_wire::{
    AddRing, Client, ClientConfig, Direction, Hello, Init, Message, Misuse, Negotiated, Offer,
    Outgoing, RingId, Secret, Violation,
};

use crate::honest::{ALLOWED, NOW, client, client_config, hello, init, name, offer, ring};
use crate::server_story::{breaks, introduced, introduced_by, offering, receive};

#[test]
fn the_counts_are_the_smaller_of_wanted_and_largest_index_plus_one() {
    let tight = Hello {
        max_region: 1,
        max_s2m_ring: 0,
        max_m2s_ring: 3,
        max_log2_slots: 8,
        ..hello()
    };
    let config = ClientConfig {
        rings_s2m: 4,
        rings_m2s: 2,
        log2_slots: 10,
        ..client_config()
    };
    let (_, negotiated) = introduced_by(tight, config);
    let expected = Negotiated {
        rings_s2m: 1,
        rings_m2s: 2,
        log2_slots: 8,
        max_regions: 2,
        peer: name("server"),
    };
    assert_eq!(negotiated, expected);
}

#[test]
fn the_largest_numbers_a_server_can_claim_do_not_overflow() {
    let boast = Hello {
        max_region: u16::MAX,
        max_m2s_ring: u16::MAX,
        max_s2m_ring: u16::MAX,
        max_log2_slots: u8::MAX,
        ..hello()
    };
    let config = ClientConfig {
        rings_s2m: u16::MAX,
        rings_m2s: u16::MAX,
        log2_slots: u8::MAX,
        ..client_config()
    };
    let (_, negotiated) = introduced_by(boast, config);
    assert_eq!(
        (negotiated.rings_s2m, negotiated.rings_m2s),
        (u16::MAX, u16::MAX)
    );
    assert_eq!(
        (negotiated.log2_slots, negotiated.max_regions),
        (14, u16::MAX)
    );
}

#[test]
fn init_says_who_the_client_is_and_what_it_knows() {
    let secret = Secret::new(b"open sesame").unwrap();
    let mut client = Client::new(
        ClientConfig {
            secret: Some(secret),
            ..client_config()
        },
        ALLOWED,
        NOW,
    );
    let (sent, _) = receive(&mut client, &Message::Hello(hello())).unwrap();
    let expected = Message::Init(Init { secret, ..init() });
    assert_eq!(
        sent,
        Some(Outgoing {
            message: expected,
            fd: None
        })
    );
}

#[test]
fn an_ack_before_the_caller_made_its_offer_is_named_as_the_callers_fault() {
    let (client, _) = introduced();
    assert_eq!(breaks(client, &Message::Ack), Violation::NothingOffered);
}

#[test]
fn an_offer_before_hello_or_a_second_one_is_misuse() {
    let (_, negotiated) = introduced();
    assert_eq!(client().offer(offer(&negotiated)), Err(Misuse::NotNow));
    assert_eq!(offering(0).offer(offer(&negotiated)), Err(Misuse::NotNow));
    assert_eq!(offering(2).offer(offer(&negotiated)), Err(Misuse::NotNow));
}

#[test]
fn a_bad_offer_never_leaves_and_a_better_one_may_follow() {
    let (mut client, negotiated) = introduced();
    let empty = Offer::default();
    assert_eq!(
        client.offer(empty),
        Err(Misuse::BadOffer(Violation::NoRing))
    );
    assert_eq!(client.offer(offer(&negotiated)), Ok(()));
}

#[test]
fn an_offer_is_held_to_what_was_negotiated() {
    let ring_id = |direction, index| RingId { direction, index };
    let third = ring_id(Direction::S2m, 2);
    let violation = refused(|offer| offer.rings.insert(2, ring(Direction::S2m, 2)));
    assert_eq!(
        violation,
        Violation::RingIndex {
            ring: third,
            limit: 2
        }
    );

    let first = ring_id(Direction::S2m, 0);
    let violation = refused(|offer| {
        offer.rings[0] = AddRing {
            log2_slots: 11,
            ..offer.rings[0]
        }
    });
    assert_eq!(
        violation,
        Violation::SlotCount {
            ring: first,
            log2: 11,
            max: 10
        }
    );

    let violation = refused(|offer| offer.regions = vec![1 << 20; 257]);
    assert_eq!(
        violation,
        Violation::TooManyRegions {
            index: 256,
            limit: 256
        }
    );

    let violation = refused(|offer| offer.rings.reverse());
    assert!(
        matches!(violation, Violation::RingOutOfOrder { .. }),
        "{violation:?}"
    );
}

fn refused(change: impl FnOnce(&mut Offer)) -> Violation {
    let (mut client, negotiated) = introduced();
    let mut offered = offer(&negotiated);
    change(&mut offered);
    match client.offer(offered) {
        Err(Misuse::BadOffer(violation)) => violation,
        other => panic!("a bad offer, not {other:?}"),
    }
}

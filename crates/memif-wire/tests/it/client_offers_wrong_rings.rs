//! What a client can do wrong with the rings it offers.

use memif_wire::{AddRing, Direction, Limits, Message, RingId, ServerEvent, Violation};

use crate::client_story::{Story, s2m};
use crate::honest::{init, name, region, ring};

const S2M_0: RingId = RingId {
    direction: Direction::S2m,
    index: 0,
};

#[test]
fn a_ring_index_the_interface_does_not_have_asks_to_configure_both_ends_equal() {
    let rings = [
        Message::AddRing(ring(Direction::S2m, 0)),
        Message::AddRing(ring(Direction::S2m, 1)),
    ];
    let violation = Story::with_a_region_of(1 << 20)
        .after(&rings)
        .breaks(&Message::AddRing(ring(Direction::S2m, 2)));
    assert_eq!(
        violation,
        Violation::RingIndex {
            ring: RingId { index: 2, ..S2M_0 },
            limit: 2
        }
    );
    assert_eq!(
        violation.to_string(),
        "client offered ring S2M 2, the server has 2 S2M rings: configure both ends equal"
    );
}

#[test]
fn the_limits_cut_the_rings_an_interface_has() {
    for direction in [Direction::S2m, Direction::M2s] {
        let mut story = Story::limited(Limits {
            rings_each_way: 1,
            ..Limits::default()
        });
        story.interface.terms.rings_m2s = 2;
        let story = story.after(&[
            Message::Init(init()),
            Message::AddRegion(region(0)),
            Message::AddRing(ring(direction, 0)),
        ]);
        let violation = story.breaks(&Message::AddRing(ring(direction, 1)));
        let second = RingId {
            direction,
            index: 1,
        };
        assert_eq!(
            violation,
            Violation::RingIndex {
                ring: second,
                limit: 1
            }
        );
    }
}

#[test]
fn a_ring_sent_twice_is_out_of_order() {
    let again = Message::AddRing(ring(Direction::S2m, 0));
    let violation = Story::with_a_region_of(1 << 20)
        .after(std::slice::from_ref(&again))
        .breaks(&again);
    assert_eq!(
        violation,
        Violation::RingOutOfOrder {
            expected: RingId { index: 1, ..S2M_0 },
            got: S2M_0
        }
    );
}

#[test]
fn a_skipped_ring_is_out_of_order() {
    let got = RingId { index: 1, ..S2M_0 };
    let violation =
        Story::with_a_region_of(1 << 20).breaks(&Message::AddRing(ring(Direction::S2m, 1)));
    assert_eq!(
        violation,
        Violation::RingOutOfOrder {
            expected: S2M_0,
            got
        }
    );
}

#[test]
fn an_s2m_ring_after_an_m2s_ring_is_out_of_order() {
    let story =
        Story::with_a_region_of(1 << 20).after(&[Message::AddRing(ring(Direction::M2s, 0))]);
    let expected = RingId {
        direction: Direction::M2s,
        index: 1,
    };
    let violation = story.breaks(&Message::AddRing(ring(Direction::S2m, 0)));
    assert_eq!(
        violation,
        Violation::RingOutOfOrder {
            expected,
            got: S2M_0
        }
    );
}

#[test]
fn rings_of_fewer_than_2_or_more_than_16384_slots_are_refused() {
    for log2 in [0, 15, 63, 64, 255] {
        let message = s2m(AddRing {
            log2_slots: log2,
            ..ring(Direction::S2m, 0)
        });
        let violation = Story::with_a_region_of(1 << 20).breaks(&message);
        assert_eq!(
            violation,
            Violation::SlotCount {
                ring: S2M_0,
                log2,
                max: 14
            }
        );
    }
}

#[test]
fn a_private_header_is_refused() {
    let message = s2m(AddRing {
        private_header: 64,
        ..ring(Direction::S2m, 0)
    });
    let violation = Story::with_a_region_of(1 << 20).breaks(&message);
    assert_eq!(
        violation,
        Violation::PrivateHeader {
            ring: S2M_0,
            bytes: 64
        }
    );
}

#[test]
fn a_ring_in_an_absent_region_is_refused() {
    let message = s2m(AddRing {
        region: 1,
        ..ring(Direction::S2m, 0)
    });
    let violation = Story::with_a_region_of(1 << 20).breaks(&message);
    assert_eq!(
        violation,
        Violation::RingRegion {
            ring: S2M_0,
            region: 1,
            have: 1
        }
    );
}

#[test]
fn a_ring_before_any_region_has_no_region_to_lie_in() {
    let violation = Story::new()
        .after(&[Message::Init(init())])
        .breaks(&Message::AddRing(ring(Direction::S2m, 0)));
    assert_eq!(
        violation,
        Violation::RingRegion {
            ring: S2M_0,
            region: 0,
            have: 0
        }
    );
}

#[test]
fn a_ring_off_the_multiples_of_8_is_refused() {
    let message = s2m(AddRing {
        offset: 68,
        ..ring(Direction::S2m, 0)
    });
    let violation = Story::with_a_region_of(1 << 20).breaks(&message);
    assert_eq!(
        violation,
        Violation::RingUnaligned {
            ring: S2M_0,
            offset: 68
        }
    );
}

#[test]
fn tiny_rings_of_libmemif_need_no_whole_cache_line() {
    let tiny = |index, offset| AddRing {
        index,
        offset,
        log2_slots: 1,
        ..ring(Direction::S2m, 0)
    };
    let mut story = Story::with_a_region_of(320).after(&[Message::AddRing(tiny(0, 0))]);
    assert_eq!(
        story.receive(&Message::AddRing(tiny(1, 160))),
        Ok(Some(ServerEvent::Ring(tiny(1, 160))))
    );
}

#[test]
fn a_ring_fits_to_the_last_byte_of_its_region_and_no_further() {
    let need = 128 + 16 * 1024;
    let message = s2m(AddRing {
        offset: 64,
        ..ring(Direction::S2m, 0)
    });
    Story::with_a_region_of(64 + need)
        .receive(&message)
        .unwrap();
    let violation = Story::with_a_region_of(64 + need - 1).breaks(&message);
    assert_eq!(
        violation,
        Violation::RingOutside {
            ring: S2M_0,
            offset: 64,
            need,
            size: 64 + need - 1
        }
    );
}

#[test]
fn a_ring_at_the_end_of_the_address_range_does_not_wrap_around() {
    let offset = u32::MAX - 7;
    let message = s2m(AddRing {
        offset,
        log2_slots: 14,
        ..ring(Direction::S2m, 0)
    });
    let violation = Story::with_a_region_of(1 << 32).breaks(&message);
    assert_eq!(
        violation,
        Violation::RingOutside {
            ring: S2M_0,
            offset,
            need: 262_272,
            size: 1 << 32
        }
    );
}

#[test]
fn rings_over_each_other_are_refused() {
    let first = ring(Direction::S2m, 0);
    let story = Story::with_a_region_of(1 << 20).after(&[Message::AddRing(first)]);
    let second = AddRing {
        direction: Direction::M2s,
        offset: first.offset + 128 + 16 * 1024 - 8,
        ..first
    };
    let violation = story.breaks(&Message::AddRing(second));
    assert_eq!(
        violation,
        Violation::RingOverlap {
            ring: second.id(),
            other: first.id()
        }
    );
}

#[test]
fn rings_may_touch_each_other_in_any_order_of_their_places() {
    let need = 128 + 16 * 1024;
    let at = |index, offset| {
        Message::AddRing(AddRing {
            offset,
            ..ring(Direction::S2m, index)
        })
    };
    Story::with_a_region_of(1 << 20).after(&[at(0, need), at(1, 0)]);
    Story::with_a_region_of(1 << 20).after(&[at(0, 0), at(1, need)]);
}

#[test]
fn rings_at_the_same_place_of_different_regions_are_apart() {
    let first = ring(Direction::S2m, 0);
    let second = AddRing {
        region: 1,
        index: 1,
        ..first
    };
    Story::with_a_region_of(1 << 20).after(&[
        Message::AddRegion(region(1)),
        Message::AddRing(first),
        Message::AddRing(second),
    ]);
}

#[test]
fn connect_without_a_ring_is_refused() {
    let violation = Story::with_a_region_of(1 << 20).breaks(&Message::Connect(name("client if")));
    assert_eq!(violation, Violation::NoRing);
}

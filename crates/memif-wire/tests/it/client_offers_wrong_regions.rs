//! What a client can do wrong with the regions it offers.

use memif_wire::{AddRegion, Limits, Message, Violation};

use crate::client_story::Story;
use crate::honest::{init, region};

#[test]
fn a_region_out_of_order_is_refused() {
    let violation = Story::with_a_region_of(1 << 20).breaks(&Message::AddRegion(region(200)));
    assert_eq!(
        violation,
        Violation::RegionOutOfOrder {
            expected: 1,
            got: 200
        }
    );
    let violation = Story::with_a_region_of(1 << 20).breaks(&Message::AddRegion(region(0)));
    assert_eq!(
        violation,
        Violation::RegionOutOfOrder {
            expected: 1,
            got: 0
        }
    );
}

#[test]
fn a_region_beyond_the_limit_is_refused() {
    let story = Story::limited(Limits {
        regions: 2,
        ..Limits::default()
    });
    let story = story.after(&[
        Message::Init(init()),
        Message::AddRegion(region(0)),
        Message::AddRegion(region(1)),
    ]);
    let violation = story.breaks(&Message::AddRegion(region(2)));
    assert_eq!(violation, Violation::TooManyRegions { index: 2, limit: 2 });
}

#[test]
fn an_empty_region_is_refused() {
    let story = Story::new().after(&[Message::Init(init())]);
    let violation = story.breaks(&Message::AddRegion(AddRegion { index: 0, size: 0 }));
    assert_eq!(violation, Violation::EmptyRegion { index: 0 });
}

#[test]
fn regions_together_beyond_the_limit_are_refused() {
    let story = Story::limited(Limits {
        bytes: 3 << 20,
        ..Limits::default()
    })
    .after(&[Message::Init(init()), Message::AddRegion(region(0))]);
    let violation = story.breaks(&Message::AddRegion(AddRegion {
        index: 1,
        size: (2 << 20) + 1,
    }));
    assert_eq!(
        violation,
        Violation::TotalBytes {
            total: (3 << 20) + 1,
            limit: 3 << 20
        }
    );
}

#[test]
fn regions_may_fill_the_limit_to_the_last_byte() {
    let limits = Limits {
        regions: 2,
        bytes: 2 << 20,
        ..Limits::default()
    };
    let regions = [
        Message::Init(init()),
        Message::AddRegion(region(0)),
        Message::AddRegion(region(1)),
    ];
    Story::limited(limits).after(&regions);
}

#[test]
fn region_sizes_that_overflow_their_sum_are_refused() {
    let story = Story::limited(Limits {
        bytes: u64::MAX - 1,
        ..Limits::default()
    });
    let story = story.after(&[Message::Init(init()), Message::AddRegion(region(0))]);
    let violation = story.breaks(&Message::AddRegion(AddRegion {
        index: 1,
        size: u64::MAX,
    }));
    assert_eq!(
        violation,
        Violation::TotalBytes {
            total: u64::MAX,
            limit: u64::MAX - 1
        }
    );
}

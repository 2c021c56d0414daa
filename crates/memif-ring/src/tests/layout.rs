//! Where rings and buffers go.

use proptest::prelude::*;

use super::*;

fn request() -> Request {
    Request {
        rings_s2m: 1,
        rings_m2s: 1,
        log2_slots: 4,
        buffer_size: 2048,
        buffers_s2m: 16,
        buffers_m2s: 16,
        max_regions: 256,
    }
}

/// Everything a layout places, as (region, first byte, byte behind the last).
fn places(request: &Request, layout: &Layout) -> Vec<(u16, u64, u64)> {
    let ring = ring_bytes(1 << request.log2_slots, LineSize::Bytes64) as u64;
    let buffer = u64::from(request.buffer_size);
    let rings = layout.rings.iter().map(|place| (0, place.offset, ring));
    let buffers = layout.rings.iter().flat_map(|place| &place.buffers);
    rings
        .chain(buffers.map(|&(region, offset)| (region, offset, buffer)))
        .map(|(region, offset, bytes)| (region, offset.into(), u64::from(offset) + bytes))
        .collect()
}

fn assert_sound(request: &Request, layout: &Layout) {
    let mut places = places(request, layout);
    places.sort_unstable();
    for &(region, start, end) in &places {
        assert!(
            end <= layout.regions[usize::from(region)],
            "{region}: {start}..{end}"
        );
        assert!(start.is_multiple_of(64));
    }
    for pair in places.windows(2) {
        let ((region, _, end), (next, start, _)) = (pair[0], pair[1]);
        assert!(region < next || end <= start, "{pair:?} overlap");
    }
    assert!(
        layout
            .regions
            .iter()
            .all(|&bytes| bytes > 0 && bytes <= REGION_LIMIT)
    );
    assert!(layout.regions.len() as u64 <= u64::from(request.max_regions));
    for place in &layout.rings {
        assert!(place.buffers.is_sorted(), "a pool needs them in order");
        let wanted = match place.direction {
            Direction::S2m => request.buffers_s2m,
            Direction::M2s => request.buffers_m2s,
        };
        assert_eq!(place.buffers.len(), usize::from(wanted));
    }
    let names: Vec<_> = layout
        .rings
        .iter()
        .map(|place| (place.direction, place.index))
        .collect();
    assert_eq!(names, ring_names(request).collect::<Vec<_>>());
}

fn any_request() -> impl Strategy<Value = Request> {
    let size = prop_oneof![
        4 => 64u32..10_000,
        1 => (1u32..=1024).prop_map(|pages| pages * 4096),
        1 => 1_000_000u32..40_000_000,
        1 => any::<u32>(),
    ];
    let slots = prop_oneof![8 => 0u8..=8, 1 => 9u8..=14];
    let regions = prop_oneof![2 => Just(256), 1 => 0u32..300, 1 => any::<u32>()];
    (0u16..6, 0u16..6, slots, size, 0u16..300, 0u16..300, regions).prop_map(
        |(rings_s2m, rings_m2s, log2_slots, buffer_size, buffers_s2m, buffers_m2s, max_regions)| {
            Request {
                rings_s2m,
                rings_m2s,
                log2_slots,
                buffer_size,
                buffers_s2m,
                buffers_m2s,
                max_regions,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_overlaps_and_all_lies_inside(request in any_request()) {
        match Layout::new(&request) {
            Ok(layout) => assert_sound(&request, &layout),
            Err(LayoutError::BufferSize(size)) => prop_assert!(!(64..=4_294_963_200).contains(&size)),
            Err(LayoutError::TooManyRegions { needed, accepted, .. }) => prop_assert!(needed > accepted.into()),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}

#[test]
fn frames_of_8k_sixteen_deep_take_several_regions() {
    // 7680 × 4320, 10 bits 4:2:2 in 16-bit words.
    let buffer_size = 7680 * 4320 * 4;
    let request = Request {
        buffer_size,
        buffers_m2s: 0,
        ..request()
    };
    let layout = Layout::new(&request).unwrap();
    assert_sound(&request, &layout);
    assert_eq!(layout.regions.len(), 1 + 2); // eight of these fit into a GiB
    assert!(layout.regions.iter().sum::<u64>() < 16 * u64::from(buffer_size) + (1 << 20));
}

#[test]
fn only_the_direction_in_use_gets_buffers() {
    let request = Request {
        buffers_s2m: 0,
        ..request()
    };
    let layout = Layout::new(&request).unwrap();
    assert!(layout.rings[0].buffers.is_empty());
    assert_eq!(layout.rings[1].buffers.len(), 16);
    let neither = Request {
        buffers_m2s: 0,
        ..request
    };
    assert_eq!(Layout::new(&neither).unwrap().regions.len(), 1);
}

#[test]
fn the_starts_of_small_buffers_spread_over_a_cache() {
    for buffer_size in [64, 1500, 2048, 4032] {
        let request = Request {
            buffer_size,
            buffers_s2m: 64,
            ..request()
        };
        let layout = Layout::new(&request).unwrap();
        let set = |&(_, offset): &(u16, u32)| offset / 64 % 64;
        let sets: std::collections::HashSet<u32> =
            layout.rings[0].buffers.iter().map(set).collect();
        assert_eq!(sets.len(), 64, "buffers of {buffer_size} bytes");
    }
}

#[test]
fn the_largest_buffer_has_a_region_of_its_own() {
    let request = Request {
        buffer_size: 4_294_963_200,
        ..request()
    };
    let layout = Layout::new(&request).unwrap();
    assert_sound(&request, &layout);
    assert_eq!(layout.regions.len(), 33);
}

#[test]
fn what_cannot_be_laid_out_is_refused_with_its_numbers() {
    let refused = |request| Layout::new(&request).unwrap_err();
    for buffer_size in [0, 63, 4_294_963_201, u32::MAX] {
        let error = refused(Request {
            buffer_size,
            ..request()
        });
        assert_eq!(error, LayoutError::BufferSize(buffer_size));
    }
    for log2_slots in [15, 16, 255] {
        let error = refused(Request {
            log2_slots,
            ..request()
        });
        assert_eq!(error, LayoutError::SlotCount(log2_slots));
    }
    let rings = Request {
        rings_s2m: u16::MAX,
        rings_m2s: u16::MAX,
        log2_slots: 14,
        ..request()
    };
    assert_eq!(refused(rings), LayoutError::TooManyRings(131_070));
    let regions = Request {
        buffer_size: 1 << 30,
        max_regions: 32,
        ..request()
    };
    let error = LayoutError::TooManyRegions {
        buffers: 32,
        buffer_size: 1 << 30,
        needed: 33,
        accepted: 32,
    };
    assert_eq!(refused(regions), error);
    let none = Request {
        max_regions: 0,
        ..request()
    };
    assert!(matches!(refused(none), LayoutError::TooManyRegions { .. }));
    let indexes = Request {
        rings_s2m: 2,
        rings_m2s: 0,
        buffers_s2m: 40_000,
        buffer_size: 1 << 30,
        max_regions: u32::MAX,
        ..request()
    };
    let error = LayoutError::TooManyRegions {
        buffers: 80_000,
        buffer_size: 1 << 30,
        needed: 80_001,
        accepted: 65_536,
    };
    assert_eq!(refused(indexes), error);
}

#[test]
fn the_spacing_of_rings_tells_their_line_size() {
    for log2 in 0..=14 {
        let slots = 1u16 << log2;
        let spacing = |line| ring_bytes(slots, line) as u64;
        for line in [LineSize::Bytes64, LineSize::Bytes128] {
            assert_eq!(LineSize::from_spacing(spacing(line), slots), line);
        }
        let ours = spacing(LineSize::Bytes64).next_multiple_of(LINE);
        assert_eq!(LineSize::from_spacing(ours, slots), LineSize::Bytes64);
    }
}

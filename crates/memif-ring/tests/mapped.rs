//! Rings in shared memory.

use std::sync::Arc;

use memif_ring::{
    Backing, Descriptor, LineSize, MappedRing, RING_COOKIE, Region, Seals, SharedRing,
};

#[test]
fn two_mappings_of_one_region_are_the_same_ring() {
    for line in [LineSize::Bytes64, LineSize::Bytes128] {
        let ours = Arc::new(Region::create("memif-ring two", 65_536, Backing::default()).unwrap());
        let copy = ours.file().unwrap().try_clone_to_owned().unwrap();
        let theirs = Arc::new(Region::from_peer(copy, 65_536, Seals::Required).unwrap());
        let (one, other) = (
            MappedRing::new(&ours, 640, 3, line).unwrap(),
            MappedRing::new(&theirs, 640, 3, line).unwrap(),
        );
        one.initialise();
        one.publish_head(0x1234);
        one.publish_tail(0x5678);
        one.raise(3);
        one.lower(1);
        for index in 65_530..=65_535u16 {
            let descriptor = Descriptor {
                flags: 1,
                region: index,
                length: u32::from(index) << 16,
                offset: 77,
                metadata: 99,
            };
            one.store(index, descriptor);
            assert_eq!(other.fetch(index), descriptor);
            assert_eq!(other.fetch(index & 7), descriptor);
        }
        assert_eq!(
            (other.head(), other.tail(), other.flags()),
            (0x1234, 0x5678, 2)
        );
        assert_eq!((other.cookie(), other.capacity()), (RING_COOKIE, 8));
        one.initialise();
        assert_eq!((other.head(), other.tail(), other.flags()), (0, 0, 0));
    }
}

#[test]
fn a_ring_lies_inside_its_region_aligned_and_of_a_possible_size() {
    let region = Arc::new(Region::create("memif-ring place", 4096, Backing::default()).unwrap());
    let accepts = |offset, log2, line| MappedRing::new(&region, offset, log2, line).is_some();
    assert!(accepts(0, 0, LineSize::Bytes64) && accepts(4096 - 144, 0, LineSize::Bytes64));
    assert!(
        !accepts(4096 - 136, 0, LineSize::Bytes64),
        "one slot too far"
    );
    assert!(
        accepts(4096 - 272, 0, LineSize::Bytes128) && !accepts(4096 - 264, 0, LineSize::Bytes128)
    );
    assert!(!accepts(4, 0, LineSize::Bytes64), "not aligned");
    assert!(!accepts(0, 8, LineSize::Bytes64), "too many slots for it");
    for log2 in [15, 16, 64, 255] {
        assert!(!accepts(0, log2, LineSize::Bytes64), "2^{log2} slots");
    }
    for offset in [4096, 1 << 32, u64::MAX - 7] {
        assert!(!accepts(offset, 0, LineSize::Bytes64), "{offset}");
    }
}

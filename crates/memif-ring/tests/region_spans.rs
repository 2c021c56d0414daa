//! Bytes of a region, without a ring.

use memif_ring::{Backing, Region};

fn region() -> Region {
    Region::create("spans", 8192, Backing::default()).expect("memory")
}

#[test]
fn bytes_go_in_and_out_by_offset() {
    let mut region = region();
    let mut span = region.span_mut(4000, 5).expect("inside");
    assert_eq!(span.copy_from(b"hello there"), 5);
    let mut bytes = [0; 8];
    let span = region.span(4000, 8).expect("inside");
    assert_eq!(span.copy_to(&mut bytes), 8);
    assert_eq!(&bytes, b"hello\0\0\0");
    assert_eq!(span.skip(3).copy_to(&mut bytes), 5);
    assert_eq!(&bytes[..2], b"lo");
    assert_eq!(span.skip(9).len(), 0);
}

#[test]
fn nothing_outside_of_a_region_is_reached() {
    let mut region = region();
    for (offset, length) in [(8192, 1), (8191, 2), (u64::MAX, 1), (0, 8193), (0, 0)] {
        assert!(region.span(offset, length).is_none());
        assert!(region.span_mut(offset, length).is_none());
    }
    assert!(region.span(8191, 1).is_some());
}

#[test]
fn bytes_go_from_one_region_to_another() {
    let (mut from, mut to) = (region(), region());
    from.span_mut(0, 6).expect("inside").copy_from(b"frames");
    let source = from.span(0, 6).expect("inside");
    let mut target = to.span_mut(100, 8).expect("inside");
    assert_eq!(target.write_span(4, source), 4);
    assert_eq!(target.write_span(8, source), 0);
    let mut bytes = [0; 8];
    to.span(100, 8).expect("inside").copy_to(&mut bytes);
    assert_eq!(&bytes, b"\0\0\0\0fram");
}

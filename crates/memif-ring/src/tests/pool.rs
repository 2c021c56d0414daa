//! Which buffers a [`Pool`] accepts, and how many of them a producer uses.

use super::pair::{BUFFER, ToServer};
use crate::Binding;
use crate::Pool;
use crate::heap::regions;

#[test]
fn buffers_lie_inside_their_regions_and_apart() {
    let regions = regions(&[4096, 4096]);
    let accepts = |places: &[(u16, u32)], capacity| Pool::new(&regions, places, capacity).is_some();
    assert!(accepts(&[(0, 0), (0, 64), (1, 0), (1, 4032)], 64));
    assert!(accepts(&[], 64));
    assert!(!accepts(&[(1, 4033)], 64), "outside");
    assert!(!accepts(&[(2, 0)], 64), "absent region");
    assert!(!accepts(&[(0, 0), (0, 63)], 64), "overlap");
    assert!(!accepts(&[(0, 0), (0, 0)], 64), "twice");
    assert!(!accepts(&[(0, 64), (0, 0)], 64), "descending");
    assert!(!accepts(&[(1, 0), (0, 0)], 64), "descending regions");
    assert!(!accepts(&[(0, 0)], 0) && !accepts(&[], 0), "no bytes");
}

#[test]
fn a_producer_with_more_buffers_than_slots_never_overruns_its_ring() {
    let mut pair = ToServer::to_server(2, 65_535, 9, Binding::Any);
    while pair.send(BUFFER as usize) {}
    assert_eq!((pair.sent.len(), pair.producer.buffers()), (4, 4));
    pair.finish(4);
}

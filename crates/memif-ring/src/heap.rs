//! A ring on the heap and memory around it, for tests of the queue logic.
//!
//! [`HeapRing`] is shared by cloning: two ends, and a test that plays a hostile peer and writes whatever it likes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering, fence};

use proptest::prelude::*;

use crate::{Backing, Descriptor, Pool, Region, Regions, Segment, SharedRing};

/// A ring whose shared half lies in private memory.
#[derive(Clone, Debug)]
pub(crate) struct HeapRing(Arc<Words>);

#[derive(Debug)]
struct Words {
    head: AtomicU16,
    tail: AtomicU16,
    flags: AtomicU16,
    descriptors: Box<[[AtomicU64; 2]]>,
}

impl HeapRing {
    /// A ring of `2^log2` slots with both indexes at `index`.
    pub(crate) fn starting_at(log2: u8, index: u16) -> Self {
        Self(Arc::new(Words {
            head: AtomicU16::new(index),
            tail: AtomicU16::new(index),
            flags: AtomicU16::new(0),
            descriptors: (0..1 << log2).map(|_| Default::default()).collect(),
        }))
    }

    /// A fresh ring of `2^log2` slots.
    pub(crate) fn new(log2: u8) -> Self {
        Self::starting_at(log2, 0)
    }

    /// Writes what a hostile peer might.
    pub(crate) fn scribble(&self, scribble: &Scribble) {
        let words = &*self.0;
        match *scribble {
            Scribble::Head(head) => words.head.store(head, Ordering::Release),
            Scribble::Tail(tail) => words.tail.store(tail, Ordering::Release),
            Scribble::MoveHead(by) => drop(words.head.fetch_add(by, Ordering::AcqRel)),
            Scribble::MoveTail(by) => drop(words.tail.fetch_add(by, Ordering::AcqRel)),
            Scribble::Flags(flags) => words.flags.store(flags, Ordering::Relaxed),
            Scribble::Slot(index, descriptor) => self.store(index, descriptor),
            Scribble::SlotFlags(index, flags) => self.store(
                index,
                Descriptor {
                    flags,
                    ..self.fetch(index)
                },
            ),
        }
    }
}

impl SharedRing for HeapRing {
    fn capacity(&self) -> u16 {
        u16::try_from(self.0.descriptors.len()).unwrap()
    }

    fn head(&self) -> u16 {
        self.0.head.load(Ordering::Acquire)
    }

    fn tail(&self) -> u16 {
        self.0.tail.load(Ordering::Acquire)
    }

    fn publish_head(&self, head: u16) {
        self.0.head.store(head, Ordering::Release);
    }

    fn publish_tail(&self, tail: u16) {
        self.0.tail.store(tail, Ordering::Release);
    }

    fn fetch(&self, index: u16) -> Descriptor {
        let slot = usize::from(index) % self.0.descriptors.len();
        let words = &self.0.descriptors[slot];
        Descriptor::from_words(words.each_ref().map(|word| word.load(Ordering::Relaxed)))
    }

    fn store(&self, index: u16, descriptor: Descriptor) {
        let slot = usize::from(index) % self.0.descriptors.len();
        for (place, word) in self.0.descriptors[slot].iter().zip(descriptor.to_words()) {
            place.store(word, Ordering::Relaxed);
        }
    }

    fn flags(&self) -> u16 {
        self.0.flags.load(Ordering::Relaxed)
    }

    fn raise(&self, bits: u16) {
        self.0.flags.fetch_or(bits, Ordering::Relaxed);
    }

    fn lower(&self, bits: u16) {
        self.0.flags.fetch_and(!bits, Ordering::Relaxed);
    }

    fn full_fence(&self) {
        fence(Ordering::SeqCst);
    }
}

/// One write of a hostile peer.
#[derive(Clone, Debug)]
pub(crate) enum Scribble {
    Head(u16),
    Tail(u16),
    MoveHead(u16),
    MoveTail(u16),
    Flags(u16),
    Slot(u16, Descriptor),
    SlotFlags(u16, u16),
}

impl Scribble {
    /// Any write, with numbers near the honest ones made likely.
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let near = || {
            prop_oneof![
                0u16..40,
                any::<u16>(),
                (0u16..40).prop_map(|by| by.wrapping_neg())
            ]
        };
        prop_oneof![
            1 => any::<u16>().prop_map(Self::Head),
            1 => any::<u16>().prop_map(Self::Tail),
            1 => near().prop_map(Self::MoveHead),
            1 => near().prop_map(Self::MoveTail),
            1 => any::<u16>().prop_map(Self::Flags),
            4 => (any::<u16>(), any_descriptor()).prop_map(|(index, garbage)| Self::Slot(index, garbage)),
            2 => (any::<u16>(), prop_oneof![Just(0), Just(1), any::<u16>()])
                .prop_map(|(index, flags)| Self::SlotFlags(index, flags)),
        ]
    }
}

fn any_descriptor() -> impl Strategy<Value = Descriptor> {
    let flags = prop_oneof![4 => Just(0u16), 4 => Just(1), 1 => any::<u16>()];
    let region = prop_oneof![8 => 0u16..4, 1 => any::<u16>()];
    let offset = prop_oneof![8 => (0u32..64).prop_map(|place| place * 64), 4 => 0u32..9000, 1 => any::<u32>()];
    let length = prop_oneof![8 => 0u32..100, 1 => any::<u32>()];
    (flags, region, length, offset, any::<u32>()).prop_map(
        |(flags, region, length, offset, metadata)| Descriptor {
            flags,
            region,
            length,
            offset,
            metadata,
        },
    )
}

/// Real memory regions of these sizes.
pub(crate) fn regions(sizes: &[u64]) -> Regions {
    let region =
        |&size| Arc::new(Region::create("memif-ring test", size, Backing::default()).unwrap());
    Regions::new(sizes.iter().map(region).collect())
}

/// `count` buffers of `capacity` bytes, `spacing` apart, from the start of region `region` on.
pub(crate) fn pool(regions: &Regions, region: u16, count: u16, capacity: u32) -> Pool {
    let places: Vec<_> = (0..u32::from(count))
        .map(|at| (region, at * capacity))
        .collect();
    Pool::new(regions, &places, capacity).unwrap()
}

/// The bytes of frame `number`, different in every frame and at every place.
pub(crate) fn pattern(number: u32, len: usize) -> Vec<u8> {
    let mix =
        |at: usize| (number as usize).wrapping_mul(0x9E37_79B1) ^ at.wrapping_mul(0x85EB_CA6B);
    (0..len)
        .map(|at| mix(at).to_le_bytes()[2] ^ mix(at).to_le_bytes()[0])
        .collect()
}

/// Fills a segment, which must lie in a region the caller keeps.
#[allow(unsafe_code)]
pub(crate) fn write(segment: Segment, bytes: &[u8]) -> usize {
    // SAFETY: the caller keeps the regions; tests are the only users of the memory.
    unsafe { segment.span_mut() }.copy_from(bytes)
}

/// The bytes of a segment, which must lie in a region the caller keeps.
#[allow(unsafe_code)]
pub(crate) fn read(segment: Segment) -> Vec<u8> {
    let mut bytes = vec![0; segment.len()];
    // SAFETY: the caller keeps the regions.
    let copied = unsafe { segment.span() }.copy_to(&mut bytes);
    assert_eq!(copied, bytes.len());
    bytes
}

/// Whether the segment lies inside one of the regions.
pub(crate) fn is_inside(regions: &Regions, segment: Segment) -> bool {
    let start = segment.start.as_ptr() as usize;
    (0..u16::try_from(regions.count()).unwrap()).any(|index| {
        let region = regions.region(index).unwrap();
        let base = region.range(0, 0).unwrap().as_ptr() as usize;
        let end = base + usize::try_from(region.size()).unwrap();
        start >= base && start + segment.len() <= end
    })
}

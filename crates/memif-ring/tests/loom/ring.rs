//! A ring, its buffers and their payload, as loom knows memory.

use std::sync::Arc as StdArc;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU16, AtomicU64, Ordering, fence};
use memif_ring::{Backing, Descriptor, Pool, Region, Regions, Segment, SharedRing};

/// Bytes in each buffer.
pub(crate) const BUFFER: u32 = 64;

/// What the ring leaves out, to see that the model notices.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Without {
    pub(crate) fence: bool,
    pub(crate) release: bool,
    pub(crate) acquire: bool,
}

/// The shared half of a ring, with the orderings of `MappedRing`.
#[derive(Clone, Debug)]
pub(crate) struct LoomRing {
    words: Arc<Words>,
    without: Without,
}

#[derive(Debug)]
struct Words {
    head: AtomicU16,
    tail: AtomicU16,
    flags: AtomicU16,
    descriptors: Vec<[AtomicU64; 2]>,
}

impl LoomRing {
    pub(crate) fn new(slots: u16, without: Without) -> Self {
        let words = Words {
            head: AtomicU16::new(0),
            tail: AtomicU16::new(0),
            flags: AtomicU16::new(0),
            descriptors: (0..slots)
                .map(|_| [AtomicU64::new(0), AtomicU64::new(0)])
                .collect(),
        };
        Self {
            words: Arc::new(words),
            without,
        }
    }

    fn acquire(&self) -> Ordering {
        if self.without.acquire {
            Ordering::Relaxed
        } else {
            Ordering::Acquire
        }
    }

    fn release(&self) -> Ordering {
        if self.without.release {
            Ordering::Relaxed
        } else {
            Ordering::Release
        }
    }

    fn slot(&self, index: u16) -> &[AtomicU64; 2] {
        &self.words.descriptors[usize::from(index) % self.words.descriptors.len()]
    }
}

impl SharedRing for LoomRing {
    fn capacity(&self) -> u16 {
        u16::try_from(self.words.descriptors.len()).unwrap()
    }

    fn head(&self) -> u16 {
        self.words.head.load(self.acquire())
    }

    fn tail(&self) -> u16 {
        self.words.tail.load(self.acquire())
    }

    fn publish_head(&self, head: u16) {
        self.words.head.store(head, self.release());
    }

    fn publish_tail(&self, tail: u16) {
        self.words.tail.store(tail, self.release());
    }

    fn fetch(&self, index: u16) -> Descriptor {
        let [first, second] = self.slot(index);
        Descriptor::from_words([
            first.load(Ordering::Relaxed),
            second.load(Ordering::Relaxed),
        ])
    }

    fn store(&self, index: u16, descriptor: Descriptor) {
        let words = descriptor.to_words();
        for (place, word) in self.slot(index).iter().zip(words) {
            place.store(word, Ordering::Relaxed);
        }
    }

    fn flags(&self) -> u16 {
        self.words.flags.load(Ordering::Relaxed)
    }

    fn raise(&self, bits: u16) {
        self.words.flags.fetch_or(bits, Ordering::Relaxed);
    }

    fn lower(&self, bits: u16) {
        self.words.flags.fetch_and(!bits, Ordering::Relaxed);
    }

    fn full_fence(&self) {
        if !self.without.fence {
            fence(Ordering::SeqCst);
        }
    }
}

/// One region of four buffers, made once: loom does not look at its bytes.
pub(crate) fn regions() -> Regions {
    static REGION: std::sync::OnceLock<StdArc<Region>> = std::sync::OnceLock::new();
    let region = REGION.get_or_init(|| {
        Region::create("loom", 4096, Backing::default())
            .unwrap()
            .into()
    });
    Regions::new(vec![StdArc::clone(region)])
}

pub(crate) fn pool(buffers: u32) -> Pool {
    let places: Vec<_> = (0..buffers).map(|at| (0, at * BUFFER)).collect();
    Pool::new(&regions(), &places, BUFFER).unwrap()
}

/// What the bytes of each buffer stand for: a cell that loom watches.
#[derive(Clone, Debug)]
pub(crate) struct Payload(Arc<Vec<UnsafeCell<u32>>>);

// SAFETY: loom reports every access that is not ordered.
unsafe impl Send for Payload {}

impl Payload {
    pub(crate) fn new(buffers: u32) -> Self {
        Self(Arc::new((0..buffers).map(|_| UnsafeCell::new(0)).collect()))
    }

    pub(crate) fn write(&self, segment: Segment, value: u32) {
        // SAFETY: loom checks that nobody else is here.
        self.0[buffer_of(segment)].with_mut(|place| unsafe { *place = value });
    }

    pub(crate) fn read(&self, segment: Segment) -> u32 {
        // SAFETY: loom checks that nobody writes.
        self.0[buffer_of(segment)].with(|place| unsafe { *place })
    }
}

/// The number of the buffer a segment lies in.
fn buffer_of(segment: Segment) -> usize {
    let first = Descriptor {
        length: 1,
        ..Descriptor::default()
    };
    let base = regions().judge(first).unwrap();
    // SAFETY: the region is never unmapped.
    let base = unsafe { base.span() }.as_ptr() as usize;
    // SAFETY: as above.
    let start = unsafe { segment.span() }.as_ptr() as usize;
    (start - base) / BUFFER as usize
}

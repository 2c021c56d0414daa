//! A ring in shared memory.
//!
//! ```text
//! byte 0        4       6       8            64      66           128
//!      cookie   flags   head    (unused)     tail    (unused)     descriptors, 16 bytes each
//!      u32      u16     u16                  u16                  capacity of them
//! ```
//!
//! Source: `memif_ring_t` of memif 2.0; with 128-byte lines tail is at 128 and the descriptors at 256.
//!
//! # Safety
//!
//! [`MappedRing::new`] checks once that the ring, with all its descriptors, lies inside its region and is
//! aligned to 8 bytes; it keeps the region, so the mapping outlives it. Every access is an atomic one of a size
//! that divides the alignment, so the other process may write at any time without a data race.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering, fence};

use crate::shared::{LineSize, RING_COOKIE, SharedRing, ring_bytes};
use crate::{Descriptor, Region};

/// Bytes of flags and head, with any line size; the cookie is at 0.
const FLAGS_AT: usize = 4;
const HEAD_AT: usize = 6;

/// A ring inside a [`Region`]; a clone is another view of the same ring.
#[derive(Clone, Debug)]
pub struct MappedRing {
    base: NonNull<u8>,
    mask: u16,
    line: LineSize,
    region: Arc<Region>,
}

// SAFETY: the pointer is into `region`, which is kept alive and is itself Send; all access is atomic.
unsafe impl Send for MappedRing {}
// SAFETY: all access through `&self` is atomic.
unsafe impl Sync for MappedRing {}

impl MappedRing {
    /// The ring of `2^log2_slots` slots at `offset` of `region`; `None` when it does not lie inside, is not
    /// aligned to 8 bytes, or has more than 2^14 slots.
    pub fn new(region: &Arc<Region>, offset: u64, log2_slots: u8, line: LineSize) -> Option<Self> {
        if log2_slots > memif_wire::MAX_LOG2_SLOTS || !offset.is_multiple_of(8) {
            return None;
        }
        let slots = 1u16 << log2_slots;
        let base = region.range(offset, ring_bytes(slots, line) as u64)?;
        Some(Self {
            base,
            mask: slots - 1,
            line,
            region: Arc::clone(region),
        })
    }

    /// Writes the cookie and zeroes the indexes and flags: what a client does before it offers the ring.
    pub fn initialise(&self) {
        self.cookie_word().store(RING_COOKIE, Ordering::Relaxed);
        self.word(FLAGS_AT).store(0, Ordering::Relaxed);
        self.word(HEAD_AT).store(0, Ordering::Relaxed);
        self.word(self.line.tail_at()).store(0, Ordering::Relaxed);
    }

    /// The cookie as it stands.
    pub fn cookie(&self) -> u32 {
        self.cookie_word().load(Ordering::Relaxed)
    }

    /// The region the ring lies in.
    pub fn region(&self) -> &Arc<Region> {
        &self.region
    }

    fn cookie_word(&self) -> &AtomicU32 {
        // SAFETY: the first four bytes of the ring, aligned to 8, mapped as long as `self`.
        unsafe { AtomicU32::from_ptr(self.base.as_ptr().cast()) }
    }

    #[inline]
    fn word(&self, at: usize) -> &AtomicU16 {
        // SAFETY: `at` is flags, head or tail, all below the descriptors and inside the range that `new` bounded.
        let place = unsafe { self.base.as_ptr().add(at) };
        // SAFETY: even, so aligned to 2, and only ever accessed atomically.
        unsafe { AtomicU16::from_ptr(place.cast()) }
    }

    #[inline]
    fn descriptor(&self, index: u16) -> &[AtomicU64; 2] {
        let slot = usize::from(index & self.mask);
        let at = self.line.descriptors_at() + slot * Descriptor::BYTES;
        // SAFETY: slot <= mask, so this descriptor is inside the range `new` bounded.
        let place = unsafe { self.base.as_ptr().add(at) };
        // SAFETY: 16 bytes aligned to 8, only ever accessed atomically.
        unsafe { &*place.cast::<[AtomicU64; 2]>() }
    }
}

impl SharedRing for MappedRing {
    #[inline]
    fn capacity(&self) -> u16 {
        self.mask + 1
    }

    #[inline]
    fn head(&self) -> u16 {
        self.word(HEAD_AT).load(Ordering::Acquire)
    }

    #[inline]
    fn tail(&self) -> u16 {
        self.word(self.line.tail_at()).load(Ordering::Acquire)
    }

    #[inline]
    fn publish_head(&self, head: u16) {
        self.word(HEAD_AT).store(head, Ordering::Release);
    }

    #[inline]
    fn publish_tail(&self, tail: u16) {
        self.word(self.line.tail_at())
            .store(tail, Ordering::Release);
    }

    #[inline]
    fn fetch(&self, index: u16) -> Descriptor {
        let [first, second] = self.descriptor(index);
        // Relaxed: the acquire of the index that covers this slot came before.
        let words = [
            first.load(Ordering::Relaxed),
            second.load(Ordering::Relaxed),
        ];
        Descriptor::from_words(words.map(u64::from_le))
    }

    #[inline]
    fn store(&self, index: u16, descriptor: Descriptor) {
        let [first, second] = self.descriptor(index);
        let words = descriptor.to_words().map(u64::to_le);
        // Relaxed: the release of the index that covers this slot comes after.
        first.store(words[0], Ordering::Relaxed);
        second.store(words[1], Ordering::Relaxed);
    }

    #[inline]
    fn flags(&self) -> u16 {
        self.word(FLAGS_AT).load(Ordering::Relaxed)
    }

    fn raise(&self, bits: u16) {
        self.word(FLAGS_AT).fetch_or(bits, Ordering::Relaxed);
    }

    fn lower(&self, bits: u16) {
        self.word(FLAGS_AT).fetch_and(!bits, Ordering::Relaxed);
    }

    #[inline]
    fn full_fence(&self) {
        fence(Ordering::SeqCst);
    }
}

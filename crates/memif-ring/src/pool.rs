//! The client's buffers: equal pieces of its regions, used in any order.

use crate::{Descriptor, Regions, Segment};

/// The buffers of one ring of a client. A buffer is known by a number below [`Pool::count`].
#[derive(Debug)]
pub struct Pool {
    buffers: Box<[Buffer]>,
    free: Vec<u16>,
    capacity: u32,
}

#[derive(Clone, Copy, Debug)]
struct Buffer {
    region: u16,
    offset: u32,
    segment: Segment,
}

impl Pool {
    /// Buffers of `capacity` bytes at these (region, offset) places, ascending; `None` if one lies outside its region
    /// or overlaps the one before, or if a buffer has no bytes.
    pub fn new(regions: &Regions, places: &[(u16, u32)], capacity: u32) -> Option<Self> {
        if capacity == 0 || !are_apart(places, capacity) {
            return None;
        }
        let buffer = |&(region, offset): &(u16, u32)| {
            let whole = Descriptor {
                region,
                offset,
                length: capacity,
                ..Descriptor::default()
            };
            let segment = regions.judge(whole).ok()?;
            Some(Buffer {
                region,
                offset,
                segment,
            })
        };
        let buffers: Box<[Buffer]> = places.iter().map(buffer).collect::<Option<_>>()?;
        let count = u16::try_from(buffers.len()).ok()?;
        // The last freed is taken first, so the list is reversed: buffer 0 goes out first.
        Some(Self {
            buffers,
            free: (0..count).rev().collect(),
            capacity,
        })
    }

    /// Keeps only the first `count` buffers. None may be in use.
    pub(crate) fn limit(&mut self, count: u16) {
        self.buffers = self.buffers.iter().copied().take(count.into()).collect();
        self.free.retain(|&buffer| buffer < count);
    }

    /// Number of buffers.
    pub fn count(&self) -> usize {
        self.buffers.len()
    }

    /// Bytes in each buffer.
    #[inline]
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Number of buffers nobody uses.
    #[inline]
    pub fn free(&self) -> usize {
        self.free.len()
    }

    /// Takes the buffer used last: the one most likely still in the cache.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<u16> {
        self.free.pop()
    }

    #[inline]
    pub(crate) fn put(&mut self, buffer: u16) {
        debug_assert!(
            self.free.len() < self.buffers.len(),
            "more buffers returned than exist"
        );
        self.free.push(buffer);
    }

    #[inline]
    pub(crate) fn segment(&self, buffer: u16) -> Segment {
        self.buffers[usize::from(buffer)].segment
    }

    /// The descriptor that offers the first `length` bytes of a buffer.
    #[inline]
    pub(crate) fn descriptor(&self, buffer: u16, length: u32, flags: u16) -> Descriptor {
        let Buffer { region, offset, .. } = self.buffers[usize::from(buffer)];
        Descriptor {
            flags,
            region,
            length,
            offset,
            metadata: 0,
        }
    }

    /// Whether this descriptor points at the start of `buffer`.
    #[inline]
    pub(crate) fn is_at(&self, buffer: u16, descriptor: Descriptor) -> bool {
        let Buffer { region, offset, .. } = self.buffers[usize::from(buffer)];
        region == descriptor.region && offset == descriptor.offset
    }

    /// The buffer that starts where this descriptor points.
    pub(crate) fn find(&self, descriptor: Descriptor) -> Option<u16> {
        // Places are in ascending order, `new` saw to it.
        let at = |buffer: &Buffer| (buffer.region, buffer.offset);
        let wanted = (descriptor.region, descriptor.offset);
        let index = self.buffers.binary_search_by_key(&wanted, at).ok()?;
        u16::try_from(index).ok()
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn free_buffers(&self) -> &[u16] {
        &self.free
    }
}

/// Whether places are in ascending order, each `capacity` bytes or more behind the one before.
fn are_apart(places: &[(u16, u32)], capacity: u32) -> bool {
    places.windows(2).all(|pair| {
        let ((region, offset), (next_region, next_offset)) = (pair[0], pair[1]);
        let end = u64::from(offset) + u64::from(capacity);
        next_region > region || (next_region == region && u64::from(next_offset) >= end)
    })
}

//! Payload that another process may write at the same time.
//!
//! # Safety
//!
//! A span is made only by [`Segment::span`] and [`Segment::span_mut`], whose callers keep the region alive for the
//! span's lifetime. It never becomes a slice behind the user's back: bytes go in and out by copy through raw
//! pointers, so no reference exists whose target the peer could change. Such a copy may read a mix of old and new
//! bytes when the peer breaks the protocol; it is a value like any other, and nothing here looks at it.
#![allow(unsafe_code)]

use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;

use crate::Segment;

/// Readable bytes in shared memory.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    start: NonNull<u8>,
    len: usize,
    memory: PhantomData<&'a ()>,
}

/// Writable bytes in shared memory, ours until they are sent.
#[derive(Debug)]
pub struct SpanMut<'a> {
    start: NonNull<u8>,
    len: usize,
    memory: PhantomData<&'a mut ()>,
}

// SAFETY: a span is a pointer to memory that any thread may access, valid for its lifetime.
unsafe impl Send for Span<'_> {}
// SAFETY: reading by copy through `&Span` needs no exclusion.
unsafe impl Sync for Span<'_> {}
// SAFETY: as for `Span`; writing needs `&mut SpanMut`.
unsafe impl Send for SpanMut<'_> {}
// SAFETY: `&SpanMut` offers no write.
unsafe impl Sync for SpanMut<'_> {}

impl Segment {
    /// The bytes as a readable span.
    ///
    /// # Safety
    ///
    /// The region of the segment must stay mapped for `'a`.
    #[inline]
    pub unsafe fn span<'a>(self) -> Span<'a> {
        Span {
            start: self.start,
            len: self.len as usize,
            memory: PhantomData,
        }
    }

    /// Swaps the first `ours` bytes of this segment with the first `theirs` bytes of `other`; the rest of both is
    /// left undefined. Neither count may be larger than either segment; larger ones are cut.
    ///
    /// # Safety
    ///
    /// The regions of both must be mapped.
    pub(crate) unsafe fn swap_payload(self, ours: u32, other: Self, theirs: u32) {
        let most = self.len.min(other.len);
        let (ours, theirs) = (ours.min(most) as usize, theirs.min(most) as usize);
        let mut kept = [0u8; 4096];
        for at in (0..ours.max(theirs)).step_by(kept.len()) {
            let part = |len: usize| len.saturating_sub(at).min(kept.len());
            let (ours, theirs) = (part(ours), part(theirs));
            // SAFETY: `at` is below one of the counts, so inside both segments.
            let here = unsafe { self.start.as_ptr().add(at) };
            // SAFETY: as above.
            let there = unsafe { other.start.as_ptr().add(at) };
            // SAFETY: `ours` bytes from `at` on are inside this segment, and fit into private memory.
            unsafe { here.copy_to_nonoverlapping(kept.as_mut_ptr(), ours) };
            // SAFETY: `theirs` bytes from `at` on are inside both; a memmove, as a peer may have posted overlapping buffers.
            unsafe { there.copy_to(here, theirs) };
            // SAFETY: `ours` bytes from `at` on are inside the other segment too.
            unsafe { there.copy_from_nonoverlapping(kept.as_ptr(), ours) };
        }
    }

    /// The bytes as a writable span.
    ///
    /// # Safety
    ///
    /// The region of the segment must stay mapped for `'a`, and no other span of this process may cover the bytes.
    #[inline]
    pub unsafe fn span_mut<'a>(self) -> SpanMut<'a> {
        SpanMut {
            start: self.start,
            len: self.len as usize,
            memory: PhantomData,
        }
    }
}

impl Span<'_> {
    /// Number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first `len` bytes, or all if there are fewer.
    #[must_use]
    pub fn first(self, len: usize) -> Self {
        let len = self.len.min(len);
        Self { len, ..self }
    }

    /// The bytes from `offset` on; none if there are not so many.
    #[must_use]
    #[inline]
    pub fn skip(self, offset: usize) -> Self {
        let offset = self.len.min(offset);
        Self {
            // SAFETY: at most the end of the span.
            start: unsafe { self.start.add(offset) },
            len: self.len - offset,
            ..self
        }
    }

    /// Where the bytes are, for code that handles shared memory itself.
    pub fn as_ptr(&self) -> *const u8 {
        self.start.as_ptr()
    }

    /// Copies from the start; returns how many bytes, the smaller of both lengths.
    #[inline]
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        self.copy_at(0, target)
    }

    /// Copies from byte `offset` on; returns how many bytes.
    #[inline]
    pub fn copy_at(&self, offset: usize, target: &mut [u8]) -> usize {
        let count = self.len.saturating_sub(offset).min(target.len());
        if count > 0 {
            // SAFETY: count > 0, so offset < len.
            let from = unsafe { self.start.add(offset) };
            // SAFETY: `count` bytes from `offset` are inside the span; the target is private memory of that size.
            unsafe {
                from.as_ptr()
                    .copy_to_nonoverlapping(target.as_mut_ptr(), count)
            };
        }
        count
    }

    /// Writes the bytes from `offset` on to a file, pipe or socket, without a copy of our own; returns how many went.
    ///
    /// # Errors
    ///
    /// What `write` says.
    pub fn write_to(&self, offset: usize, file: BorrowedFd<'_>) -> io::Result<usize> {
        let count = self.len.saturating_sub(offset);
        let from = self.start.as_ptr().wrapping_add(offset.min(self.len));
        // SAFETY: the kernel reads `count` bytes inside the span; no reference to them exists.
        let written = unsafe { libc::write(file.as_raw_fd(), from.cast(), count) };
        usize::try_from(written).map_err(|_| io::Error::last_os_error())
    }

    /// The bytes as a slice, without a copy.
    ///
    /// # Safety
    ///
    /// The peer must not write these bytes while the slice lives. An honest peer does not; a hostile one can.
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: the span is valid for its lifetime; the caller vouches for the peer.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl SpanMut<'_> {
    /// Number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first `len` bytes, or all if there are fewer.
    #[must_use]
    pub fn first(self, len: usize) -> Self {
        let len = self.len.min(len);
        Self { len, ..self }
    }

    /// The bytes from `offset` on; none if there are not so many.
    #[must_use]
    #[inline]
    pub fn skip(self, offset: usize) -> Self {
        let offset = self.len.min(offset);
        Self {
            // SAFETY: at most the end of the span.
            start: unsafe { self.start.add(offset) },
            len: self.len - offset,
            ..self
        }
    }

    /// Where the bytes are, for code that handles shared memory itself.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Copies to the start; returns how many bytes, the smaller of both lengths.
    #[inline]
    pub fn copy_from(&mut self, source: &[u8]) -> usize {
        self.write_at(0, source)
    }

    /// Copies to byte `offset` on; returns how many bytes.
    #[inline]
    pub fn write_at(&mut self, offset: usize, source: &[u8]) -> usize {
        let count = self.len.saturating_sub(offset).min(source.len());
        if count > 0 {
            // SAFETY: count > 0, so offset < len.
            let to = unsafe { self.start.add(offset) };
            // SAFETY: `count` bytes from `offset` are inside the span; the source is private memory of that size.
            unsafe { to.as_ptr().copy_from_nonoverlapping(source.as_ptr(), count) };
        }
        count
    }

    /// Copies shared bytes to byte `offset` on; returns how many, as many as fit.
    #[inline]
    pub fn write_span(&mut self, offset: usize, source: Span<'_>) -> usize {
        let count = self.len.saturating_sub(offset).min(source.len);
        if count > 0 {
            // SAFETY: count > 0, so offset < len.
            let to = unsafe { self.start.add(offset) };
            // SAFETY: `count` bytes from `offset` are inside this span, and `count` bytes inside the other; a memmove,
            // as two peers may share one file.
            unsafe { to.as_ptr().copy_from(source.start.as_ptr(), count) };
        }
        count
    }

    /// Reads from a file, pipe or socket to byte `offset` on, without a copy of our own; returns how many bytes came,
    /// at most `most`.
    ///
    /// # Errors
    ///
    /// What `read` says.
    pub fn read_from(
        &mut self,
        offset: usize,
        most: usize,
        file: BorrowedFd<'_>,
    ) -> io::Result<usize> {
        let count = self.len.saturating_sub(offset).min(most);
        let to = self.start.as_ptr().wrapping_add(offset.min(self.len));
        // SAFETY: the kernel writes `count` bytes inside the span; no reference to them exists.
        let read = unsafe { libc::read(file.as_raw_fd(), to.cast(), count) };
        usize::try_from(read).map_err(|_| io::Error::last_os_error())
    }

    /// The bytes as a slice, to be filled in place.
    ///
    /// # Safety
    ///
    /// The peer must not touch these bytes before they are sent. An honest peer does not; a hostile one can.
    pub unsafe fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: the span is valid and exclusive in this process; the caller vouches for the peer.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

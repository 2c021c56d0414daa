//! Memory shared by two processes without any library: what the raw baselines stand on. All unsafe code of the benches
//! is here.
//!
//! ```text
//! byte 0         64        ...   4096       4096 + bytes
//!      cell 0    cell 1          bytes
//!      u64       u64             read and written in any order the cells allow
//! ```
//!
//! # Safety
//!
//! [`Memory::map`] maps all of an anonymous file that this program made and sealed against resizing, for as long as the
//! value lives. Cells are reached as atomics only. The bytes are plain memory that the two halves of an exchange hand
//! over to each other by a cell, with release and acquire: the writer writes only what the reader has given back. Both
//! halves are this program.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use anyhow::{Context as _, Result, ensure};
use memif::Span;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fstat, ftruncate, memfd_create};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap};

use crate::stamp::WORD;

/// Distance of two cells: one cache line.
const CELL: usize = 64;
/// Bytes of all cells together.
const CELLS: usize = 4096;

/// The mapped file.
#[derive(Debug)]
pub(crate) struct Memory {
    base: NonNull<u8>,
    len: usize,
}

impl Memory {
    /// A new file with cells of zero and `bytes` bytes behind them.
    pub(crate) fn file(bytes: usize) -> Result<OwnedFd> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = memfd_create("memwire-benches", flags).context("memfd_create failed")?;
        ftruncate(&file, (CELLS + bytes) as u64).context("ftruncate failed")?;
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW)
            .context("sealing a memfd failed")?;
        Ok(file)
    }

    /// Maps such a file and touches all of it.
    pub(crate) fn map(file: impl AsFd) -> Result<Self> {
        let size = fstat(&file).context("fstat failed")?.st_size;
        let len = usize::try_from(size)?;
        ensure!(len >= CELLS, "{size} bytes are no shared memory of ours");
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh mapping at an address of the kernel's choice touches nothing that exists.
        let base = unsafe { mmap(std::ptr::null_mut(), len, access, MapFlags::SHARED, file, 0) };
        let base = NonNull::new(base.context("mmap failed")?.cast()).context("mmap gave null")?;
        let memory = Self { base, len };
        // SAFETY: exactly our own mapping; populating does not change its content.
        let touched = unsafe { madvise(base.as_ptr().cast(), len, Advice::LinuxPopulateWrite) };
        touched.context("touching shared memory failed")?;
        Ok(memory)
    }

    /// A word on a cache line of its own.
    ///
    /// # Panics
    ///
    /// Beyond the last of 64.
    pub(crate) fn cell(&self, index: usize) -> &AtomicU64 {
        assert!(index < CELLS / CELL, "there is no cell {index}");
        // SAFETY: below CELLS, which `map` saw to be inside the mapping.
        let place = unsafe { self.base.add(index * CELL) };
        // SAFETY: aligned to a cache line, mapped as long as `self`, and only ever accessed atomically.
        unsafe { AtomicU64::from_ptr(place.as_ptr().cast()) }
    }

    /// Writes bytes that the other process has handed over.
    ///
    /// # Panics
    ///
    /// When they do not lie inside.
    pub(crate) fn write_at(&self, offset: usize, source: &[u8]) {
        let to = self.place(offset, source.len());
        // SAFETY: `place` bounded the target; the other process leaves it alone until it is handed over (module doc).
        unsafe {
            to.as_ptr()
                .copy_from_nonoverlapping(source.as_ptr(), source.len())
        };
    }

    /// The [`sum`] of bytes that the other process has handed over.
    ///
    /// # Panics
    ///
    /// When they do not lie inside.
    pub(crate) fn sum_at(&self, offset: usize, len: usize) -> u64 {
        let from = self.place(offset, len);
        // SAFETY: `place` bounded the range; the other process leaves it alone until it is given back (module doc).
        sum(unsafe { std::slice::from_raw_parts(from.as_ptr(), len) })
    }

    fn place(&self, offset: usize, len: usize) -> NonNull<u8> {
        let start = CELLS.checked_add(offset);
        let inside = start
            .and_then(|start| start.checked_add(len))
            .is_some_and(|end| end <= self.len);
        assert!(inside, "{len} bytes at {offset} do not lie inside");
        // SAFETY: start <= end <= len of the mapping, checked above.
        unsafe { self.base.add(CELLS + offset) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: our own mapping; no reference into it outlives `self`.
        let unmapped = unsafe { munmap(self.base.as_ptr().cast(), self.len) };
        debug_assert!(unmapped.is_ok(), "munmap of an own mapping");
    }
}

/// The [`sum`] of a received piece, read in place.
pub(crate) fn sum_of(span: &Span<'_>) -> u64 {
    // SAFETY: the peer is this program; it does not write a frame that was not given back.
    sum(unsafe { span.as_slice() })
}

/// The sum of all words, so that every byte is read.
fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<WORD>();
    debug_assert!(rest.is_empty(), "frames are made of words");
    words
        .iter()
        .fold(0, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn two_mappings_of_one_file_see_each_others_cells_and_bytes() {
        let file = Memory::file(4096).unwrap();
        let (one, other) = (Memory::map(&file).unwrap(), Memory::map(&file).unwrap());
        one.cell(63).store(7, Ordering::Release);
        one.write_at(4080, &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(other.cell(63).load(Ordering::Acquire), 7);
        assert_eq!(other.sum_at(4080, 16), 3);
    }

    #[test]
    #[should_panic(expected = "do not lie inside")]
    fn bytes_beyond_the_end_are_refused() {
        let file = Memory::file(64).unwrap();
        Memory::map(&file).unwrap().write_at(60, &[0; 8]);
    }
}

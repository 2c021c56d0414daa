//! Shared memory that another process changes under our hands.
//!
//! # Safety
//! The only unsafe code of the testing peers. A [`Mapping`] owns one `mmap` of
//! `len` bytes from creation to drop. All access goes through atomics of 8, 16
//! and 32 bits at offsets that were checked against `len`, so that a peer which
//! writes at the same moment is a race of values, never of references: no
//! `&[u8]` to this memory exists. What the type cannot promise is that the file
//! behind it stays long enough: whoever truncates a file must not touch the
//! part that is gone (SIGBUS).
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::os::fd::AsFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// One shared mapping of a file, readable and writable.
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: the memory belongs to no thread; all access is atomic.
unsafe impl Send for Mapping {}
// SAFETY: as above; no method hands out a reference to the bytes.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `len` bytes of a file.
    pub fn new(file: impl AsFd, len: usize) -> io::Result<Mapping> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at an address of the kernel's choosing overlaps nothing of ours.
        let base = unsafe { mmap(std::ptr::null_mut(), len, access, MapFlags::SHARED, file, 0) }?;
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Mapping { base, len })
    }

    /// Bytes mapped.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is mapped.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The 16 bits at an even offset; acquire, so that what the peer wrote before is visible.
    pub fn load_u16(&self, at: usize) -> u16 {
        u16::from_le(self.atomic_u16(at).load(Ordering::Acquire))
    }

    /// Stores 16 bits at an even offset; release, so that what we wrote before is visible.
    pub fn store_u16(&self, at: usize, value: u16) {
        self.atomic_u16(at).store(value.to_le(), Ordering::Release);
    }

    /// The 32 bits at an offset divisible by four.
    pub fn load_u32(&self, at: usize) -> u32 {
        u32::from_le(self.atomic_u32(at).load(Ordering::Relaxed))
    }

    /// Stores 32 bits at an offset divisible by four.
    pub fn store_u32(&self, at: usize, value: u32) {
        self.atomic_u32(at).store(value.to_le(), Ordering::Relaxed);
    }

    /// Copies bytes out, one by one.
    pub fn read(&self, at: usize, into: &mut [u8]) {
        for (i, byte) in into.iter_mut().enumerate() {
            *byte = self.atomic_u8(at + i).load(Ordering::Relaxed);
        }
    }

    /// Copies bytes in, one by one.
    pub fn write(&self, at: usize, from: &[u8]) {
        for (i, byte) in from.iter().enumerate() {
            self.atomic_u8(at + i).store(*byte, Ordering::Relaxed);
        }
    }

    fn atomic_u8(&self, at: usize) -> &AtomicU8 {
        // SAFETY: `place` checked that the byte is mapped; atomics may alias each other.
        unsafe { AtomicU8::from_ptr(self.place(at, 1)) }
    }

    fn atomic_u16(&self, at: usize) -> &AtomicU16 {
        // SAFETY: `place` checked that both bytes are mapped and aligned.
        unsafe { AtomicU16::from_ptr(self.place(at, 2).cast()) }
    }

    fn atomic_u32(&self, at: usize) -> &AtomicU32 {
        // SAFETY: `place` checked that all four bytes are mapped and aligned.
        unsafe { AtomicU32::from_ptr(self.place(at, 4).cast()) }
    }

    /// The address of `size` bytes at `at`, which has to be a multiple of `size`.
    fn place(&self, at: usize, size: usize) -> *mut u8 {
        let inside = at.checked_add(size).is_some_and(|end| end <= self.len);
        assert!(inside, "{size} bytes at {at} of {} mapped", self.len);
        assert!(at.is_multiple_of(size), "{size} bytes at unaligned {at}");
        // SAFETY: the asserts above keep it inside the mapping.
        unsafe { self.base.as_ptr().add(at) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let base: *mut c_void = self.base.as_ptr().cast();
        // SAFETY: exactly what `new` mapped; no reference outlives `self`.
        let _ = unsafe { munmap(base, self.len) };
    }
}

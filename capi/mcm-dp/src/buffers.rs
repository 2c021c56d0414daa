//! The `mcm_buffer`s that a program holds.
//!
//! They are the library's, and used again and again, so that a program that enqueues a buffer twice,
//! or looks at it afterwards, does no harm.
//!
//! # Safety
//!
//! Each [`Slot`] owns one `mcm_buffer` in memory of its own, until the table is dropped. Programs write
//! to it through the pointer they got; this side reads and writes it only under the table's lock,
//! while no content is handed out, or as the program gives it back.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use media::{FrameLoan, Received};

use crate::abi::{Buffer, BufferMetadata};
use crate::failure::Failure;

/// What is behind a buffer.
#[derive(Debug)]
pub(crate) enum Content {
    /// Room to send, and where the program writes when the room is not in one piece.
    Room(FrameLoan, Option<Vec<u8>>),
    /// A received frame, and where the program reads when the frame is not in one piece.
    Frame(Received, Option<Vec<u8>>),
}

/// All buffers of one connection.
#[derive(Debug, Default)]
pub(crate) struct Buffers(Mutex<Vec<Slot>>);

#[derive(Debug)]
struct Slot {
    buffer: NonNull<Buffer>,
    content: Option<Content>,
}

// SAFETY: the buffer belongs to the slot alone; nothing of it is bound to a thread.
unsafe impl Send for Slot {}

impl Buffers {
    /// Hands content to the program.
    pub(crate) fn hand_out(
        &self,
        content: Content,
        metadata: BufferMetadata,
        len: usize,
        data: *mut u8,
    ) -> *mut Buffer {
        let mut slots = self.slots();
        let free = slots.iter().position(|slot| slot.content.is_none());
        let at = free.unwrap_or_else(|| {
            slots.push(Slot::new());
            slots.len() - 1
        });
        let slot = &mut slots[at];
        slot.content = Some(content);
        let buffer = Buffer {
            metadata,
            len,
            data: data.cast::<c_void>(),
        };
        // SAFETY: the slot's memory is valid; it was free, so the program does not use it.
        unsafe { slot.buffer.as_ptr().write(buffer) };
        slot.buffer.as_ptr()
    }

    /// Takes content back, if `accept` agrees with what the program has made of it.
    pub(crate) fn take_back(
        &self,
        buffer: *mut Buffer,
        accept: impl FnOnce(&Content, &Buffer) -> Result<(), Failure>,
    ) -> Result<(Content, Buffer), Failure> {
        let mut slots = self.slots();
        let mut held = slots.iter_mut();
        let slot = held.find(|slot| slot.buffer.as_ptr() == buffer);
        let slot = slot.ok_or(const { Failure::not_held() })?;
        let Some(content) = &slot.content else {
            return Err(Failure::not_held());
        };
        // SAFETY: it is one of ours, and the program has finished writing it: it gives it back.
        let said = unsafe { buffer.read() };
        accept(content, &said)?;
        let content = slot.content.take();
        content
            .map(|content| (content, said))
            .ok_or(const { Failure::not_held() })
    }

    /// How many buffers the program holds.
    pub(crate) fn held(&self) -> usize {
        let slots = self.slots();
        slots.iter().filter(|slot| slot.content.is_some()).count()
    }

    /// Gives everything back that the program still holds.
    pub(crate) fn clear(&self) {
        let held: Vec<_> = self
            .slots()
            .iter_mut()
            .map(|slot| slot.content.take())
            .collect();
        drop(held); // not under the lock
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn new() -> Self {
        let nothing = Buffer {
            metadata: BufferMetadata::default(),
            len: 0,
            data: std::ptr::null_mut(),
        };
        let buffer = NonNull::from(Box::leak(Box::new(nothing)));
        Self {
            buffer,
            content: None,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // SAFETY: made by `new` from a box, and dropped once.
        drop(unsafe { Box::from_raw(self.buffer.as_ptr()) });
    }
}

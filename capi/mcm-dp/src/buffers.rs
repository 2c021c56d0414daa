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
    Room(Room),
    /// A received frame, and where the program reads when the frame is not in one piece.
    Frame(Received, Option<Vec<u8>>),
}

/// Room to send.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) loan: FrameLoan,
    /// Where the program writes, when the room is not in one piece.
    pub(crate) copy: Option<Vec<u8>>,
    /// The number that the frame has unless the program says another.
    pub(crate) number: u64,
}

/// All buffers of one connection.
#[derive(Debug, Default)]
pub(crate) struct Buffers(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    slots: Vec<Slot>,
    /// Nothing is handed out any more.
    is_closed: bool,
}

#[derive(Debug)]
struct Slot {
    buffer: Place,
    content: Option<Content>,
}

/// Where a program has its `mcm_buffer`.
#[derive(Debug)]
struct Place(NonNull<Buffer>);

// SAFETY: the buffer belongs to the slot alone, and is nothing but numbers.
unsafe impl Send for Place {}

impl Buffers {
    /// Hands content to the program.
    pub(crate) fn hand_out(
        &self,
        content: Content,
        metadata: BufferMetadata,
        len: usize,
        data: *mut u8,
    ) -> Result<*mut Buffer, Failure> {
        let mut table = self.table();
        if table.is_closed {
            return Err(Failure::destroyed());
        }
        let slots = &mut table.slots;
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
        unsafe { slot.buffer.0.as_ptr().write(buffer) };
        Ok(slot.buffer.0.as_ptr())
    }

    /// Takes content back, if `accept` agrees with what the program has made of it.
    pub(crate) fn take_back(
        &self,
        buffer: *mut Buffer,
        accept: impl FnOnce(&Content, &Buffer) -> Result<(), Failure>,
    ) -> Result<(Content, Buffer), Failure> {
        let mut table = self.table();
        let mut held = table.slots.iter_mut();
        let slot = held.find(|slot| slot.buffer.0.as_ptr() == buffer);
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
        let table = self.table();
        let held = table.slots.iter().filter(|slot| slot.content.is_some());
        held.count()
    }

    /// Gives everything back that the program still holds, and hands nothing out any more.
    pub(crate) fn close(&self) {
        let mut table = self.table();
        table.is_closed = true;
        let slots = table.slots.iter_mut();
        let held: Vec<_> = slots.map(|slot| slot.content.take()).collect();
        drop(table);
        drop(held); // not under the lock
    }

    fn table(&self) -> MutexGuard<'_, Table> {
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
            buffer: Place(buffer),
            content: None,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // SAFETY: made by `new` from a box, and dropped once.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

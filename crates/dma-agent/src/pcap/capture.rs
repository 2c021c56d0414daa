//! A port whose frames go to somebody who watches.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switch::{Did, DropReason, Stamp};

use super::blocks::Blocks;
use crate::device::{Delivered, Device, Gone, News, Sink, Source};
use crate::{Frame, LARGEST_FRAME};

/// Writes what it is given as pcapng for a [`CaptureQueue`]. Frames for which that has no room are dropped. Nothing
/// comes in.
#[derive(Debug)]
pub struct CaptureDevice {
    blocks: Blocks,
    /// Frames that are not in the queue yet.
    frames: u64,
    shared: Arc<Shared>,
}

/// The other end of a [`CaptureDevice`], for any thread. When it is dropped, the port goes with the next frame.
#[derive(Debug)]
pub struct CaptureQueue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: usize,
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// Bytes that wait, known without the lock.
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    frames: u64,
    ended: bool,
}

impl CaptureDevice {
    /// Both ends of a capture in which at most `limit` bytes wait to be taken.
    pub fn new(limit: usize) -> (Self, CaptureQueue) {
        let shared = Arc::new(Shared {
            limit,
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            bytes: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
        });
        let mut device = Self {
            blocks: Blocks::new(),
            frames: 0,
            shared: Arc::clone(&shared),
        };
        device.hand_over(); // whoever watches sees the beginning of a file at once
        (device, CaptureQueue(shared))
    }

    /// Gives the interfaces in the capture the names of ports.
    #[must_use]
    pub fn with_names(mut self, names: BTreeMap<Did, String>) -> Self {
        self.blocks.set_names(names);
        self
    }

    fn hand_over(&mut self) {
        let mut waiting = self.shared.waiting();
        waiting.bytes.append(self.blocks.bytes());
        waiting.frames += std::mem::take(&mut self.frames);
        self.shared.note(&waiting);
        self.shared.arrived.notify_all();
    }
}

impl Device for CaptureDevice {
    fn kind(&self) -> &'static str {
        "capture"
    }

    fn watch(&self, _: &mut dyn FnMut(Source, BorrowedFd<'_>) -> io::Result<()>) -> io::Result<()> {
        Ok(())
    }

    fn notice(&mut self, _: News) {}

    fn receive(&mut self, _: &mut dyn Sink) -> Result<bool, Gone> {
        Ok(false)
    }

    fn deliver(&mut self, frame: &Frame<'_>, stamp: &Stamp) -> Delivered {
        let waiting = self.shared.bytes.load(Ordering::Relaxed) + self.blocks.len();
        if waiting + self.blocks.most_bytes(frame, stamp) > self.shared.limit {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return Err(DropReason::QueueFull);
        }
        self.blocks.push(frame, stamp);
        self.frames += 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Gone> {
        if Arc::strong_count(&self.shared) == 1 {
            return Err(Gone::Closed);
        }
        if self.frames > 0 {
            self.hand_over();
        }
        Ok(())
    }

    fn undelivered(&self) -> u64 {
        self.frames + self.shared.waiting().frames
    }

    fn largest(&self) -> usize {
        LARGEST_FRAME
    }
}

impl Drop for CaptureDevice {
    fn drop(&mut self) {
        self.shared.waiting().ended = true;
        self.shared.arrived.notify_all();
    }
}

impl CaptureQueue {
    /// Takes all pcapng blocks that there are, whole ones; possibly none. What was taken first begins with the section
    /// header: put together it is a file.
    pub fn take(&self) -> Vec<u8> {
        self.0.take(self.0.waiting())
    }

    /// The same, waiting for some until the capture has ended, at most for `timeout`.
    pub fn wait(&self, timeout: Duration) -> Vec<u8> {
        let nothing = |waiting: &mut Waiting| waiting.bytes.is_empty() && !waiting.ended;
        let waited = self
            .0
            .arrived
            .wait_timeout_while(self.0.waiting(), timeout, nothing);
        self.0
            .take(waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Frames for which there was no room.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Whether the port is gone: what there is to take is the last.
    pub fn is_ended(&self) -> bool {
        self.0.waiting().ended
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, waiting: &Waiting) {
        self.bytes.store(waiting.bytes.len(), Ordering::Relaxed);
    }

    fn take(&self, mut waiting: MutexGuard<'_, Waiting>) -> Vec<u8> {
        waiting.frames = 0;
        let bytes = std::mem::take(&mut waiting.bytes);
        self.note(&waiting);
        bytes
    }
}

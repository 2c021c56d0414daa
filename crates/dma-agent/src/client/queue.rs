//! Frames of one class that wait for a client which has posted no buffer for them.

use std::collections::VecDeque;

use switch::DropReason;

use super::LARGEST_FRAME;
use crate::Frame;
use crate::device::Delivered;
use crate::handover::parcel::check;
use crate::handover::state::WaitingState;
use crate::handover::{HandoverError, out_of_range};
use crate::labels::Labels;

/// Frames and bytes of one class that wait for one client: a flood in one class takes no place of the others.
const MOST_FRAMES: usize = 512;
const MOST_BYTES: usize = 1 << 20;

/// First-in first-out, and bounded.
#[derive(Debug, Default)]
pub(super) struct Queue {
    frames: VecDeque<Waiting>,
    bytes: usize,
}

/// A frame for which no buffer was posted.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) bytes: Vec<u8>,
    pub(super) labels: Labels,
}

impl Queue {
    /// Keeps a copy, unless the queue is full.
    pub(super) fn push(&mut self, frame: &Frame<'_>, labels: Labels) -> Delivered {
        let bytes = self.bytes + frame.len();
        if self.frames.len() >= MOST_FRAMES || bytes > MOST_BYTES {
            return Err(DropReason::QueueFull);
        }
        self.bytes = bytes;
        let bytes = frame.to_vec();
        self.frames.push_back(Waiting { bytes, labels });
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let next = self.frames.pop_front()?;
        self.bytes -= next.bytes.len();
        Some(next)
    }

    /// For a successor.
    pub(super) fn state(&self) -> Vec<WaitingState> {
        let frames = self.frames.iter().map(|waiting| WaitingState {
            frame: waiting.bytes.as_slice().into(),
            labels: waiting.labels.state(),
        });
        frames.collect()
    }

    /// Goes on where a predecessor has stopped.
    pub(super) fn restore(&mut self, frames: Vec<WaitingState>) -> Result<(), HandoverError> {
        check("waiting frames", frames.len(), MOST_FRAMES)?;
        for WaitingState { frame, labels } in frames {
            check("bytes of a frame", frame.0.len(), LARGEST_FRAME)?;
            let labels = Labels::restore(&labels)?;
            let pushed = self.push(&Frame::own(&frame.0), labels);
            pushed.map_err(out_of_range)?;
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}

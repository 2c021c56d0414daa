//! Frames that a client receives by a ring.

use descsock_wire::{Buffer, Laden, MIN_FRAME};
use memif::{Error, Link, Misuse, Tx};
use switch::DropReason;

use crate::Frame;
use crate::device::{Delivered, Gone};
use crate::labels::Labels;

const ZEROS: [u8; MIN_FRAME as usize] = [0; MIN_FRAME as usize];

/// One tier, as the client receives by it.
#[derive(Debug)]
pub(super) struct TxTier {
    tx: Tx,
    /// Frames that are in the ring and not published.
    staged: u64,
    /// Frames that were in the ring when the link ended.
    left: u64,
}

impl TxTier {
    pub(super) fn new(tx: Tx) -> Self {
        let (staged, left) = (0, 0);
        Self { tx, staged, left }
    }

    /// Writes a frame to the ring, behind its header and padded to the shortest frame.
    #[inline]
    pub(super) fn deliver(&mut self, frame: &Frame<'_>, labels: Labels, link: &Link) -> Delivered {
        let header = labels.on(Buffer::NONE).ring_header();
        let length = frame.len().max(ZEROS.len());
        let staged = self.tx.stage(Laden::RING_HEADER + length, |mut span| {
            span.copy_from(&header);
            let mut room = span.skip(header.len());
            let written = frame.copy_to_span(&mut room);
            if written < length {
                room.write_at(written, &ZEROS[..length - written]);
            }
        });
        match staged {
            Ok(true) => {
                self.staged += 1;
                Ok(())
            }
            Ok(false) if link.is_up() => Err(DropReason::QueueFull),
            Ok(false) => Err(DropReason::LinkDown),
            Err(error) => Err(self.refused(error)),
        }
    }

    /// Hands over what was written.
    pub(super) fn flush(&mut self) -> Result<(), Gone> {
        if std::mem::take(&mut self.staged) > 0 {
            self.tx.publish()?;
        }
        Ok(())
    }

    /// Frames that the client has not taken.
    pub(super) fn undelivered(&mut self) -> u64 {
        self.left + self.staged + self.tx.in_flight() as u64
    }

    #[cold]
    fn refused(&mut self, error: Error) -> DropReason {
        match error {
            Error::Disconnected(ended) => {
                self.left += std::mem::take(&mut self.staged) + ended.undelivered;
                DropReason::LinkDown
            }
            Error::Misuse(Misuse::FrameTooLarge { .. }) => DropReason::TooLong,
            _ => DropReason::DeviceRefused,
        }
    }
}

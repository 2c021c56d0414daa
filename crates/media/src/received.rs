//! A received frame, and what its sender says about it.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use memif::{Frame, Span};

use crate::clock::now;
use crate::description::Description;
use crate::{Caps, Metadata};

/// One received frame in shared memory, for as long as it is kept.
///
/// Dropping it gives its buffer back to the sender, in any order, from any thread. It stays valid
/// after the link is gone.
#[derive(Debug)]
pub struct Received {
    frame: Frame,
    len: usize,
    metadata: Option<Metadata>,
    description: Option<Arc<Description>>,
}

impl Received {
    /// A frame that is all payload.
    pub(crate) fn bare(frame: Frame) -> Self {
        let len = frame.len();
        Self {
            frame,
            len,
            metadata: None,
            description: None,
        }
    }

    /// A frame with a trailer behind `len` bytes of payload.
    pub(crate) fn described(
        frame: Frame,
        len: usize,
        metadata: Metadata,
        description: Option<Arc<Description>>,
    ) -> Self {
        Self {
            frame,
            len,
            metadata: Some(metadata),
            description,
        }
    }

    /// Bytes of payload.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no payload.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What the sender says about the frame, if it is one of our own.
    pub fn metadata(&self) -> Option<Metadata> {
        self.metadata
    }

    /// What the frame is, if the sender says so in words that this side knows.
    pub fn caps(&self) -> Option<&Caps> {
        self.description.as_ref()?.caps.as_ref()
    }

    /// What the frame is, in the sender's words; see [`Caps`] for their form.
    pub fn caps_text(&self) -> Option<&str> {
        Some(&self.description.as_ref()?.text)
    }

    /// The time from sending until now, if the sender says when that was.
    pub fn latency(&self) -> Option<Duration> {
        let sent_at = self.metadata?.sent_at;
        Some(now().saturating_sub(sent_at))
    }

    /// The epoch of the link that it was received in.
    pub fn epoch(&self) -> u64 {
        self.frame.epoch()
    }

    /// The pieces of the payload, in order: one, unless the sender chained buffers.
    pub fn segments(&self) -> impl Iterator<Item = Span<'_>> {
        let mut left = self.len;
        let payload = self.frame.segments().map(move |span| {
            let span = span.first(left);
            left -= span.len();
            span
        });
        payload.filter(|span| !span.is_empty())
    }

    /// Copies payload from the start; returns how many bytes, the smaller of both lengths.
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        self.copy_at(0, target)
    }

    /// Copies payload from byte `offset` on; returns how many bytes.
    pub fn copy_at(&self, offset: usize, target: &mut [u8]) -> usize {
        let count = self.len.saturating_sub(offset).min(target.len());
        self.frame.copy_at(offset, &mut target[..count])
    }

    /// A private copy of the payload.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len];
        self.copy_to(&mut bytes);
        bytes
    }

    /// Writes the payload to a file, pipe or socket straight from shared memory.
    ///
    /// # Errors
    /// What the system says; part of the payload may have been written then.
    pub fn write_to(&self, file: impl AsFd) -> io::Result<()> {
        let file = file.as_fd();
        for piece in self.segments() {
            let mut done = 0;
            while done < piece.len() {
                match piece.write_to(done, file) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(count) => done += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

//! Received frames: kept ([`Frame`]) or looked at in bursts ([`Packet`]).
//!
//! # Safety
//!
//! The segments of a frame lie in the regions of the end they were taken from. A `Frame` keeps that end by its guest;
//! a `Packet` borrows the [`Rx`] that has it.
#![allow(unsafe_code)]

use memif_ring::{Chain, Guest, Segment, Span};

use crate::Rx;
use crate::ends::RxEnd;

/// One received frame, for as long as it is kept. Dropping it gives its buffers back, in any order, from any thread.
///
/// It stays valid after the link is gone. A server's ring stalls when all its slots are held: copy what is kept for long.
#[derive(Debug)]
pub struct Frame {
    guest: Guest<RxEnd>,
    chain: Chain,
    first: Segment,
    rest: Vec<Segment>,
    epoch: u64,
}

impl Frame {
    pub(crate) fn new(
        guest: Guest<RxEnd>,
        chain: Chain,
        segments: &[Segment],
        epoch: u64,
    ) -> Option<Self> {
        let (&first, rest) = segments.split_first()?;
        Some(Self {
            guest,
            chain,
            first,
            rest: rest.to_vec(),
            epoch,
        })
    }

    /// Bytes of the frame.
    pub fn len(&self) -> usize {
        usize::try_from(self.chain.bytes()).unwrap_or(usize::MAX)
    }

    /// Whether there are none; never so for a received frame.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The epoch it was received in.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Its pieces in order: one, unless the sender chained buffers.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = Span<'_>> {
        let at = |index: usize| {
            if index == 0 {
                self.first
            } else {
                self.rest[index - 1]
            }
        };
        // SAFETY: the guest keeps the regions for as long as `self` lives (module doc).
        (0..self.rest.len() + 1).map(move |index| unsafe { at(index).span() })
    }

    /// Copies from the start; returns how many bytes, the smaller of both lengths.
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        self.copy_at(0, target)
    }

    /// Copies from byte `offset` on; returns how many bytes.
    pub fn copy_at(&self, offset: usize, target: &mut [u8]) -> usize {
        copy_at(self.segments(), offset, target)
    }

    /// A private copy of all bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len()];
        self.copy_to(&mut bytes);
        bytes
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.guest.with(|end| end.give_back([self.chain]));
    }
}

/// A burst of received frames; dropping it gives them all back.
#[derive(Debug)]
pub struct Burst<'a>(&'a mut Rx);

impl<'a> Burst<'a> {
    pub(crate) fn new(rx: &'a mut Rx) -> Self {
        Self(rx)
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.0.packets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The frames, in the order they were sent.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Packet<'_>> {
        let (packets, segments) = (&self.0.packets, &self.0.segments);
        let start = |index: usize| index.checked_sub(1).map_or(0, |before| packets[before].1);
        (0..packets.len()).map(move |index| {
            let (chain, end) = packets[index];
            Packet {
                segments: &segments[start(index)..end],
                bytes: chain.bytes(),
            }
        })
    }
}

impl Drop for Burst<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// One frame of a [`Burst`].
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    segments: &'a [Segment],
    bytes: u64,
}

impl<'a> Packet<'a> {
    /// Bytes of the frame.
    pub fn len(&self) -> usize {
        usize::try_from(self.bytes).unwrap_or(usize::MAX)
    }

    /// Whether there are none; never so for a received frame.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Its pieces in order: one, unless the sender chained buffers.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = Span<'a>> + use<'a> {
        // SAFETY: the burst borrows the Rx whose end keeps the regions (module doc).
        self.segments
            .iter()
            .map(|segment| unsafe { segment.span() })
    }

    /// Copies from the start; returns how many bytes, the smaller of both lengths.
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        self.copy_at(0, target)
    }

    /// Copies from byte `offset` on; returns how many bytes.
    pub fn copy_at(&self, offset: usize, target: &mut [u8]) -> usize {
        copy_at(self.segments(), offset, target)
    }

    /// A private copy of all bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len()];
        self.copy_to(&mut bytes);
        bytes
    }
}

/// Copies out of several pieces as if they were one.
fn copy_at<'a>(
    pieces: impl Iterator<Item = Span<'a>>,
    mut offset: usize,
    target: &mut [u8],
) -> usize {
    let mut copied = 0;
    for piece in pieces {
        copied += piece.copy_at(offset, &mut target[copied..]);
        offset = offset.saturating_sub(piece.len());
        if copied == target.len() {
            break;
        }
    }
    copied
}

//! A frame on its way from one port to others.

use memif_ring::{Span, SpanMut};
use switch::PEEK_BYTES;

/// One Ethernet frame without CRC. Its first bytes are a private copy: they are what was judged, and what is
/// delivered, whatever the sender writes meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    head: &'a [u8],
    tail: Tail<'a>,
}

/// What follows the private copy.
#[derive(Clone, Copy, Debug)]
enum Tail<'a> {
    Shared(Span<'a>),
    Own(&'a [u8]),
}

/// Room for the private copy.
pub type Head = [u8; PEEK_BYTES];

impl<'a> Frame<'a> {
    /// A frame in memory that its sender may write.
    #[inline]
    pub fn shared(span: Span<'a>, head: &'a mut Head) -> Self {
        let count = span.copy_to(head);
        Self {
            head: &head[..count],
            tail: Tail::Shared(span.skip(count)),
        }
    }

    /// A frame in memory of our own.
    pub fn own(bytes: &'a [u8]) -> Self {
        let (head, tail) = bytes.split_at(bytes.len().min(PEEK_BYTES));
        Self {
            head,
            tail: Tail::Own(tail),
        }
    }

    /// The first bytes: all, or at least [`PEEK_BYTES`].
    pub fn head(&self) -> &'a [u8] {
        self.head
    }

    /// Bytes of the frame.
    #[inline]
    pub fn len(&self) -> usize {
        let tail = match self.tail {
            Tail::Shared(span) => span.len(),
            Tail::Own(bytes) => bytes.len(),
        };
        self.head.len() + tail
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// Copies the frame to memory that another process shares; returns how many bytes fit.
    #[inline]
    pub fn copy_to_span(&self, target: &mut SpanMut<'_>) -> usize {
        let head = target.copy_from(self.head);
        head + match self.tail {
            Tail::Shared(span) => target.write_span(head, span),
            Tail::Own(bytes) => target.write_at(head, bytes),
        }
    }

    /// Copies the frame to memory of our own; returns how many bytes fit.
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        let head = self.head.len().min(target.len());
        let (first, rest) = target.split_at_mut(head);
        first.copy_from_slice(&self.head[..head]);
        head + match self.tail {
            Tail::Shared(span) => span.copy_to(rest),
            Tail::Own(bytes) => {
                let count = bytes.len().min(rest.len());
                rest[..count].copy_from_slice(&bytes[..count]);
                count
            }
        }
    }

    /// A copy of the whole frame.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len()];
        self.copy_to(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use memif_ring::{Backing, Region};

    use super::*;

    #[test]
    fn a_frame_is_delivered_as_it_was_judged_although_its_sender_writes_on() {
        let mut region = Region::create("frame", 4096, Backing::default()).expect("memory");
        let sent: Vec<u8> = (0..200).collect();
        region.span_mut(0, 200).expect("inside").copy_from(&sent);
        let other = Region::create("other", 4096, Backing::default());
        let mut other = other.expect("memory");
        let mut head = [0; PEEK_BYTES];
        let frame = Frame::shared(region.span(0, 200).expect("inside"), &mut head);
        assert_eq!((frame.len(), frame.head().len()), (200, PEEK_BYTES));
        let mut target = other.span_mut(8, 300).expect("inside");
        assert_eq!(frame.copy_to_span(&mut target), 200);
        assert_eq!(frame.to_vec(), sent);
        let mut delivered = vec![0; 200];
        other.span(8, 200).expect("inside").copy_to(&mut delivered);
        assert_eq!(delivered, sent);
    }

    #[test]
    fn short_and_long_frames_of_our_own_are_whole() {
        for length in [0, 14, 127, 128, 129, 9600] {
            let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
            let frame = Frame::own(&bytes);
            assert_eq!(frame.len(), length);
            assert_eq!(frame.is_empty(), length == 0);
            assert_eq!(frame.to_vec(), bytes);
        }
    }
}

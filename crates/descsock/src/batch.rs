//! Many frames received at once.

use crate::{Labels, Received};

/// Received frames, one after the other in memory that is used again and again.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    frames: Vec<(usize, Received)>,
}

/// The frames of a [`Batch`].
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    frames: std::slice::Iter<'a, (usize, Received)>,
}

impl Batch {
    /// An empty one.
    pub const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The frames with what they carry, in their order.
    pub fn iter(&self) -> Frames<'_> {
        Frames {
            bytes: &self.bytes,
            frames: self.frames.iter(),
        }
    }

    /// Bytes of all frames together.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
    }

    /// One more frame, as `take` appends it to the bytes.
    #[inline]
    pub(crate) fn push(&mut self, take: impl FnOnce(&mut Vec<u8>) -> Option<Received>) -> bool {
        let start = self.bytes.len();
        let taken = take(&mut self.bytes);
        self.frames.extend(taken.map(|received| (start, received)));
        taken.is_some()
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = (&'a [u8], Labels);

    fn next(&mut self) -> Option<Self::Item> {
        let (start, received) = self.frames.next()?;
        let frame = self.bytes.get(*start..start + received.len)?;
        Some((frame, received.labels))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.frames.size_hint()
    }
}

impl<'a> IntoIterator for &'a Batch {
    type Item = (&'a [u8], Labels);
    type IntoIter = Frames<'a>;

    fn into_iter(self) -> Frames<'a> {
        self.iter()
    }
}

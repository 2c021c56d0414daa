//! Frames of one burst in memory of our own, ready to be handed over together.

use super::drops::DropReason;

/// The most frames in a burst.
pub(crate) const MAX_BURST: usize = 64;

/// The longest frame that is taken: an Ethernet header and the longest IPv4 packet.
pub(crate) const MAX_FRAME: usize = 14 + 65_535;

/// Frames one behind the other, in memory that is allocated once.
#[derive(Debug)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// Where each frame ends; the next starts there.
    ends: Vec<usize>,
    frames: usize,
}

impl Batch {
    /// Room for so many frames of any length.
    pub(crate) fn new(frames: usize) -> Batch {
        let frames = frames.clamp(1, MAX_BURST);
        // Zeroed memory is not touched before it is used, so room for the longest costs nothing.
        Batch {
            bytes: vec![0; frames * MAX_FRAME],
            ends: Vec::with_capacity(frames),
            frames,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ends.clear();
    }

    /// Adds a frame: `fill` gets its memory, and says how much of it is used, or why the frame is
    /// to be left out.
    pub(crate) fn push(
        &mut self,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, DropReason>,
    ) -> Result<(), DropReason> {
        if len > MAX_FRAME {
            return Err(DropReason::Oversize);
        }
        if self.ends.len() == self.frames {
            return Err(DropReason::NoRoom);
        }
        let start = self.ends.last().copied().unwrap_or(0);
        let used = fill(&mut self.bytes[start..start + len])?;
        self.ends.push(start + used.min(len));
        Ok(())
    }

    /// Puts the frames into `views` and returns those that are set.
    pub(crate) fn view<'v, 'b: 'v>(
        &'b self,
        views: &'v mut [&'b [u8]; MAX_BURST],
    ) -> &'v [&'b [u8]] {
        let mut start = 0;
        for (view, &end) in views.iter_mut().zip(&self.ends) {
            *view = &self.bytes[start..end];
            start = end;
        }
        &views[..self.ends.len()]
    }
}

/// Bytes of some frames together.
pub(crate) fn total(frames: &[&[u8]]) -> u64 {
    frames.iter().map(|frame| frame.len() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(batch: &mut Batch, frame: &[u8]) -> Result<(), DropReason> {
        batch.push(frame.len(), |room| {
            room.copy_from_slice(frame);
            Ok(frame.len())
        })
    }

    #[test]
    fn frames_come_out_as_they_went_in() {
        let mut batch = Batch::new(3);
        for frame in [&b"one"[..], b"", b"three"] {
            assert_eq!(push(&mut batch, frame), Ok(()));
        }
        let mut views = [&[][..]; MAX_BURST];
        let frames = batch.view(&mut views);
        assert_eq!(frames, [&b"one"[..], b"", b"three"]);
        assert_eq!(total(frames), 8);
    }

    #[test]
    fn a_frame_that_is_left_out_takes_no_room() {
        let mut batch = Batch::new(2);
        let dropped = batch.push(9, |_| Err(DropReason::Malformed));
        assert_eq!(dropped, Err(DropReason::Malformed));
        assert_eq!(batch.push(9, |_| Ok(4)), Ok(()), "a shorter answer");
        assert_eq!(push(&mut batch, b"next"), Ok(()));
        assert_eq!(batch.view(&mut [&[][..]; MAX_BURST])[1], b"next");
    }

    #[test]
    fn the_longest_frames_fit_and_nothing_beyond() {
        let mut batch = Batch::new(2);
        let longest = vec![7; MAX_FRAME];
        assert_eq!(push(&mut batch, &longest), Ok(()));
        assert_eq!(
            push(&mut batch, &[0; MAX_FRAME + 1]),
            Err(DropReason::Oversize)
        );
        assert_eq!(push(&mut batch, &longest), Ok(()));
        assert_eq!(push(&mut batch, b"x"), Err(DropReason::NoRoom));
        batch.clear();
        assert_eq!(push(&mut batch, b"x"), Ok(()));
        assert_eq!(batch.view(&mut [&[][..]; MAX_BURST]), [b"x"]);
    }
}

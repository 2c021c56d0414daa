//! Received frames in memory of our own: those of a connection that is over, and those that came by rings and wait for
//! calls that take one at a time.

use std::collections::VecDeque;

use crate::{Error, Received};

/// A queue of frames, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    bytes: Vec<u8>,
    /// Where the first frame begins.
    start: usize,
    frames: VecDeque<Received>,
}

impl Kept {
    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// One more frame, whose bytes `copy` writes.
    #[inline]
    pub(crate) fn push(&mut self, frame: Received, copy: impl FnOnce(&mut [u8])) {
        let at = self.bytes.len();
        self.bytes.resize(at + frame.len, 0);
        copy(&mut self.bytes[at..]);
        self.frames.push_back(frame);
    }

    /// Copies the next frame out, all of it or, with `truncate`, what fits.
    #[inline]
    pub(crate) fn take(
        &mut self,
        target: &mut [u8],
        truncate: bool,
    ) -> Result<Option<Received>, Error> {
        let Some(&Received { len, .. }) = self.frames.front() else {
            return Ok(None);
        };
        let room = target.len();
        if len > room && !truncate {
            return Err(Error::BufferTooSmall { len, room });
        }
        Ok(self.pop(|frame| {
            let count = len.min(room);
            target[..count].copy_from_slice(&frame[..count]);
        }))
    }

    /// Copies the next frame to the end of a vector.
    #[inline]
    pub(crate) fn take_to(&mut self, target: &mut Vec<u8>) -> Option<Received> {
        self.pop(|frame| target.extend_from_slice(frame))
    }

    #[inline]
    fn pop(&mut self, copy: impl FnOnce(&[u8])) -> Option<Received> {
        let frame = self.frames.pop_front()?;
        let end = self.start + frame.len;
        copy(&self.bytes[self.start..end]);
        self.start = end;
        self.tidy();
        Some(frame)
    }

    /// Forgets what was taken; moves bytes only when half of them are.
    #[inline]
    fn tidy(&mut self) {
        if self.frames.is_empty() {
            self.bytes.clear();
            self.start = 0;
        } else if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use descsock_wire::{Directed, Flags, Tier};

    use super::*;
    use crate::Labels;

    fn frame(len: usize) -> Received {
        let labels = Labels {
            from: Directed::default(),
            flags: Flags::empty(),
            tier: Tier::default(),
        };
        Received { len, labels }
    }

    #[test]
    fn frames_come_out_as_they_went_in_however_many_wait() {
        let mut kept = Kept::default();
        let (mut pushed, mut taken) = (0_u8, 0_u8);
        for round in 0..50 {
            for _ in 0..5 - round % 5 {
                kept.push(frame(60 + usize::from(pushed)), |bytes| bytes.fill(pushed));
                pushed += 1;
            }
            for _ in 0..kept.len().min(3) {
                let mut target = vec![0; 400];
                let got = kept.take(&mut target, false).expect("room").expect("one");
                assert_eq!(got.len, 60 + usize::from(taken));
                assert!(target[..got.len].iter().all(|byte| *byte == taken));
                taken += 1;
            }
        }
        assert_eq!(kept.len(), usize::from(pushed - taken));
    }

    #[test]
    fn a_frame_that_does_not_fit_stays() {
        let mut kept = Kept::default();
        kept.push(frame(100), |bytes| bytes.fill(7));
        let small = kept.take(&mut [0; 99], false);
        assert!(matches!(
            small,
            Err(Error::BufferTooSmall { len: 100, room: 99 })
        ));
        let mut target = Vec::new();
        assert!(kept.take_to(&mut target).is_some());
        assert_eq!(target, [7; 100]);
        assert!(kept.is_empty() && kept.take_to(&mut target).is_none());
    }
}

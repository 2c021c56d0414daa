//! 1080p frames per second over a Memwire link, each written in full by one process and read in full by the other.

use std::time::Instant;

use anyhow::{Result, ensure};
use memif::{LinkOptions, Wait};

use crate::exchange::{Exchange, PATIENCE, Run, Work};
use crate::figures::Sample;
use crate::links::{self, Direction};
use crate::memory::sum_of;
use crate::stamp::{WORD, mix};

/// Bytes of a 1920x1080 yuv422p10le frame.
pub(crate) const FRAME: u32 = 1920 * 1080 * 4;
/// The same as a length.
pub(crate) const LENGTH: usize = FRAME as usize;
/// Frames that can be under way.
pub(crate) const DEPTH: u16 = 16;
/// Bytes written at a time.
const CHUNK: usize = 64 << 10;

/// The exchange: the second process sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frames {
    /// Which way.
    pub(crate) direction: Direction,
}

impl Exchange for Frames {
    fn measure(&self, run: &Run) -> Result<Sample> {
        let work = work(run);
        let peer = run.start_peer()?;
        let mut link = self.direction.receiving(run, options())?;
        let mut rx = link.rx(0)?;
        let mut started = Instant::now();
        for number in 0..work.total() {
            if number == work.warm_up {
                started = Instant::now();
            }
            let frame = rx.recv(PATIENCE)?;
            ensure!(
                frame.len() == LENGTH,
                "a frame of {} bytes came",
                frame.len()
            );
            let sums = frame.segments().map(|piece| sum_of(&piece));
            check(number, sums.fold(0, u64::wrapping_add))?;
        }
        let took = started.elapsed();
        peer.finish()?;
        Ok(Sample::of_rate(work.measured, took))
    }

    fn accompany(&self, run: &Run) -> Result<()> {
        let mut link = self.direction.sending(run, options())?;
        let mut tx = link.tx(0)?;
        let mut brush = Brush::new();
        for number in 0..work(run).total() {
            let mut loan = tx.loan(LENGTH, PATIENCE)?;
            brush.paint(number, |offset, bytes| Ok(loan.write_at(offset, bytes)?))?;
            loan.send()?;
        }
        links::close(link)
    }
}

/// The same work for every subject.
pub(crate) fn work(run: &Run) -> Work {
    run.work(600, 2 * u64::from(DEPTH))
}

fn options() -> LinkOptions {
    let options = LinkOptions::new(0).buffer_size(FRAME).slots(DEPTH);
    options.wait(Wait::Poll).prefault(true)
}

/// Fills frames, each with a word of its own.
#[derive(Debug)]
pub(crate) struct Brush(Vec<u8>);

impl Brush {
    /// A dry one.
    pub(crate) fn new() -> Self {
        Self(vec![0; CHUNK])
    }

    /// Writes all bytes of a frame, chunk by chunk from private memory.
    pub(crate) fn paint(
        &mut self,
        number: u64,
        mut write: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let word = mix(number).to_le_bytes();
        let words = self.0.as_chunks_mut::<WORD>().0;
        words.iter_mut().for_each(|place| *place = word);
        for offset in (0..LENGTH).step_by(CHUNK) {
            write(offset, &self.0[..CHUNK.min(LENGTH - offset)])?;
        }
        Ok(())
    }
}

/// Whether this is the sum of all words of the frame with this number.
pub(crate) fn check(number: u64, sum: u64) -> Result<()> {
    let words = u64::from(FRAME) / WORD as u64;
    ensure!(
        sum == mix(number).wrapping_mul(words),
        "frame {number} is not what was sent"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_painted_frame_is_written_once_in_full_and_proves_its_number() {
        let (mut next, mut sum) = (0, 0u64);
        let add = |offset: usize, bytes: &[u8]| {
            assert_eq!(offset, next);
            next += bytes.len();
            for word in bytes.as_chunks::<WORD>().0 {
                sum = sum.wrapping_add(u64::from_le_bytes(*word));
            }
            Ok(())
        };
        Brush::new().paint(9, add).unwrap();
        assert_eq!(next, LENGTH);
        check(9, sum).unwrap();
        assert!(check(8, sum).is_err() && check(9, sum ^ 1).is_err());
    }
}

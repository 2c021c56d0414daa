//! Baseline for frames: the same frames in the same number of places, each handed over by a bare flag.
//!
//! The flag of a place is 0 while the writer has it, and the number of the frame plus 1 while the reader has it.

use std::hint::spin_loop;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Result;

use crate::exchange::{Exchange, Run};
use crate::figures::Sample;
use crate::frames::{Brush, DEPTH, LENGTH, check, work};
use crate::memory::Memory;

/// The exchange: the second process writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags;

impl Exchange for Flags {
    fn measure(&self, run: &Run) -> Result<Sample> {
        let work = work(run);
        let file = Memory::file(usize::from(DEPTH) * LENGTH)?;
        let memory = Memory::map(&file)?;
        let peer = run.start_peer_with(Stdio::from(file), Stdio::null())?;
        let mut started = Instant::now();
        for number in 0..work.total() {
            if number == work.warm_up {
                started = Instant::now();
            }
            let (flag, offset) = place(&memory, number)?;
            wait_for(flag, number + 1);
            check(number, memory.sum_at(offset, LENGTH))?;
            flag.store(0, Ordering::Release);
        }
        let took = started.elapsed();
        peer.finish()?;
        Ok(Sample::of_rate(work.measured, took))
    }

    fn accompany(&self, run: &Run) -> Result<()> {
        let memory = Memory::map(std::io::stdin())?;
        let mut brush = Brush::new();
        for number in 0..work(run).total() {
            let (flag, offset) = place(&memory, number)?;
            wait_for(flag, 0);
            brush.paint(number, |at, bytes| {
                memory.write_at(offset + at, bytes);
                Ok(())
            })?;
            flag.store(number + 1, Ordering::Release);
        }
        Ok(())
    }
}

/// The flag and the bytes of this frame.
fn place(memory: &Memory, number: u64) -> Result<(&AtomicU64, usize)> {
    let index = usize::try_from(number % u64::from(DEPTH))?;
    Ok((memory.cell(index), index * LENGTH))
}

fn wait_for(flag: &AtomicU64, value: u64) {
    while flag.load(Ordering::Acquire) != value {
        spin_loop();
    }
}

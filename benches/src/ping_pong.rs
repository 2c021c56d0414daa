//! Baseline for a round trip: a number that travels to and fro between two cache lines. Nothing can be faster.

use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Result;

use crate::exchange::{Exchange, Run, Work};
use crate::figures::Sample;
use crate::memory::Memory;

/// Which cell travels there, and which back.
const PING: usize = 0;
const PONG: usize = 1;

/// The exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PingPong;

impl Exchange for PingPong {
    fn measure(&self, run: &Run) -> Result<Sample> {
        let work = work(run);
        let file = Memory::file(0)?;
        let memory = Memory::map(&file)?;
        let peer = run.start_peer_with(Stdio::from(file), Stdio::null())?;
        let (ping, pong) = (memory.cell(PING), memory.cell(PONG));
        let mut marks = Vec::with_capacity(usize::try_from(work.measured)? + 1);
        for number in 1..=work.total() {
            ping.store(number, Ordering::Release);
            wait_for(pong, number);
            if number >= work.warm_up {
                marks.push(Instant::now());
            }
        }
        peer.finish()?;
        Ok(Sample::of_trips(&marks))
    }

    fn accompany(&self, run: &Run) -> Result<()> {
        let memory = Memory::map(std::io::stdin())?;
        let (ping, pong) = (memory.cell(PING), memory.cell(PONG));
        for number in 1..=work(run).total() {
            wait_for(ping, number);
            pong.store(number, Ordering::Release);
        }
        Ok(())
    }
}

fn work(run: &Run) -> Work {
    run.work(200_000, 1_000)
}

/// Looks as often as the core can. A pause between two looks would be kinder, and slower.
fn wait_for(cell: &AtomicU64, number: u64) {
    while cell.load(Ordering::Acquire) != number {}
}

//! Baseline for a round trip with sleeping: two eventfds, each written by one process and read by the other.

use std::os::fd::AsFd;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

use crate::exchange::{Exchange, Run, Work};
use crate::figures::Sample;

/// The exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eventfds;

impl Exchange for Eventfds {
    fn measure(&self, run: &Run) -> Result<Sample> {
        let work = work(run);
        let there = eventfd(0, EventfdFlags::CLOEXEC).context("eventfd failed")?;
        let back = eventfd(0, EventfdFlags::CLOEXEC).context("eventfd failed")?;
        let (input, output) = (there.try_clone()?, back.try_clone()?);
        let peer = run.start_peer_with(Stdio::from(input), Stdio::from(output))?;
        let mut marks = Vec::with_capacity(usize::try_from(work.measured)? + 1);
        for number in 1..=work.total() {
            ring(&there)?;
            await_ring(&back)?;
            if number >= work.warm_up {
                marks.push(Instant::now());
            }
        }
        peer.finish()?;
        Ok(Sample::of_trips(&marks))
    }

    fn accompany(&self, run: &Run) -> Result<()> {
        let (input, output) = (std::io::stdin(), std::io::stdout());
        for _ in 0..work(run).total() {
            await_ring(&input)?;
            ring(&output)?;
        }
        Ok(())
    }
}

fn work(run: &Run) -> Work {
    run.work(20_000, 500)
}

fn ring(bell: impl AsFd) -> Result<()> {
    let written = write(bell, &1u64.to_ne_bytes()).context("writing an eventfd failed")?;
    ensure!(written == 8, "an eventfd took {written} bytes");
    Ok(())
}

/// Sleeps until the other process has rung once.
fn await_ring(bell: impl AsFd) -> Result<()> {
    let mut count = [0; 8];
    read(bell, &mut count).context("reading an eventfd failed")?;
    let count = u64::from_ne_bytes(count);
    ensure!(count == 1, "the other process rang {count} times, not once");
    Ok(())
}

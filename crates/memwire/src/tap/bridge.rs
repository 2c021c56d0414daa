//! Frames between a TAP interface and an agent.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use anyhow::{Context as _, Result};
use descsock::{Batch, Client, Error, Events, Route, Wait};
use dma_agent::tap::Tap;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::time::Timespec;
use serde::Serialize;

use super::OVERHEAD;
use crate::report::{Summary, grouped, spell};

/// Frames taken from one side before the other gets its turn.
const BURST: usize = 64;

/// Both sides, and what went between them.
pub(super) struct Bridge {
    tap: Tap,
    client: Client,
    batch: Batch,
    frame: Vec<u8>,
    counts: Counts,
}

/// Frames.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    to_agent: u64,
    from_agent: u64,
    /// From the host, while there was no agent or no room.
    not_sent: u64,
    /// From the agent, not taken by the host.
    not_received: u64,
}

/// What the command did.
#[derive(Debug, Serialize)]
pub(super) struct Carried {
    interface: String,
    seconds: f64,
    #[serde(flatten)]
    counts: Counts,
    agents: u64,
}

impl Bridge {
    pub(super) fn new(tap: Tap, client: Client, mtu: u32) -> Self {
        let longest = usize::try_from(mtu + OVERHEAD).unwrap_or(usize::MAX);
        Self {
            tap,
            client,
            batch: Batch::new(),
            frame: vec![0; longest],
            counts: Counts::default(),
        }
    }

    /// Moves what there is to move, waiting for it at most for `time`.
    pub(super) fn turn(&mut self, time: Duration) -> Result<()> {
        let client = self.client.as_fd();
        let mut sides = [
            PollFd::new(&self.tap, PollFlags::IN),
            PollFd::from_borrowed_fd(client, PollFlags::IN),
        ];
        match poll(&mut sides, Timespec::try_from(time).ok().as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).context("poll failed"),
        }
        self.take_from_host()?;
        self.take_from_agent()
    }

    fn take_from_host(&mut self) -> Result<()> {
        for _ in 0..BURST {
            let read = self.tap.read(&mut self.frame);
            let Some(length) = read.context("the interface is gone")? else {
                return Ok(());
            };
            let frame = &self.frame[..length];
            match self.client.send_to(frame, &Route::default(), Wait::Never) {
                Ok(_) => self.counts.to_agent += 1,
                Err(Error::NotConnected | Error::WouldBlock) => self.counts.not_sent += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn take_from_agent(&mut self) -> Result<()> {
        if !self.client.poll(Events::IN).contains(Events::IN) && self.client.is_connected() {
            return Ok(());
        }
        match self.client.recv_batch(&mut self.batch, BURST) {
            Ok(_) => {}
            Err(Error::NotConnected) => return Ok(()), // it comes back by itself
            Err(error) => return Err(error.into()),
        }
        for (frame, _) in self.batch.iter() {
            match self.tap.write(frame) {
                Ok(()) => self.counts.from_agent += 1,
                Err(error) if is_passing(&error) => self.counts.not_received += 1,
                Err(error) => return Err(error).context("the interface is gone"),
            }
        }
        Ok(())
    }

    pub(super) fn carried(&self, time: Duration) -> Carried {
        Carried {
            interface: self.tap.name().to_owned(),
            seconds: time.as_secs_f64(),
            counts: self.counts,
            agents: self.client.statistics().connections,
        }
    }
}

/// Whether the host may take the next frame: its queue was full, or the interface is switched off.
fn is_passing(error: &io::Error) -> bool {
    let passing = [Errno::AGAIN, Errno::IO, Errno::NOBUFS, Errno::NOMEM];
    passing
        .map(|errno| errno.raw_os_error())
        .contains(&error.raw_os_error().unwrap_or(0))
}

impl Summary for Carried {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let Counts {
            to_agent,
            from_agent,
            not_sent,
            not_received,
        } = self.counts;
        vec![
            ("interface", self.interface.clone()),
            ("time", spell(Duration::from_secs_f64(self.seconds))),
            ("frames to the agent", grouped(to_agent)),
            ("frames from the agent", grouped(from_agent)),
            ("not sent", grouped(not_sent)),
            ("not received", grouped(not_received)),
            ("agents", grouped(self.agents)),
        ]
    }
}

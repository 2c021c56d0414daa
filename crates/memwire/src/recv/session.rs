//! From the first frame to the last, from however many senders one after another.

use std::time::{Duration, Instant};

use anyhow::bail;
use media::Received;
use memif::Ended;

use super::inlet::{Event, Inlet};
use super::summary::Summed;
use super::take::{Arrival, Taker};
use crate::report::Talk;
use crate::stop::{SLICE, Stop};

/// When to end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) frames: Option<u64>,
    pub(crate) timeout: Option<Duration>,
}

/// One run of the command.
pub(crate) struct Session<'a> {
    inlet: Inlet,
    taker: Taker,
    rules: Rules,
    stop: &'a Stop,
    talk: &'a Talk,
    /// The connection of the last frame, and how many there have been.
    epoch: Option<u64>,
    senders: u64,
    silent_since: Instant,
    stopped: bool,
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        inlet: Inlet,
        taker: Taker,
        rules: Rules,
        stop: &'a Stop,
        talk: &'a Talk,
    ) -> Session<'a> {
        Session {
            inlet,
            taker,
            rules,
            stop,
            talk,
            epoch: None,
            senders: 0,
            silent_since: Instant::now(),
            stopped: false,
        }
    }

    /// Receives until there is an end, and judges what came.
    pub(crate) fn run(&mut self) -> anyhow::Result<()> {
        while self
            .rules
            .frames
            .is_none_or(|most| self.taker.tally.frames < most)
        {
            if self.stop.requested() {
                self.stopped = true;
                break;
            }
            match self.inlet.next(SLICE)? {
                Event::Frame(frame) => self.take(&frame)?,
                Event::Nothing => self.waited()?,
                Event::Ended(ended) if ended.clean => break,
                Event::Ended(ended) => self.vanished(&ended),
            }
        }
        let (malformed, fault) = self.inlet.malformed();
        self.taker.malformed(malformed, fault.as_ref());
        self.taker.verdict()
    }

    /// What has come so far.
    pub(crate) fn summary(&self) -> Summed {
        Summed::new(&self.taker, self.senders.saturating_sub(1), self.stopped)
    }

    fn take(&mut self, frame: &Received) -> anyhow::Result<()> {
        let latency = frame.latency();
        if self.epoch.replace(frame.epoch()) != Some(frame.epoch()) {
            self.senders += 1;
        }
        self.taker.take(&Arrival {
            payload: frame,
            sequence: frame.metadata().map(|metadata| metadata.sequence),
            caps: frame.caps(),
            epoch: frame.epoch(),
            latency,
        })?;
        self.silent_since = Instant::now();
        if let Some(fault) = self.taker.fresh_fault() {
            self.talk.note(format!(
                "a frame is corrupt: {fault}; later ones are only counted"
            ));
        }
        let tally = &self.taker.tally;
        self.talk
            .progress(tally.frames, || match (tally.fps(), tally.gbit_per_s()) {
                (Some(fps), Some(gbit)) => {
                    format!("frames, {fps:.1}/s, {gbit:.2} Gbit/s, {} lost", tally.lost)
                }
                _ => "frames".into(),
            });
        Ok(())
    }

    fn waited(&self) -> anyhow::Result<()> {
        self.inlet.check_welcome()?;
        self.talk
            .waiting(|| format!("waiting for a sender on {}", self.inlet.name()));
        match self.rules.timeout {
            Some(limit) if self.silent_since.elapsed() >= limit => {
                let (seconds, name) = (limit.as_secs_f64(), self.inlet.name());
                match self.taker.tally.frames {
                    0 => bail!("no sender brought a frame to {name} within {seconds} s"),
                    _ => bail!("no further frame came to {name} within {seconds} s"),
                }
            }
            _ => Ok(()),
        }
    }

    fn vanished(&mut self, ended: &Ended) {
        self.silent_since = Instant::now();
        self.talk.note(format!(
            "the sender vanished ({}); waiting for it to come back",
            ended.reason
        ));
    }
}

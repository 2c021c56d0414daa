//! What is done with each frame: count it, verify it, write it. Its bytes are copied once, in pieces
//! that stay in the cache, and looked at only in that copy.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use anyhow::bail;
use media::{Caps, PatternFault, TrailerFault, Verifier, VideoFormat};

use super::form::{Form, FormArg};
use crate::latency::Latency;
use crate::output::Output;
use crate::tally::Tally;

/// So much is copied out of a frame at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// The bytes of a frame, in memory that someone else can write.
pub(crate) trait Payload {
    /// How many there are.
    fn len(&self) -> usize;
    /// Copies bytes from an offset on; returns how many.
    fn copy_at(&self, offset: usize, into: &mut [u8]) -> usize;
    /// Writes all of them to a file.
    fn write_to(&self, file: BorrowedFd<'_>) -> io::Result<()>;
}

/// A frame and what came with it.
pub(crate) struct Arrival<'a> {
    pub(crate) payload: &'a dyn Payload,
    /// Its number, if the sender told one.
    pub(crate) sequence: Option<u64>,
    /// What it is, if the sender told that.
    pub(crate) caps: Option<&'a Caps>,
    /// The connection it came on.
    pub(crate) epoch: u64,
    /// How long it took.
    pub(crate) latency: Option<Duration>,
}

/// What is to be done with the frames.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) output: Output,
    /// The form that the command line asks for.
    pub(crate) form: Option<FormArg>,
    /// The format of frames that do not tell it.
    pub(crate) video: Option<VideoFormat>,
    pub(crate) verify: bool,
}

/// Takes frames and remembers what came of them.
#[derive(Debug)]
pub(crate) struct Taker {
    plan: Plan,
    form: Option<Form>,
    /// What the last frame was, as far as is known.
    caps: Option<Caps>,
    chunk: Vec<u8>,
    shown: Option<u64>,
    pub(crate) tally: Tally,
    pub(crate) latency: Latency,
    /// What was wrong with the first frame that was corrupt.
    first_fault: Option<String>,
    fault_told: bool,
}

impl Taker {
    pub(crate) fn new(plan: Plan) -> Taker {
        Taker {
            form: None,
            caps: plan.video.map(Caps::Video),
            plan,
            chunk: vec![0; CHUNK_BYTES],
            shown: None,
            tally: Tally::default(),
            latency: Latency::new(),
            first_fault: None,
            fault_told: false,
        }
    }

    /// Takes one frame; only an output that fails or a stream that changes is an error.
    pub(crate) fn take(&mut self, arrival: &Arrival<'_>) -> anyhow::Result<()> {
        if arrival.caps.is_some() && arrival.caps != self.caps.as_ref() {
            self.caps = arrival.caps.cloned();
        }
        self.count(arrival);
        if let Some(expected) = self.wrong_size(arrival.payload.len() as u64) {
            let have = arrival.payload.len();
            self.corrupt(format!("it has {have} bytes instead of {expected}"));
            return Ok(());
        }
        self.before_frame()?;
        let verdict = self.copy(arrival.payload)?;
        match verdict {
            None => {}
            Some(Err(fault)) => self.corrupt(fault.to_string()),
            Some(Ok(number)) => self.verified(number, arrival),
        }
        Ok(())
    }

    /// Counts frames that contradicted themselves and were passed over.
    pub(crate) fn malformed(&mut self, frames: u64, fault: Option<&TrailerFault>) {
        if let Some(fault) = fault {
            self.first_fault.get_or_insert(fault.to_string());
            self.tally.frames += frames;
            self.tally.corrupt += frames;
        }
    }

    /// What was wrong with the first corrupt frame, once.
    pub(crate) fn fresh_fault(&mut self) -> Option<&str> {
        let told = std::mem::replace(&mut self.fault_told, self.first_fault.is_some());
        self.first_fault.as_deref().filter(|_| !told)
    }

    /// Fails when a frame was corrupt.
    pub(crate) fn verdict(&self) -> anyhow::Result<()> {
        match (&self.first_fault, self.tally.corrupt) {
            (Some(fault), corrupt) => {
                bail!(
                    "{corrupt} of {} frames are corrupt; the first: {fault}",
                    self.tally.frames
                )
            }
            (None, _) => Ok(()),
        }
    }

    /// Whether the frames are verified.
    pub(crate) fn verifies(&self) -> bool {
        self.plan.verify
    }

    /// What the frames are, as far as is known.
    pub(crate) fn caps(&self) -> Option<&Caps> {
        self.caps.as_ref()
    }

    fn count(&mut self, arrival: &Arrival<'_>) {
        let bytes = arrival.payload.len() as u64;
        self.tally.frame(bytes, Instant::now());
        if let Some(latency) = arrival.latency {
            self.latency.record(latency);
        }
        if let Some(sequence) = arrival.sequence {
            self.tally.sequence(sequence, arrival.epoch);
        }
    }

    fn wrong_size(&self, have: u64) -> Option<u64> {
        let expected = self.caps()?.frame_bytes().ok()??;
        (expected != have).then_some(expected)
    }

    fn before_frame(&mut self) -> anyhow::Result<()> {
        if self.plan.output.is_nowhere() {
            return Ok(());
        }
        let caps = self.caps.as_ref();
        if self.form.is_none() {
            let form = Form::settle(self.plan.form, caps)?;
            self.plan
                .output
                .write(form.prologue().unwrap_or_default().as_bytes())?;
            self.form = Some(form);
        }
        let line = self
            .form
            .as_ref()
            .map(|form| form.before(caps))
            .transpose()?
            .flatten();
        self.plan.output.write(line.unwrap_or_default().as_bytes())
    }

    /// Writes the bytes from where they are, or from a copy of pieces that is verified too.
    fn copy(&mut self, payload: &dyn Payload) -> anyhow::Result<Option<Result<u64, PatternFault>>> {
        if !self.plan.verify {
            return self
                .plan
                .output
                .write_with(|file| payload.write_to(file))
                .map(|()| None);
        }
        let mut verifier = Verifier::new();
        let mut done = 0;
        while done < payload.len() {
            let most = self.chunk.len().min(payload.len() - done);
            let got = payload.copy_at(done, &mut self.chunk[..most]);
            if got == 0 {
                break;
            }
            verifier.update(&self.chunk[..got]);
            self.plan.output.write(&self.chunk[..got])?;
            done += got;
        }
        Ok(Some(verifier.finish()))
    }

    /// A whole picture. Its own number tells what is missing when the sender tells no sequence.
    fn verified(&mut self, number: u64, arrival: &Arrival<'_>) {
        if arrival.sequence.is_none() {
            self.tally.sequence(number, arrival.epoch);
        } else if self.shown == Some(number) {
            self.tally.repeated += 1;
        }
        self.shown = Some(number);
    }

    fn corrupt(&mut self, fault: String) {
        self.tally.corrupt += 1;
        self.first_fault.get_or_insert(fault);
    }
}

#[cfg(test)]
mod tests;

//! What is done with each frame: count it, verify it, write it. Its bytes are copied once, in pieces
//! that stay in the cache, and looked at only in that copy.

use std::time::{Duration, Instant};

use anyhow::bail;
use media::{Caps, Metadata, PatternFault, Verifier, VideoFormat};

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
}

/// A frame and what came with it.
pub(crate) struct Arrival<'a> {
    pub(crate) payload: &'a dyn Payload,
    pub(crate) metadata: Option<Metadata>,
    /// The description of the stream, empty if the sender gave none.
    pub(crate) caps: &'a str,
    /// The connection it came on.
    pub(crate) epoch: u64,
    /// When it came, on `CLOCK_MONOTONIC`.
    pub(crate) at: Duration,
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
    /// The description that came last, and what it means.
    caps: (String, Option<Caps>),
    chunk: Vec<u8>,
    shown: Option<u64>,
    pub(crate) tally: Tally,
    pub(crate) latency: Latency,
    /// What was wrong with the first frame that was corrupt.
    pub(crate) first_fault: Option<String>,
}

impl Taker {
    pub(crate) fn new(plan: Plan) -> Taker {
        let caps = (String::new(), plan.video.map(Caps::Video));
        Taker {
            plan,
            form: None,
            caps,
            chunk: vec![0; CHUNK_BYTES],
            shown: None,
            tally: Tally::default(),
            latency: Latency::new(),
            first_fault: None,
        }
    }

    /// Takes one frame; only an output that fails or a stream that changes is an error.
    pub(crate) fn take(&mut self, arrival: &Arrival<'_>) -> anyhow::Result<()> {
        self.understand(arrival.caps);
        self.tally
            .frame(arrival.payload.len() as u64, Instant::now());
        if let Some(metadata) = arrival.metadata {
            self.latency
                .record(arrival.at.saturating_sub(metadata.sent_at));
            self.tally.sequence(metadata.sequence, arrival.epoch);
        }
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

    /// How to call the output in a message.
    pub(crate) fn output(&self) -> &Output {
        &self.plan.output
    }

    /// What the frames are, as far as is known.
    pub(crate) fn caps(&self) -> Option<&Caps> {
        self.caps.1.as_ref()
    }

    /// Reads a description only when it is another than before. One that says nothing to us is none.
    fn understand(&mut self, text: &str) {
        if self.caps.0 != text {
            let meaning = text.parse().ok().or(self.plan.video.map(Caps::Video));
            self.caps = (text.to_owned(), meaning);
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
        let caps = self.caps.1.as_ref();
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

    fn copy(&mut self, payload: &dyn Payload) -> anyhow::Result<Option<Result<u64, PatternFault>>> {
        let mut verifier = self.plan.verify.then(Verifier::new);
        let mut done = 0;
        while done < payload.len() {
            let most = self.chunk.len().min(payload.len() - done);
            let got = payload.copy_at(done, &mut self.chunk[..most]);
            if got == 0 {
                break;
            }
            if let Some(verifier) = &mut verifier {
                verifier.update(&self.chunk[..got]);
            }
            self.plan.output.write(&self.chunk[..got])?;
            done += got;
        }
        Ok(verifier.map(Verifier::finish))
    }

    /// A whole picture. Its own number tells what is missing when the sender tells no sequence.
    fn verified(&mut self, number: u64, arrival: &Arrival<'_>) {
        if arrival.metadata.is_none() {
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
mod tests {
    use std::path::Path;

    use media::Pattern;

    use super::*;

    impl Payload for Vec<u8> {
        fn len(&self) -> usize {
            Vec::len(self)
        }

        fn copy_at(&self, offset: usize, into: &mut [u8]) -> usize {
            let end = (offset + into.len()).min(self.len());
            into[..end - offset].copy_from_slice(&self[offset..end]);
            end - offset
        }
    }

    fn taker(output: Output, verify: bool) -> Taker {
        Taker::new(Plan {
            output,
            form: None,
            video: None,
            verify,
        })
    }

    fn arrival<'a>(payload: &'a Vec<u8>, caps: &'a str, sequence: u64) -> Arrival<'a> {
        let sent_at = Duration::from_millis(1);
        let metadata = Some(Metadata {
            sequence,
            timestamp: 0,
            sent_at,
        });
        Arrival {
            payload,
            metadata,
            caps,
            epoch: 1,
            at: Duration::from_millis(3),
        }
    }

    fn picture(number: u64) -> Vec<u8> {
        let pattern = Pattern::new(&"64x32@25 v210".parse().unwrap()).unwrap();
        let mut frame = vec![0; pattern.frame_bytes()];
        pattern.fill(number, &mut frame).unwrap();
        frame
    }

    #[test]
    fn whole_pictures_are_counted_and_nothing_else_is_said() {
        let mut taker = taker(Output::nowhere(), true);
        for number in 0..3 {
            taker.take(&arrival(&picture(number), "", number)).unwrap();
        }
        taker.verdict().unwrap();
        assert_eq!(
            (taker.tally.frames, taker.tally.lost, taker.tally.corrupt),
            (3, 0, 0)
        );
        let latency = taker.latency.quantiles().unwrap();
        assert!(latency.p50.abs_diff(2_000_000) < 40_000, "{latency:?}");
    }

    #[test]
    fn a_flipped_byte_is_found_and_explained() {
        let mut taker = taker(Output::nowhere(), true);
        let mut frame = picture(0);
        frame[1000] ^= 1;
        taker.take(&arrival(&frame, "", 0)).unwrap();
        let error = taker.verdict().unwrap_err().to_string();
        assert!(
            error.starts_with("1 of 1 frames are corrupt") && error.contains("checksum"),
            "{error}"
        );
    }

    #[test]
    fn a_frame_of_another_size_than_described_is_corrupt_also_unverified() {
        let mut taker = taker(Output::nowhere(), false);
        taker
            .take(&arrival(
                &vec![0; 7],
                "video/raw format=gray width=4 height=2 fps=25/1",
                0,
            ))
            .unwrap();
        assert_eq!(taker.tally.corrupt, 1);
        assert!(
            taker
                .verdict()
                .unwrap_err()
                .to_string()
                .contains("7 bytes instead of 8")
        );
    }

    #[test]
    fn the_same_picture_twice_is_a_repetition() {
        let mut taker = taker(Output::nowhere(), true);
        taker.take(&arrival(&picture(0), "", 0)).unwrap();
        taker.take(&arrival(&picture(0), "", 1)).unwrap();
        assert_eq!(taker.tally.repeated, 1);
    }

    #[test]
    fn a_y4m_stream_is_written_byte_for_byte() {
        let path = std::env::temp_dir().join(format!("memwire-{}-take", std::process::id()));
        let mut taker = taker(Output::open(Path::new(&path)).unwrap(), false);
        let caps = "video/y4m YUV4MPEG2 W2 H2 Cmono";
        taker.take(&arrival(&b"abcd".to_vec(), caps, 0)).unwrap();
        taker
            .take(&arrival(&b"efgh".to_vec(), &format!("{caps}\nFRAME Ip"), 1))
            .unwrap();
        let written = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(written, b"YUV4MPEG2 W2 H2 Cmono\nFRAME\nabcdFRAME Ip\nefgh");
    }
}

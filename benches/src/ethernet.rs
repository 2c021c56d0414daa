//! Ethernet frames per second from one process to another, and what goes between them: the exchange that all subjects
//! of its bench play over a [`Wire`] each.
//!
//! The receiver says every [`ACK`] frames how far it is, by a frame of its own; the sender stays within [`WINDOW`], so
//! that no wire has a reason to drop anything.
//!
//! ```text
//! byte 0      6      12     14       22       52      60
//!      to     from   type   number            proof
//!      u48    u48    88B5   u64 LE   blank    u64 LE
//! ```

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::exchange::{Exchange, Run};
use crate::figures::Sample;
use crate::stamp;

/// Bytes of a frame without CRC: 64 on the wire.
pub(crate) const FRAME: usize = 60;
/// One frame.
pub(crate) type Frame = [u8; FRAME];
/// Frames that are sent and received together.
pub(crate) const BURST: usize = 64;
/// Type of the frames: for local experiments.
pub(crate) const TYPE: u16 = 0x88B5;

const FRAMES_A_RUN: u64 = 2_000_000;
const WINDOW: u64 = 1024;
const ACK: u64 = 256;
const HEADER: usize = 14;
const SENDER: [u8; 6] = [2, 0, 0, 0, 0, 0xA];
const RECEIVER: [u8; 6] = [2, 0, 0, 0, 0, 0xB];

/// A way for Ethernet frames.
pub(crate) trait Wire {
    /// Sends some of these; how many, at least one.
    fn send(&mut self, frames: &[Frame]) -> Result<usize>;
    /// Calls `each` for the frames that are there, waiting for the first.
    fn receive(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>;
    /// The same, without waiting.
    fn look(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>;
}

/// How the two ends come by their wires.
pub(crate) trait Wires {
    /// Why it cannot be measured here, if it cannot.
    fn unavailable(&self) -> Option<String>;
    /// What has to be there before the second process is started.
    fn prepare(&self) -> Result<()>;
    /// The end of the process that measures, which receives.
    fn receiving(&self, run: &Run) -> Result<Box<dyn Wire>>;
    /// The end of the second process, which sends.
    fn sending(&self, run: &Run) -> Result<Box<dyn Wire>>;
}

/// The exchange over such wires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ethernet<W>(pub(crate) W);

impl<W: Wires> Exchange for Ethernet<W> {
    fn unavailable(&self) -> Option<String> {
        self.0.unavailable()
    }

    fn measure(&self, run: &Run) -> Result<Sample> {
        self.0.prepare()?;
        let work = run.work(FRAMES_A_RUN, WINDOW);
        let peer = run.start_peer()?;
        let mut wire = self.0.receiving(run)?;
        let (mut received, mut acked, mut started) = (0, 0, Instant::now());
        // Says that there is somebody, until the other side has heard it.
        while received == 0 {
            wire.send(&[frame(SENDER, RECEIVER, 0)])?;
            std::thread::sleep(Duration::from_millis(1));
            wire.look(&mut |bytes| check(bytes, &mut received))?;
        }
        while received < work.total() {
            let before = received;
            wire.receive(&mut |bytes| check(bytes, &mut received))?;
            if before < work.warm_up && received >= work.warm_up {
                started = Instant::now();
            }
            if received - acked >= ACK || received == work.total() {
                wire.send(&[frame(SENDER, RECEIVER, received)])?;
                acked = received;
            }
        }
        let took = started.elapsed();
        peer.finish()?;
        Ok(Sample::of_rate(work.measured, took))
    }

    fn accompany(&self, run: &Run) -> Result<()> {
        let total = run.work(FRAMES_A_RUN, WINDOW).total();
        let mut wire = self.0.sending(run)?;
        let mut burst = [frame(RECEIVER, SENDER, 0); BURST];
        let (mut sent, mut acked) = (0, None);
        while acked.is_none_or(|acked| acked < total) {
            let mut hear = |bytes: &[u8]| {
                acked = acked.max(number(bytes, SENDER));
                Ok(())
            };
            wire.look(&mut hear)?;
            let window = acked.map_or(0, |acked| acked + WINDOW);
            let most = window.min(total).saturating_sub(sent).min(BURST as u64);
            if most == 0 && acked.is_none_or(|acked| acked < total) {
                wire.receive(&mut |bytes| {
                    acked = acked.max(number(bytes, SENDER));
                    Ok(())
                })?;
            }
            let frames = &mut burst[..usize::try_from(most)?];
            for (frame, number) in frames.iter_mut().zip(sent..) {
                write_number(frame, number);
            }
            send_all(&mut *wire, frames)?;
            sent += most;
        }
        Ok(())
    }
}

fn send_all(wire: &mut dyn Wire, mut frames: &[Frame]) -> Result<()> {
    while !frames.is_empty() {
        let taken = wire.send(frames)?;
        frames = &frames[taken..];
    }
    Ok(())
}

fn frame(to: [u8; 6], from: [u8; 6], number: u64) -> Frame {
    let mut frame = [0; FRAME];
    frame[..6].copy_from_slice(&to);
    frame[6..12].copy_from_slice(&from);
    frame[12..HEADER].copy_from_slice(&TYPE.to_be_bytes());
    write_number(&mut frame, number);
    frame
}

fn write_number(frame: &mut Frame, number: u64) {
    stamp::stamp(&mut frame[HEADER..], number);
}

/// The number of a frame that is for this host; `None` for what is not ours.
fn number(bytes: &[u8], to: [u8; 6]) -> Option<u64> {
    let ours = bytes.len() >= FRAME && bytes[..6] == to && bytes[12..HEADER] == TYPE.to_be_bytes();
    let number = bytes.get(HEADER..HEADER + stamp::WORD)?;
    ours.then(|| number.try_into().map(u64::from_le_bytes).ok())?
}

/// Whether it is the frame that is due.
fn check(bytes: &[u8], due: &mut u64) -> Result<()> {
    let Some(number) = number(bytes, RECEIVER) else {
        return Ok(());
    };
    let proof = bytes[FRAME - stamp::WORD..FRAME] == stamp::mix(number).to_le_bytes();
    ensure!(
        number == *due && proof,
        "frame {number} came when {due} was due"
    );
    *due += 1;
    Ok(())
}

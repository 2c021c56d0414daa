//! One of the demo's two tenants: exchanges Ethernet frames with the other one, and verifies each.
//!
//! ```text
//! byte 0      6      12     14       22        30                     512
//!      to     from   type   number   sent at   byte i is i + number
//!      u48    u48    88B5   u64 LE   u64 LE
//! ```
//!
//! Frames that are not due are greetings: there is somebody who hears.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use descsock::{Batch, Client, Error, Events, Options, Route, Wait};
use serde::Serialize;

use crate::cli::Common;
use crate::clock;
use crate::latency::{Latency, Quantiles};
use crate::report::{Summary, Talk};
use crate::stop::Stop;

/// Bytes of a frame, without CRC.
pub(super) const FRAME: usize = 512;
const HEADER: usize = 14;
const PATTERN: usize = 30;
/// Number of a greeting.
const GREETING: u64 = u64::MAX;
/// Frames that one tenant may have sent more than it has received. The other one may be as far ahead of what it has
/// received, so up to twice as many wait for one of them: fewer than there are buffers.
const AHEAD: u64 = 500;
/// How often frames are sent.
const TICK: Duration = Duration::from_millis(1);
/// How long to wait for the agent, for the other tenant, for frames that are late, and for the last ones to leave.
const PATIENCE: Duration = Duration::from_secs(10);
/// The service of the first tenant; that of the second is the next.
const SERVICE: u8 = 8;

/// Play a tenant of the demo
#[derive(Args, Debug)]
pub(crate) struct TenantArgs {
    /// The agent's doorbell
    doorbell: PathBuf,
    /// The directory for the shared file
    memory: PathBuf,
    /// Which of the two, 0 or 1
    #[arg(value_parser = clap::value_parser!(u8).range(0..=1))]
    side: u8,
    /// Frames to send, and to receive
    frames: u64,
    /// Frames per second
    rate: u64,
}

/// How it went.
#[derive(Debug, Serialize)]
struct Exchanged {
    sent: u64,
    frames: u64,
    lost: u64,
    corrupt: u64,
    frames_per_s: f64,
    latency_ns: Option<Quantiles>,
}

impl Summary for Exchanged {
    fn rows(&self) -> Vec<(&'static str, String)> {
        vec![("frames", self.frames.to_string())]
    }
}

/// Runs the command.
pub(crate) fn run(args: &TenantArgs, common: &Common) -> Result<()> {
    let stop = Stop::on_signals()?;
    let service = SERVICE + args.side;
    let options = Options::new(&args.doorbell, &args.memory, service.into())
        .tenant(format!("demo-{}", args.side))
        .wait(Wait::Never)
        .patience(PATIENCE)
        .linger(PATIENCE);
    let client = Client::open(options).context("cannot register with the agent")?;
    let mut tenant = Tenant::new(client, args);
    tenant.meet(&stop)?;
    tenant.exchange(args.rate, &stop)?;
    Talk::new(common, false).finish(&tenant.exchanged())
}

struct Tenant {
    client: Client,
    side: u8,
    total: u64,
    sent: u64,
    /// Frames that came, greetings apart.
    received: u64,
    corrupt: u64,
    is_heard: bool,
    latency: Latency,
    begun: Instant,
    took: Duration,
    batch: Batch,
}

impl Tenant {
    fn new(client: Client, args: &TenantArgs) -> Self {
        Self {
            client,
            side: args.side,
            total: args.frames,
            sent: 0,
            received: 0,
            corrupt: 0,
            is_heard: false,
            latency: Latency::new(),
            begun: Instant::now(),
            took: Duration::ZERO,
            batch: Batch::new(),
        }
    }

    /// Greets until the other tenant is heard, and once more, so that it hears this one.
    fn meet(&mut self, stop: &Stop) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_heard && !stop.requested() {
            ensure!(Instant::now() < deadline, "the other tenant is not heard");
            self.greet()?;
            self.client.wait(Events::IN, Some(10 * TICK))?;
            self.receive()?;
        }
        self.greet()
    }

    /// Sends at a steady rate and receives, until all is through or nothing comes any more.
    fn exchange(&mut self, rate: u64, stop: &Stop) -> Result<()> {
        self.begun = Instant::now();
        let mut last = self.begun;
        while self.sent < self.total || self.received < self.total {
            if stop.requested() || last.elapsed() > PATIENCE {
                break;
            }
            let micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            let due = micros.saturating_mul(rate) / 1_000_000;
            // Who hears nothing of the other is not heard either, and its frames would only be dropped.
            let due = due.min(self.received + AHEAD).min(self.total);
            while self.sent < due && self.send(self.sent)? {
                self.sent += 1;
            }
            self.client.wait(Events::IN, Some(TICK))?;
            if self.receive()? || self.sent < self.total {
                last = Instant::now();
            }
        }
        self.took = self.begun.elapsed();
        Ok(())
    }

    fn greet(&self) -> Result<()> {
        self.send(GREETING).map(drop)
    }

    /// False when there is no room now.
    fn send(&self, number: u64) -> Result<bool> {
        let mut frame = [0; FRAME];
        frame[..6].copy_from_slice(&address(1 - self.side));
        frame[6..12].copy_from_slice(&address(self.side));
        frame[12..HEADER].copy_from_slice(&0x88B5_u16.to_be_bytes());
        frame[14..22].copy_from_slice(&number.to_le_bytes());
        let now = u64::try_from(clock::monotonic().as_nanos()).unwrap_or(u64::MAX);
        frame[22..PATTERN].copy_from_slice(&now.to_le_bytes());
        fill(&mut frame[PATTERN..], number);
        match self.client.send_to(&frame, &Route::default(), Wait::Never) {
            Ok(_) => Ok(true),
            Err(Error::WouldBlock) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes what is there; whether anything was.
    fn receive(&mut self) -> Result<bool> {
        let mut batch = std::mem::take(&mut self.batch);
        let count = self.client.recv_batch(&mut batch, 256)?;
        batch.iter().for_each(|(frame, _)| self.judge(frame));
        self.batch = batch;
        Ok(count > 0)
    }

    fn judge(&mut self, frame: &[u8]) {
        let to = address(self.side);
        if frame.len() < PATTERN || frame[..6] != to {
            return;
        }
        self.is_heard = true;
        let word = |at: usize| {
            frame[at..]
                .first_chunk()
                .map_or(0, |word| u64::from_le_bytes(*word))
        };
        let (number, sent_at) = (word(14), Duration::from_nanos(word(22)));
        if number == GREETING {
            return;
        }
        let mut expected = [0; FRAME - PATTERN];
        fill(&mut expected, number);
        // In order, so that the number is how many came before it.
        let is_right =
            frame.len() == FRAME && frame[PATTERN..] == expected && number >= self.received;
        self.corrupt += u64::from(!is_right);
        self.received += 1;
        self.latency
            .record(clock::monotonic().saturating_sub(sent_at));
    }

    fn exchanged(&self) -> Exchanged {
        Exchanged {
            sent: self.sent,
            frames: self.received,
            lost: self.total.saturating_sub(self.received),
            corrupt: self.corrupt,
            frames_per_s: self.received as f64 / self.took.as_secs_f64().max(f64::EPSILON),
            latency_ns: self.latency.quantiles(),
        }
    }
}

/// The Ethernet address of a tenant.
fn address(side: u8) -> [u8; 6] {
    [2, 0, 0, 0, 0, 0xA0 + side]
}

fn fill(pattern: &mut [u8], number: u64) {
    let [first, ..] = number.to_le_bytes();
    for (byte, at) in pattern.iter_mut().zip((0..=255_u8).cycle()) {
        *byte = first.wrapping_add(at);
    }
}

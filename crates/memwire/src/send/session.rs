//! From the first frame to the last, with however many receivers one after another.

use std::time::{Duration, Instant};

use anyhow::bail;
use media::FrameLoan;
use memif::{Ended, Side};

use super::outlet::{self, Outlet, Room};
use super::summary::Sent;
use crate::pace::Pace;
use crate::report::{Talk, spell};
use crate::source::Source;
use crate::stop::{SLICE, Stop, Stopped};
use crate::tally::Tally;

/// How long the receiver has to take the last frames.
const LINGER: Duration = Duration::from_secs(10);
/// The same, after we were asked to stop.
const SHORT_LINGER: Duration = Duration::from_secs(1);

/// When to send, and when to end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) frames: Option<u64>,
    pub(crate) looped: bool,
    pub(crate) paced: bool,
    pub(crate) timeout: Option<Duration>,
}

/// One run of the command.
pub(crate) struct Session<'a> {
    outlet: Option<Outlet>,
    source: &'a mut dyn Source,
    rules: Rules,
    stop: &'a Stop,
    talk: &'a Talk,
    tally: Tally,
    /// The number of the next frame.
    sequence: u64,
    /// Frames that were filled when their receiver had just gone.
    unsent: u64,
    receivers: u64,
    /// The last connection whose end was counted.
    last_ended: Option<u64>,
    /// How many peers were told of that did not get through the handshake.
    turned_away: u64,
    /// Set while a receiver is there.
    pace: Option<Pace>,
    alone_since: Instant,
    stopped: bool,
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        outlet: Outlet,
        source: &'a mut dyn Source,
        rules: Rules,
        stop: &'a Stop,
        talk: &'a Talk,
    ) -> Session<'a> {
        Session {
            outlet: Some(outlet),
            source,
            rules,
            stop,
            talk,
            tally: Tally::default(),
            sequence: 0,
            unsent: 0,
            receivers: 0,
            last_ended: None,
            turned_away: 0,
            pace: None,
            alone_since: Instant::now(),
            stopped: false,
        }
    }

    /// Sends everything, and waits until it has been taken.
    pub(crate) fn run(&mut self) -> anyhow::Result<()> {
        let Some(mut outlet) = self.outlet.take() else {
            return Ok(());
        };
        let done = match self.send_all(&mut outlet) {
            Err(error) if error.is::<Stopped>() => {
                self.stopped = true;
                Ok(())
            }
            other => other,
        };
        // Also after a failure: what has been sent shall arrive.
        let closed = self.close(outlet);
        done.and(closed)
    }

    /// What has been done so far.
    pub(crate) fn summary(&self) -> Sent {
        Sent {
            format: self
                .source
                .caps()
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
            frames: self.tally.frames,
            bytes: self.tally.bytes,
            lost: self.tally.lost,
            corrupt: 0,
            gaps: self.tally.gaps.clone(),
            reconnects: self.receivers.saturating_sub(1),
            fps: self.tally.fps(),
            gbit_per_s: self.tally.gbit_per_s(),
            latency_ns: None,
            stopped: self.stopped,
        }
    }

    fn send_all(&mut self, outlet: &mut Outlet) -> anyhow::Result<()> {
        while self.rules.frames.is_none_or(|most| self.sequence < most) {
            self.wait_until_due(outlet)?;
            match outlet.room(SLICE)? {
                Room::NotYet => self.waited(outlet)?,
                Room::Gone(ended) => self.receiver_left(&ended),
                Room::Ready(loan) => {
                    if !self.send_one(outlet, loan)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Fills the loan with the next frame and sends it; false at the end of the source.
    fn send_one(&mut self, outlet: &mut Outlet, mut loan: FrameLoan) -> anyhow::Result<bool> {
        let pace = *self.pace.get_or_insert_with(|| {
            self.receivers += 1;
            Pace::new(self.source.about().fps, Instant::now())
        });
        if !self.fill(outlet, &mut loan)? {
            return Ok(false);
        }
        let sequence = self.sequence;
        self.sequence += 1;
        self.tally
            .frame(self.source.about().frame_bytes as u64, Instant::now());
        self.pace = Some(pace.sent(Instant::now()));
        let at = self.source.about().fps.time_of(sequence);
        if !outlet::send(loan, sequence, at, self.source.caps())? {
            self.unsent += 1;
        }
        self.show_progress();
        Ok(true)
    }

    /// Reads the next frame, from the beginning again if that is wanted.
    fn fill(&mut self, outlet: &Outlet, loan: &mut FrameLoan) -> anyhow::Result<bool> {
        let stop = self.stop;
        let mut idle = || {
            stop.check()?;
            outlet.drive()
        };
        if self.source.next(loan, &mut idle)? {
            return Ok(true);
        }
        if !self.rules.looped {
            return Ok(false);
        }
        self.source.rewind()?;
        self.source.next(loan, &mut idle)
    }

    /// Sleeps until the next frame is due, and looks after the link meanwhile.
    fn wait_until_due(&self, outlet: &Outlet) -> anyhow::Result<()> {
        loop {
            self.stop.check()?;
            let due = self
                .pace
                .filter(|_| self.rules.paced)
                .map(|pace| pace.due());
            let left = due.map_or(Duration::ZERO, |due| {
                due.saturating_duration_since(Instant::now())
            });
            if left.is_zero() || !outlet.is_up() {
                return Ok(());
            }
            outlet.rest(left.min(SLICE))?;
        }
    }

    /// No receiver for a while, or none that takes anything.
    fn waited(&mut self, outlet: &Outlet) -> anyhow::Result<()> {
        if self.pace.is_some() {
            return Ok(());
        }
        outlet.check_welcome()?;
        if let Some((count, reason)) = outlet
            .turned_away()
            .filter(|(count, _)| *count > self.turned_away)
        {
            self.turned_away = count;
            self.talk.note(format!("a peer was turned away: {reason}"));
        }
        self.talk
            .waiting(|| format!("waiting for a receiver on {}", outlet.name()));
        match self.rules.timeout {
            Some(limit) if self.alone_since.elapsed() >= limit => {
                bail!(
                    "no receiver came to {} within {} s",
                    outlet.name(),
                    limit.as_secs_f64()
                )
            }
            _ => Ok(()),
        }
    }

    fn receiver_left(&mut self, ended: &Ended) {
        let missing = self.not_taken(ended);
        self.pace = None;
        self.alone_since = Instant::now();
        let missed = if missing == 0 {
            String::new()
        } else {
            format!(" without {missing} frames")
        };
        let reason = &ended.reason;
        self.talk.note(format!(
            "the receiver went away{missed} ({reason}); waiting for one"
        ));
    }

    fn close(&mut self, outlet: Outlet) -> anyhow::Result<()> {
        let linger = if self.stopped { SHORT_LINGER } else { LINGER };
        let ended = outlet.close(linger);
        let missing = self.not_taken(&ended);
        if missing == 0 || self.stopped {
            return Ok(());
        }
        match ended.by {
            Side::Us => bail!(
                "the receiver did not take the last {missing} frames within {}",
                spell(linger)
            ),
            Side::Peer => bail!(
                "the receiver went away without the last {missing} frames: {}",
                ended.reason
            ),
        }
    }

    /// Counts what the receiver did not take, and what came too late for it.
    fn not_taken(&mut self, ended: &Ended) -> u64 {
        let is_news = self.last_ended.replace(ended.epoch) != Some(ended.epoch);
        let undelivered = if is_news { ended.undelivered } else { 0 };
        let unsent = std::mem::take(&mut self.unsent);
        let missing = undelivered.saturating_add(unsent).min(self.sequence);
        self.tally.missing(self.sequence - missing, missing);
        missing
    }

    fn show_progress(&self) {
        self.talk.progress(self.sequence, || {
            match (self.tally.fps(), self.tally.gbit_per_s()) {
                (Some(fps), Some(gbit)) => format!("frames, {fps:.1}/s, {gbit:.2} Gbit/s"),
                _ => "frames".into(),
            }
        });
    }
}

//! One end of a link and all its queues: opened from the arguments, kept through peers that come,
//! misbehave and go.

use std::time::Duration;

use memif::{BindError, Burst, Ended, Error, Link, LinkOptions, Rx, Traffic, Tx};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::args::PortArgs;
use super::drops::{DropReason, Drops};
use super::watch::{Peers, Watch};
use crate::clock;
use crate::exit::misuse;
use crate::link_args::{Role, Waiting};
use crate::report::Talk;

/// A foreign sender may miss that we sleep, so beside one a sleep over several queues starts with
/// the first of these, and doubles up to the second.
const NAP: Duration = Duration::from_millis(1);
const LONGEST_NAP: Duration = Duration::from_millis(16);

/// How long several empty queues are looked at before sleep.
const SPIN: Duration = Duration::from_micros(50);

/// How often the control channel is looked after while frames flow.
const ATTENTION: Duration = Duration::from_millis(10);

/// How long the end waits for the peer to take what was sent.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// A link and its queues, all served by one thread.
#[derive(Debug)]
pub(crate) struct Port {
    rx: Vec<Rx>,
    tx: Vec<Tx>,
    link: Link,
    polling: bool,
    watch: Watch,
    attended: Duration,
    nap: Duration,
    /// Since when all of several queues have been empty.
    idle_since: Option<Duration>,
}

impl Port {
    /// Listens, unless the arguments say to connect.
    pub(crate) fn open(args: &PortArgs, traffic: Traffic) -> anyhow::Result<Port> {
        let shape = |options: LinkOptions| {
            let options = options.mode(args.mode).buffer_size(args.buffer_size);
            options.traffic(traffic)
        };
        let mut link = args.link.open(Role::Server, shape).map_err(explain)?;
        let (mut rx, mut tx) = (Vec::new(), Vec::new());
        for queue in 0..usize::from(args.link.queues) {
            rx.push(link.rx(queue)?);
            if traffic == Traffic::Both {
                tx.push(link.tx(queue)?);
            }
        }
        Ok(Port {
            rx,
            tx,
            link,
            polling: args.link.wait == Some(Waiting::Poll),
            watch: Watch::default(),
            attended: Duration::ZERO,
            nap: NAP,
            idle_since: None,
        })
    }

    pub(crate) fn queues(&self) -> usize {
        self.rx.len()
    }

    /// Up to `most` frames of a queue that are there now.
    pub(crate) fn burst(&mut self, queue: usize, most: usize) -> Result<Burst<'_>, Error> {
        let burst = self.rx[queue].burst(most)?;
        if !burst.is_empty() {
            self.idle_since = None;
            self.nap = NAP;
        }
        Ok(burst)
    }

    /// Hands frames over to the peer; returns how many there was room for.
    pub(crate) fn send(&mut self, queue: usize, frames: &[&[u8]]) -> Result<usize, Error> {
        self.tx[queue].send_burst(frames)
    }

    /// Whether there is a peer, as far as noticed.
    pub(crate) fn is_up(&self) -> bool {
        self.watch.up
    }

    /// Looks after the control channel now and then, and tells of a new peer.
    pub(crate) fn attend(&mut self, now: Duration, talk: &Talk) -> anyhow::Result<()> {
        if now.saturating_sub(self.attended) < ATTENTION {
            return Ok(());
        }
        self.attended = now;
        let driven = self.link.drive();
        self.settle(driven, talk)?;
        self.watch.greet(&self.link, talk);
        Ok(())
    }

    /// Waits until a frame may have come, a peer may have come or gone, or the time is over.
    pub(crate) fn pause(&mut self, time: Duration, talk: &Talk) -> anyhow::Result<()> {
        let paused = if !self.watch.up {
            self.wait_up(time, talk)
        } else if let [rx] = &mut self.rx[..] {
            rx.wait(Some(time))
        } else {
            self.nap(time)
        };
        self.attended = Duration::ZERO;
        self.settle(paused, talk)
    }

    /// Waits until a queue has room, or a little time is over.
    pub(crate) fn wait_for_room(&mut self, queue: usize, talk: &Talk) -> anyhow::Result<()> {
        let waited = self.tx[queue].wait(Some(NAP));
        self.settle(waited, talk)
    }

    /// Takes note of how an operation failed. What peers do is told and is no error: the next may
    /// come. Only a server that refuses us from the start is, as it would refuse us again.
    pub(crate) fn settle(&mut self, result: Result<(), Error>, talk: &Talk) -> anyhow::Result<()> {
        match result {
            Ok(()) | Err(Error::Timeout) => Ok(()),
            Err(Error::Disconnected(ended)) => {
                self.end(&ended, talk);
                Ok(())
            }
            Err(fault @ (Error::Violation(_) | Error::Peer(_) | Error::Memory(_))) => {
                self.watch
                    .tell(format!("the peer is at fault: {fault}"), talk);
                Ok(())
            }
            Err(Error::Refused { reason, .. }) if self.link.epoch() > 0 => {
                self.watch
                    .tell(format!("the server refused: {reason}; trying again"), talk);
                Ok(())
            }
            Err(Error::Misuse(error)) => Err(misuse(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Closes the link once the peer has taken everything, or the linger time is over; returns who
    /// came and went, and what was lost in the rings.
    pub(crate) fn close(self) -> (Peers, Drops) {
        let mut drops = Drops::default();
        for queue in &self.link.details().queues {
            drops.count(DropReason::Malformed, queue.rx.malformed);
            drops.count(DropReason::Overrun, queue.rx.overrun);
        }
        drop((self.rx, self.tx));
        let (mut watch, connections) = (self.watch, self.link.epoch());
        let up = self.link.is_up();
        let ended = self.link.close(LINGER);
        if up {
            watch.undelivered += ended.undelivered;
        }
        (watch.peers(connections), drops)
    }

    /// Waits for a peer, and tells why one that came was not let in.
    fn wait_up(&mut self, time: Duration, talk: &Talk) -> Result<(), Error> {
        let waited = self.link.wait_up(Some(time)).map(drop);
        if matches!(waited, Err(Error::Timeout))
            && let Some(failure) = self.link.details().last_failure
        {
            self.watch.tell(format!("no peer yet: {failure}"), talk);
        }
        waited
    }

    fn end(&mut self, ended: &Ended, talk: &Talk) {
        if !self.watch.end(ended, talk) {
            return;
        }
        for tx in &mut self.tx {
            // Nothing is sent; this only asks what the peer did not take.
            if let Err(Error::Disconnected(ended)) = tx.send_burst(&[]) {
                self.watch.undelivered += ended.undelivered;
            }
        }
    }

    /// Sleeps until one of several queues has something, or the link; spins a little first.
    fn nap(&mut self, time: Duration) -> Result<(), Error> {
        let now = clock::monotonic();
        let idle = now.saturating_sub(*self.idle_since.get_or_insert(now));
        if self.polling || idle < SPIN {
            std::hint::spin_loop();
            return Ok(());
        }
        for rx in &mut self.rx {
            if rx.arm()? {
                return Ok(());
            }
        }
        let mut fds = vec![PollFd::new(&self.link, PollFlags::IN)];
        fds.extend(self.rx.iter().map(|rx| PollFd::new(rx, PollFlags::IN)));
        let longest = if self.watch.ours { time } else { self.nap };
        self.nap = (self.nap * 2).min(LONGEST_NAP);
        let time = Timespec::try_from(time.min(longest)).unwrap_or_default();
        // A signal ends the nap early, and so would any error: the queues are looked at again.
        let _ = poll(&mut fds, Some(&time));
        Ok(())
    }
}

/// Who finds a live server on the socket may have wanted to connect to it.
fn explain(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(Error::Bind(BindError::InUse { .. })) => {
            error.context("cannot listen (--role client would connect)")
        }
        _ => error,
    }
}

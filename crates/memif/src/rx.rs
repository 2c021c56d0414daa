//! The receiving end of a queue.

use std::hint::spin_loop;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use memif_ring::{Chain, Segment, Signals};

use crate::ends::RxEnd;
use crate::error::Deadline;
use crate::frame::{Burst, Frame};
use crate::sys::now;
use crate::wait::Half;
use crate::{Error, Features, Wait};

/// Looks at the ring between two looks at the clock.
const SPINS: usize = 64;
/// First sleep beside a producer that may miss our wish for a signal; later ones are ten times as long each.
const FIRST_NAP: Duration = Duration::from_millis(1);
/// And the longest.
const LAST_NAP: Duration = Duration::from_secs(1);

/// Receives the frames of one queue, epoch after epoch.
#[derive(Debug)]
pub struct Rx {
    half: Half<RxEnd>,
    /// Frames of the current burst, each with the end of its segments in `segments`.
    pub(crate) packets: Vec<(Chain, usize)>,
    pub(crate) segments: Vec<Segment>,
    chains: Vec<Chain>,
    nap: Duration,
}

impl Rx {
    pub(crate) fn new(half: Half<RxEnd>) -> Self {
        let (packets, segments, chains) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            half,
            packets,
            segments,
            chains,
            nap: FIRST_NAP,
        }
    }

    /// The next frame, waiting for it.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`]; [`Error::Disconnected`] once at the end of each epoch, after all its frames. `None` waits for
    /// ever, through any number of reconnects.
    pub fn recv(&mut self, timeout: Option<Duration>) -> Result<Frame, Error> {
        let deadline = Deadline::after(timeout);
        loop {
            if let Some(frame) = self.try_recv()? {
                return Ok(frame);
            }
            self.wait_until(deadline)?;
        }
    }

    /// The next frame, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] once at the end of each epoch.
    pub fn try_recv(&mut self) -> Result<Option<Frame>, Error> {
        self.fetch(1)?;
        let Some(&(chain, _)) = self.packets.first() else {
            return Ok(None);
        };
        let epoch = self.half.session()?.map_or(0, |session| session.epoch);
        let Some(guest) = self.half.guest() else {
            return Ok(None);
        };
        self.packets.clear();
        Ok(Frame::new(guest, chain, &self.segments, epoch))
    }

    /// Up to `max` frames that are there now; possibly none.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] once at the end of each epoch.
    pub fn burst(&mut self, max: usize) -> Result<Burst<'_>, Error> {
        self.fetch(max)?;
        Ok(Burst::new(self))
    }

    /// Waits until there is something to receive, or the epoch has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`]; [`Error::Disconnected`] when the link was closed here.
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        self.wait_until(Deadline::after(timeout))
    }

    /// The extras that both sides understand, in the epoch that the last received frame came in. `None` before the first
    /// epoch, and after the end of one was reported.
    pub fn features(&self) -> Option<Features> {
        self.half.features()
    }

    /// Prepares for waiting on this object's descriptor elsewhere: does pending work and asks the peer for signals. True
    /// when there is something to receive already: then do not wait.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] when the link was closed here.
    pub fn arm(&mut self) -> Result<bool, Error> {
        self.half.sleep(Some(Duration::ZERO))?;
        if self.is_ready()? {
            return Ok(true);
        }
        self.half.with(|end| end.shared().unmask());
        self.is_ready()
    }

    /// Fills the burst.
    fn fetch(&mut self, max: usize) -> Result<(), Error> {
        self.give_back(); // only after a burst that was leaked
        let Some(session) = self.half.session()? else {
            self.half.check_closed()?;
            return self.half.tick();
        };
        let alive = session.is_alive();
        if let Some(Err(fault)) = self.take(max) {
            self.half.fail(&fault);
        } else if !self.packets.is_empty() {
            self.nap = FIRST_NAP;
            return Ok(());
        } else if alive || max == 0 {
            return self.half.tick();
        }
        match self.half.leave() {
            Some(ended) => Err(Error::Disconnected(ended)),
            None => Ok(()),
        }
    }

    fn take(&mut self, max: usize) -> Option<Result<(), memif_ring::PeerFault>> {
        let Self {
            half,
            packets,
            segments,
            chains,
            ..
        } = self;
        segments.clear();
        half.with(|end| {
            let taken = end.take(max, chains);
            for chain in chains.drain(..) {
                end.for_each_segment(&chain, |segment| segments.push(segment));
                packets.push((chain, segments.len()));
            }
            // Frames taken before a fault are still good; the fault comes up again at the next look.
            if packets.is_empty() { taken } else { Ok(()) }
        })
    }

    pub(crate) fn give_back(&mut self) {
        let Self { half, packets, .. } = self;
        if !packets.is_empty() {
            half.with(|end| end.give_back(packets.drain(..).map(|(chain, _)| chain)));
            packets.clear();
        }
    }

    /// Whether a fetch would find a frame, or an end to report.
    fn is_ready(&mut self) -> Result<bool, Error> {
        let Some(session) = self.half.session()? else {
            self.half.check_closed()?;
            return Ok(false);
        };
        Ok(!session.is_alive() || self.half.with(|end| end.has_frames()).unwrap_or(false))
    }

    fn wait_until(&mut self, deadline: Deadline) -> Result<(), Error> {
        let started = now();
        loop {
            if self.is_ready()? {
                return Ok(());
            }
            if deadline.passed() {
                return Err(Error::Timeout);
            }
            self.pause(started, deadline)?;
        }
    }

    /// Spins or sleeps a while, as the link was told to.
    fn pause(&mut self, started: Duration, deadline: Deadline) -> Result<(), Error> {
        let connected = self.half.session()?.is_some();
        let spin = match self.half.handle.core.options.wait {
            Wait::Poll => true,
            Wait::Interrupt => false,
            Wait::Adaptive(span) => now().saturating_sub(started) < span,
        };
        match (connected, spin) {
            (false, _) => self.half.sleep(deadline.left()),
            (true, true) => self.spin(),
            (true, false) => self.sleep(deadline),
        }
    }

    fn spin(&mut self) -> Result<(), Error> {
        let look = |end: &mut RxEnd| {
            (0..SPINS).any(|_| {
                spin_loop();
                end.has_frames()
            })
        };
        match self.half.with(look) {
            Some(true) => Ok(()),
            _ => self.half.tick(),
        }
    }

    /// Asks for a signal, looks once more, and sleeps until it comes.
    fn sleep(&mut self, deadline: Deadline) -> Result<(), Error> {
        let interrupts = self.half.handle.core.options.wait == Wait::Interrupt;
        let waiting = |end: &mut RxEnd| {
            if !interrupts {
                end.shared().unmask();
            }
            end.has_frames()
        };
        if !self.half.with(waiting).unwrap_or(false) {
            let ours = self
                .half
                .session()?
                .is_some_and(|session| session.peer.is_ours());
            let timeout = if ours || interrupts {
                deadline.left()
            } else {
                Some(deadline.at_most(self.nap))
            };
            self.half.sleep(timeout)?;
            self.nap = (self.nap * 10).min(LAST_NAP);
        }
        if !interrupts {
            self.half.with(|end| end.shared().mask());
        }
        Ok(())
    }
}

impl Drop for Rx {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl AsFd for Rx {
    /// Readable when there may be something to receive, after [`Rx::arm`] said false. Call any receiving function then.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.half.as_fd()
    }
}

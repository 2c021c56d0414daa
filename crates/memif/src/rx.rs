//! The receiving end of a queue.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use memif_ring::{Chain, Segment, Signals};

use crate::deadline::Deadline;
use crate::ends::RxEnd;

use crate::frame::{Burst, Frame};
use crate::wait::Half;
use crate::{Error, Features, Wait};

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
    /// The producer was asked for signals, and is not yet told that they are not needed.
    listens: bool,
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
            listens: false,
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
        let mut deadline = None; // the clock is looked at only when there is no frame
        loop {
            if let Some(frame) = self.try_recv()? {
                return Ok(frame);
            }
            self.pause(*deadline.get_or_insert_with(|| Deadline::after(timeout)))?;
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

    /// Whether there is a frame now. An end is told of by the calls that receive.
    pub fn has_frames(&mut self) -> bool {
        let is_in_epoch = matches!(self.half.session(), Ok(Some(_)));
        is_in_epoch && self.half.with(|end| end.has_frames()).unwrap_or(false)
    }

    /// Waits until there is something to receive, or the epoch has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`]; [`Error::Disconnected`] when the link was closed here.
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        let deadline = Deadline::after(timeout);
        while !self.is_ready()? {
            self.pause(deadline)?;
        }
        Ok(())
    }

    /// The extras that both sides understand, in the epoch that the last received frame came in. `None` before the first
    /// epoch, and after the end of one was reported.
    pub fn features(&self) -> Option<Features> {
        self.half.features()
    }

    /// Prepares for waiting on this object's descriptor elsewhere: does pending work and asks the peer for signals. True
    /// when there is something to receive already: then do not wait. Call it before each wait.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] when the link was closed here.
    pub fn arm(&mut self) -> Result<bool, Error> {
        let all_done = self.half.sleep(Some(Duration::ZERO))?;
        Ok(!all_done || self.is_ready()? || self.listen())
    }

    /// Fills the burst.
    fn fetch(&mut self, max: usize) -> Result<(), Error> {
        self.give_back(); // only after a burst that was leaked
        let Some(session) = self.half.session()? else {
            self.half.tell_end()?;
            return self.half.tick();
        };
        let alive = session.is_alive();
        self.take(max);
        if !self.packets.is_empty() {
            self.stop_listening();
            return Ok(());
        }
        if alive || max == 0 {
            return self.half.tick();
        }
        self.listens = false;
        match self.half.leave() {
            Some(ended) => Err(Error::Disconnected(ended)),
            None => Ok(()),
        }
    }

    fn take(&mut self, max: usize) {
        let Self {
            half,
            packets,
            segments,
            chains,
            ..
        } = self;
        segments.clear();
        half.with(|end| {
            end.take(max, chains);
            for chain in chains.drain(..) {
                end.for_each_segment(&chain, |segment| segments.push(segment));
                packets.push((chain, segments.len()));
            }
        });
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
            return self.half.has_end();
        };
        Ok(!session.is_alive() || self.half.with(|end| end.has_frames()).unwrap_or(false))
    }

    /// Spins or sleeps a while, as the link was told to.
    fn pause(&mut self, deadline: Deadline) -> Result<(), Error> {
        if deadline.passed() {
            Err(Error::Timeout)
        } else if !self.half.is_in_epoch() {
            self.half.sleep(deadline.left()).map(drop)
        } else if self.half.spins(deadline) {
            self.half.spin(|end| end.has_frames())
        } else {
            self.sleep(deadline)
        }
    }

    /// Asks for signals, looks once more, and sleeps until one comes.
    fn sleep(&mut self, deadline: Deadline) -> Result<(), Error> {
        if self.listen() {
            return Ok(());
        }
        let nap = self.look_again().map(|nap| deadline.at_most(nap));
        self.half.sleep(nap.or_else(|| deadline.left())).map(drop)
    }

    /// For waiting on this object's descriptor elsewhere, after [`Rx::arm`] said false: when to look again, whether there is
    /// news or not, because a stranger may have published just before it was asked for signals. Longer each time. `None` if
    /// all news wakes.
    pub fn look_again(&mut self) -> Option<Duration> {
        if !self.half.is_in_epoch() || self.half.is_beside_ours() || self.has_interrupts() {
            return None;
        }
        let nap = self.nap;
        self.nap = (nap * 10).min(LAST_NAP);
        Some(nap)
    }

    /// Asks for signals, and looks once more: whether there is a frame.
    fn listen(&mut self) -> bool {
        let Self { half, listens, .. } = self;
        let look = |end: &mut RxEnd| {
            if !std::mem::replace(listens, true) {
                end.shared().unmask();
            }
            end.has_frames()
        };
        half.with(look).unwrap_or(false)
    }

    /// There are frames: no signals until we listen again.
    fn stop_listening(&mut self) {
        self.nap = FIRST_NAP;
        if self.listens && !self.has_interrupts() {
            self.listens = false;
            self.half.with(|end| end.shared().mask());
        }
    }

    fn has_interrupts(&self) -> bool {
        self.half.handle.core.options.wait == Wait::Interrupt
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

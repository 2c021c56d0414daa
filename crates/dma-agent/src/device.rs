//! What is behind a port.

use std::fmt;
use std::time::Duration;

use rustix::fd::BorrowedFd;
use switch::{Directed, DropReason, Nti, Stamp, Tier};

use crate::handover::Legacy;
use crate::schedule::Scheduling;
use crate::{Frame, LARGEST_FRAME};

/// One of a device's descriptors: a number of its own choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source(pub u16);

/// What is new with a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// Which one.
    pub source: Source,
    /// Its other end is closed.
    pub ended: bool,
}

/// A frame that came in by a device.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// Its bytes.
    pub frame: Frame<'a>,
    /// The class of service that it came in with.
    pub tier: Tier,
    /// The domain it asks for; `None` is the port's.
    pub nti: Option<Nti>,
    /// Where it is directed, if it is.
    pub directed: Option<Directed>,
}

impl<'a> Incoming<'a> {
    /// A frame that says nothing but what is in it.
    pub fn plain(frame: Frame<'a>) -> Self {
        Self {
            frame,
            tier: Tier::default(),
            nti: None,
            directed: None,
        }
    }
}

/// Forwards a frame in memory of our own, unless it is longer than the agent takes.
pub(crate) fn forward_own(bytes: &[u8], sink: &mut dyn Sink) {
    match bytes.len() > LARGEST_FRAME {
        true => sink.refuse(DropReason::TooLong),
        false => sink.forward(Incoming::plain(Frame::own(bytes))),
    }
}

/// Where a device hands its frames over.
pub trait Sink {
    /// A frame has come in. It is copied to wherever it goes before this returns.
    fn forward(&mut self, incoming: Incoming<'_>);

    /// A frame has come in that cannot be forwarded.
    fn refuse(&mut self, reason: DropReason);

    /// A frame of so many bytes that this device had accepted is dropped after all.
    fn retract(&mut self, bytes: usize, reason: DropReason);
}

/// What became of a frame that was handed to a device.
pub type Delivered = Result<(), DropReason>;

/// Something that frames come from and go to: a client, a link, an interface, a file.
///
/// Nothing here blocks. What a device says it has accepted it delivers, or counts in [`Device::undelivered`].
pub trait Device: fmt::Debug + Send {
    /// What it is, in one word, for people.
    fn kind(&self) -> &'static str;

    /// Has its descriptors watched, for news of any sort, once for each change.
    ///
    /// # Errors
    /// What the system says.
    fn watch(
        &self,
        watch: &mut dyn FnMut(Source, BorrowedFd<'_>) -> std::io::Result<()>,
    ) -> std::io::Result<()>;

    /// There is news of a descriptor: something to read, room to write, or its end.
    fn notice(&mut self, news: News);

    /// Takes in some frames of those that there are. True when there may be more without further news.
    ///
    /// # Errors
    /// Why the device cannot be used any more.
    fn receive(&mut self, sink: &mut dyn Sink) -> Result<bool, Gone>;

    /// Sends a frame out, at the latest with the next [`Device::flush`].
    ///
    /// # Errors
    /// Why it is dropped.
    fn deliver(&mut self, frame: &Frame<'_>, stamp: &Stamp) -> Delivered;

    /// Hands over to the system what was held back to be sent together.
    ///
    /// # Errors
    /// Why the device cannot be used any more.
    fn flush(&mut self) -> Result<(), Gone>;

    /// Frames that were accepted, and are still here.
    fn undelivered(&self) -> u64;

    /// The largest frame it can take, in bytes without CRC.
    fn largest(&self) -> usize;

    /// How classes share what they compete for here, from now on. Nothing to do where there is only one.
    fn schedule_by(&mut self, _scheduling: Scheduling) {}

    /// Has whatever is behind it take payloads up to this size, where that can be told.
    ///
    /// # Errors
    /// What the system says.
    fn set_mtu(&mut self, _mtu: usize) -> std::io::Result<()> {
        Ok(())
    }

    /// Bytes of memory that its other end has brought, besides what was known when it was let in.
    fn memory(&self) -> u64 {
        0
    }

    /// How long it takes until there may be frames although no descriptor has any news: asked each time that
    /// [`Device::receive`] has found no more. `None`: all news comes by descriptors.
    fn look_again(&mut self) -> Option<Duration> {
        None
    }

    /// What another process needs to go on with this very device, frame by frame. `None`: it opens it anew, or the other
    /// end comes back by itself.
    fn legacy(&self) -> Option<Legacy<'_>> {
        None
    }
}

/// Why a device cannot be used any more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Gone {
    /// The other end has closed it, or died.
    #[error("the other end closed the connection")]
    Closed,
    /// The other end broke a rule.
    #[error("the client broke a rule: {0}")]
    Violation(#[from] descsock_wire::Violation),
    /// The other end took its memory away.
    #[error("the client truncated its shared file")]
    MemoryGone,
    /// The other end does not read what it asked for.
    #[error("the client posted {posted} receive buffers: at most {most}")]
    TooManyBuffers {
        /// Buffers posted on one tier.
        posted: usize,
        /// The most there may be.
        most: usize,
    },
    /// A client that takes the offer of rings has to come by them, too.
    #[error("no link for the rings: {reason}")]
    NoLink {
        /// What was wrong, or missing.
        reason: String,
    },
    /// The link does not work any more.
    #[error("{0}")]
    Link(#[from] memif::Error),
    /// The system refused.
    #[error("{call} failed: {source}")]
    Os {
        /// The call.
        call: &'static str,
        /// Its error.
        source: std::io::Error,
    },
}

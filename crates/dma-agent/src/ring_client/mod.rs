//! A tenant of our own that exchanges frames by rings: no descriptor sockets, and system calls only to wake.
//!
//! ```text
//!                 S2M ring of tier t                        M2S ring of tier t
//!   client ──── header, frame ───► judged, forwarded   ──── header, frame ───► client
//! ```
//!
//! The client has brought the memory, sealed; the rings are those of memif 2.0, the agent being the server of a link over
//! a socket that it has passed to the client. The doorbell stays the sign of life. What is published to the client in a
//! turn goes out together at the end of it; a full ring is a full queue.
//!
//! Both wake each other by a byte at the doorbell: the rings' eventfds are open files that both have, and whoever means harm
//! makes one block that rings.

mod receiving;
mod sending;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use descsock_wire::{Laden, TIERS};
use memif::{Connection, Limits, Link, LinkOptions, Rx};
use switch::{Endpoint, Stamp};

use crate::device::{Delivered, Device, Gone, News, Sink, Source};
use crate::inbox::Inbox;
use crate::labels::Labels;
use crate::schedule::{Schedule, Scheduling};
use crate::{Frame, LARGEST_FRAME};
use receiving::TxTier;

/// The doorbell; above it are the rings by which the client sends.
const DOORBELL: u16 = 0;
/// Time for the handshake.
const HANDSHAKE: Duration = crate::visitor::PATIENCE;
/// Bytes of the largest frame with its header.
const LARGEST: usize = Laden::RING_HEADER + LARGEST_FRAME;

/// What a registration by which a client has offered rings has led to.
#[derive(Debug)]
pub(crate) struct RingTenant {
    /// Held open by the client as long as it lives.
    pub(crate) doorbell: OwnedFd,
    /// The agent's end of the socket for the handshake.
    pub(crate) socket: OwnedFd,
    /// The most memory that it may bring, in bytes.
    pub(crate) most_bytes: u64,
    /// What the client is written on its frames as.
    pub(crate) endpoint: Endpoint,
}

/// The port of such a tenant.
#[derive(Debug)]
pub(crate) struct RingClient {
    doorbell: OwnedFd,
    doorbell_inbox: Inbox,
    link: Link,
    /// By tier, as the client sends.
    rx: [Rx; TIERS],
    /// By tier, as the client receives.
    tx: [TxTier; TIERS],
    endpoint: Endpoint,
    /// Which tier's frames are taken in next.
    schedule: Schedule,
    /// Frames that were in the rings when the client went.
    left: Option<u64>,
    /// For frames that come in several buffers.
    whole: Box<[u8; LARGEST]>,
}

impl RingClient {
    /// Takes a registered client in. The handshake is still to come.
    ///
    /// # Errors
    /// What the system says, above all when descriptors run out.
    pub(crate) fn new(tenant: RingTenant) -> Result<Self, memif::Error> {
        let doorbell = tenant.doorbell.try_clone();
        let doorbell = doorbell.map_err(|source| memif::Error::Os {
            call: "dup",
            source,
        })?;
        let limits = Limits {
            bytes: tenant.most_bytes,
            ..Limits::default()
        };
        let queues = u16::try_from(TIERS).unwrap_or(u16::MAX);
        let options = LinkOptions::new(0)
            .queues(queues)
            .name("descsock")
            .frame_capacity(LARGEST as u64);
        let connection = Connection::new(tenant.socket)?
            .limits(limits)
            .wake_by(doorbell)
            .handshake_deadline(HANDSHAKE);
        let mut link = connection.server(options)?;
        let [t0, t1, t2, t3] = [0, 1, 2, 3];
        let rx = [link.rx(t0)?, link.rx(t1)?, link.rx(t2)?, link.rx(t3)?];
        let tx = [link.tx(t0)?, link.tx(t1)?, link.tx(t2)?, link.tx(t3)?];
        Ok(Self {
            doorbell: tenant.doorbell,
            doorbell_inbox: Inbox::new(),
            link,
            rx,
            tx: tx.map(TxTier::new),
            endpoint: tenant.endpoint,
            schedule: Schedule::new(Scheduling::default()),
            left: None,
            whole: Box::new([0; LARGEST]),
        })
    }

    /// Where it has rung.
    pub(crate) fn doorbell(&self) -> BorrowedFd<'_> {
        self.doorbell.as_fd()
    }

    /// Takes in some of what the client has sent, then looks whether it is still there. True when there may be more.
    fn take_in(&mut self, sink: &mut dyn Sink) -> Result<bool, Gone> {
        let is_there = self.hear_doorbell();
        let taken = sending::take_in(&mut self.rx, &mut self.schedule, &mut self.whole, sink);
        match taken {
            Ok(true) => return Ok(true),
            Ok(false) => is_there?,
            Err(error) => return Err(self.parted(error)),
        }
        let mut more = self.doorbell_inbox.is_readable();
        for number in 0..TIERS {
            let armed = self.rx[number].arm();
            more |= armed.map_err(|error| self.parted(error))?;
        }
        Ok(more)
    }

    /// Whatever comes by the doorbell now only wakes; its end is the client's. Once, however much the client says.
    fn hear_doorbell(&mut self) -> Result<(), Gone> {
        let mut bytes = [0; 512];
        self.doorbell_inbox.read(&self.doorbell, &mut bytes)?;
        Ok(())
    }

    /// Why there is no link any more, or never was one.
    fn parted(&self, error: memif::Error) -> Gone {
        match error {
            memif::Error::Disconnected(ended) if self.link.epoch() == 0 => Gone::NoLink {
                reason: ended.reason,
            },
            error => Gone::Link(error),
        }
    }

    /// Notes what the client has left in its rings.
    fn part(&mut self) {
        self.left = Some(self.tx.iter_mut().map(TxTier::undelivered).sum());
    }
}

impl Device for RingClient {
    fn kind(&self) -> &'static str {
        "descsock"
    }

    fn watch(
        &self,
        watch: &mut dyn FnMut(Source, BorrowedFd<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        watch(Source(DOORBELL), self.doorbell.as_fd())?;
        for (number, rx) in (DOORBELL + 1..).zip(&self.rx) {
            watch(Source(number), rx.as_fd())?;
        }
        Ok(())
    }

    fn notice(&mut self, news: News) {
        if news.source == Source(DOORBELL) {
            self.doorbell_inbox.notice(news);
        } // of rings, looking is what finds out what is new
    }

    fn receive(&mut self, sink: &mut dyn Sink) -> Result<bool, Gone> {
        self.take_in(sink).inspect_err(|_| self.part())
    }

    fn deliver(&mut self, frame: &Frame<'_>, stamp: &Stamp) -> Delivered {
        let tier = usize::from(stamp.tier.raw());
        let labels = Labels::new(stamp, stamp.delivered_to(self.endpoint));
        self.tx[tier].deliver(frame, labels, &self.link)
    }

    fn flush(&mut self) -> Result<(), Gone> {
        let flushed = self.tx.iter_mut().try_for_each(TxTier::flush);
        flushed.inspect_err(|_| self.part())
    }

    /// What is in the rings and not taken.
    fn undelivered(&self) -> u64 {
        self.left
            .unwrap_or_else(|| self.link.details().in_flight as u64)
    }

    fn largest(&self) -> usize {
        LARGEST_FRAME
    }

    fn schedule_by(&mut self, scheduling: Scheduling) {
        self.schedule = Schedule::new(scheduling);
    }

    fn memory(&self) -> u64 {
        self.link.details().region_bytes
    }
}

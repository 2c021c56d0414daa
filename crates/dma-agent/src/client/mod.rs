//! A tenant: a process that has registered at the doorbell, with its shared file and its eight sockets.
//!
//! ```text
//!                RX tier t                               TX tier t
//!   client ──── empties (8) ────► posted        client ──── laden (32) ───► judged, forwarded
//!   client ◄─── laden (32) ────── frames        client ◄─── completions ─── one for each, in order
//! ```
//!
//! Received frames are first-in first-out for each tier: the client pairs the n-th laden descriptor with the n-th
//! buffer it posted, whatever the descriptor says. Frames for which no buffer is posted wait in a short queue, one for
//! each class, which is the tier that they came in by. Where classes compete a [`Schedule`](crate::Schedule) decides.

mod handover;
mod queue;
mod rx;
mod rx_tier;
mod tx;
mod tx_tier;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use descsock_wire::{Layout, TIERS};
use switch::{Endpoint, Stamp};

use crate::Frame;
use crate::device::{Delivered, Device, Gone, News, Sink, Source};
use crate::file::Memory;
use crate::handover::Legacy;
use crate::inbox::Inbox;
use crate::labels::Labels;
use crate::schedule::{Schedule, Scheduling};
use rx::Rx;
use rx_tier::RxTier;
use tx::Tx;
use tx_tier::TxTier;

/// The largest frame that our own clients send and receive, without CRC.
pub const LARGEST_FRAME: usize = 9600;

/// The doorbell; below it are the RX tiers, then the TX tiers.
const DOORBELL: u16 = 8;

/// What a registration has led to.
#[derive(Debug)]
pub(crate) struct Tenant {
    /// Held open by the client as long as it lives.
    pub(crate) doorbell: OwnedFd,
    /// The agent's ends of the sockets, in the order of [`descsock_wire::Socket::ALL`].
    pub(crate) sockets: [OwnedFd; 2 * TIERS],
    /// The client's file.
    pub(crate) memory: Memory,
    /// The layout of descriptors, if the form of the registration tells.
    pub(crate) layout: Option<Layout>,
    /// What the client is written on its frames as.
    pub(crate) endpoint: Endpoint,
}

/// The port of a tenant.
#[derive(Debug)]
pub struct Client {
    doorbell: OwnedFd,
    doorbell_inbox: Inbox,
    memory: Memory,
    rx: Rx,
    tx: Tx,
    /// Told by the registration, or by the first descriptor.
    layout: Option<Layout>,
    endpoint: Endpoint,
}

impl Client {
    /// Takes a registered client in.
    pub(crate) fn new(tenant: Tenant) -> Self {
        let Tenant {
            doorbell,
            sockets,
            memory,
            layout,
            endpoint,
        } = tenant;
        let [rx0, rx1, rx2, rx3, tx0, tx1, tx2, tx3] = sockets;
        Self {
            doorbell,
            doorbell_inbox: Inbox::new(),
            memory,
            rx: Rx::new([rx0, rx1, rx2, rx3].map(RxTier::new)),
            tx: Tx::new([tx0, tx1, tx2, tx3].map(TxTier::new)),
            layout,
            endpoint,
        }
    }

    /// Whether the file that was announced is still there.
    fn check_memory(&self) -> Result<(), Gone> {
        match self.memory.region.is_gone() {
            true => Err(Gone::MemoryGone),
            false => Ok(()),
        }
    }

    /// Whatever comes by the doorbell now is padding; its end is the client's. Once, however much the client says.
    fn hear_doorbell(&mut self) -> Result<(), Gone> {
        let mut bytes = [0; 512];
        self.doorbell_inbox.read(&self.doorbell, &mut bytes)?;
        Ok(())
    }
}

impl Device for Client {
    fn kind(&self) -> &'static str {
        "descsock"
    }

    fn watch(
        &self,
        watch: &mut dyn FnMut(Source, BorrowedFd<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let rx = self.rx.tiers.iter().map(RxTier::socket);
        let sockets = rx.chain(self.tx.tiers.iter().map(TxTier::socket));
        for (number, socket) in (0..).zip(sockets) {
            watch(Source(number), socket)?;
        }
        watch(Source(DOORBELL), self.doorbell.as_fd())
    }

    fn notice(&mut self, news: News) {
        let number = usize::from(news.source.0);
        if let Some(tier) = self.rx.tiers.get_mut(number) {
            tier.notice(news);
        } else if let Some(tier) = self.tx.tiers.get_mut(number - TIERS) {
            tier.notice(news);
        } else {
            self.doorbell_inbox.notice(news);
        }
    }

    fn receive(&mut self, sink: &mut dyn Sink) -> Result<bool, Gone> {
        self.hear_doorbell()?;
        let buffers = self.rx.receive(&mut self.memory, self.layout, sink)?;
        let frames = self.tx.receive(&self.memory, &mut self.layout, sink)?;
        self.check_memory()?;
        Ok(buffers || frames || self.doorbell_inbox.is_readable())
    }

    fn deliver(&mut self, frame: &Frame<'_>, stamp: &Stamp) -> Delivered {
        let endpoint = stamp.delivered_to(self.endpoint);
        let labels = Labels::new(stamp, endpoint);
        self.rx
            .deliver(&mut self.memory, frame, stamp.tier, labels, self.layout)
    }

    fn flush(&mut self) -> Result<(), Gone> {
        self.check_memory()?; // frames were written to it
        self.rx.flush()?;
        self.tx.flush()
    }

    fn undelivered(&self) -> u64 {
        self.rx.undelivered()
    }

    fn schedule_by(&mut self, scheduling: Scheduling) {
        self.rx.schedule = Schedule::new(scheduling);
        self.tx.schedule = Schedule::new(scheduling);
    }

    fn largest(&self) -> usize {
        LARGEST_FRAME
    }

    fn legacy(&self) -> Option<Legacy<'_>> {
        Some(self.bequeath())
    }
}

//! A tenant: a process that has registered at the doorbell, with its shared file and its eight sockets.
//!
//! ```text
//!                RX tier t                               TX tier t
//!   client ──── empties (8) ────► posted        client ──── laden (32) ───► judged, forwarded
//!   client ◄─── laden (32) ────── frames        client ◄─── completions ─── one for each, in order
//! ```
//!
//! Received frames are first-in first-out for each tier: the client pairs the n-th laden descriptor with the n-th
//! buffer it posted, whatever the descriptor says. Frames for which no buffer is posted wait in a short queue.

mod rx;
mod tx;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use descsock_wire::{Layout, Mapping, TIERS};
use memif_ring::Region;
use switch::{Endpoint, Stamp};

use crate::Frame;
use crate::device::{Delivered, Device, Gone, News, Sink, Source};
use crate::inbox::Inbox;
use rx::RxTier;
use tx::TxTier;

/// The largest frame that our own clients send and receive, without CRC.
pub const LARGEST_FRAME: usize = 9600;

/// The doorbell; below it are the RX tiers, then the TX tiers.
const DOORBELL: u16 = 8;

/// What a registration has led to.
#[derive(Debug)]
pub struct Tenant {
    /// Held open by the client as long as it lives.
    pub doorbell: OwnedFd,
    /// The agent's ends of the sockets, in the order of [`descsock_wire::Socket::ALL`].
    pub sockets: [OwnedFd; 2 * TIERS],
    /// The client's file.
    pub region: Region,
    /// Where the client has it, cut to what the file backs.
    pub mapping: Mapping,
    /// The layout of descriptors, if the form of the registration tells.
    pub layout: Option<Layout>,
    /// What the client is written on its frames as.
    pub endpoint: Endpoint,
}

/// The port of a tenant.
#[derive(Debug)]
pub struct Client {
    doorbell: OwnedFd,
    doorbell_inbox: Inbox,
    memory: Memory,
    rx: [RxTier; TIERS],
    tx: [TxTier; TIERS],
    /// Told by the registration, or by the first descriptor.
    layout: Option<Layout>,
    endpoint: Endpoint,
}

/// The client's file, and where the client has it.
#[derive(Debug)]
struct Memory {
    region: Region,
    mapping: Mapping,
}

impl Client {
    /// Takes a registered client in.
    pub fn new(tenant: Tenant) -> Self {
        let Tenant {
            doorbell,
            sockets,
            region,
            mapping,
            layout,
            endpoint,
        } = tenant;
        let [rx0, rx1, rx2, rx3, tx0, tx1, tx2, tx3] = sockets;
        Self {
            doorbell,
            doorbell_inbox: Inbox::new(),
            memory: Memory { region, mapping },
            rx: [rx0, rx1, rx2, rx3].map(RxTier::new),
            tx: [tx0, tx1, tx2, tx3].map(TxTier::new),
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

    /// Whatever comes by the doorbell now is padding; its end is the client's.
    fn hear_doorbell(&mut self) -> Result<(), Gone> {
        let mut padding = [0; 512];
        while self.doorbell_inbox.is_readable() {
            self.doorbell_inbox.read(&self.doorbell, &mut padding)?;
        }
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
        let rx = self.rx.iter().map(RxTier::socket);
        let sockets = rx.chain(self.tx.iter().map(TxTier::socket));
        for (number, socket) in (0..).zip(sockets) {
            watch(Source(number), socket)?;
        }
        watch(Source(DOORBELL), self.doorbell.as_fd())
    }

    fn notice(&mut self, news: News) {
        let number = usize::from(news.source.0);
        if let Some(tier) = self.rx.get_mut(number) {
            tier.notice(news);
        } else if let Some(tier) = self.tx.get_mut(number - TIERS) {
            tier.notice(news);
        } else {
            self.doorbell_inbox.notice(news);
        }
    }

    fn receive(&mut self, sink: &mut dyn Sink) -> Result<bool, Gone> {
        self.hear_doorbell()?;
        let mut more = false;
        for tier in &mut self.rx {
            more |= tier.read_empties(&self.memory.mapping)?;
            tier.serve_queue(&mut self.memory, self.layout, sink);
        }
        for (tier, number) in self.tx.iter_mut().zip(descsock_wire::Tier::ALL) {
            more |= tier.read_laden(&self.memory, number, &mut self.layout, sink)?;
        }
        self.check_memory()?;
        Ok(more)
    }

    fn deliver(&mut self, frame: &Frame<'_>, stamp: &Stamp) -> Delivered {
        let same = usize::from(stamp.tier.raw());
        let tier = if self.rx[same].is_used() { same } else { 0 };
        let endpoint = stamp.delivered_to(self.endpoint);
        self.rx[tier].deliver(
            &mut self.memory,
            frame,
            rx::labels(stamp, endpoint),
            self.layout,
        )
    }

    fn flush(&mut self) -> Result<(), Gone> {
        self.check_memory()?; // frames were written to it
        self.rx.iter_mut().try_for_each(RxTier::flush)?;
        self.tx.iter_mut().try_for_each(TxTier::flush)
    }

    fn undelivered(&self) -> u64 {
        self.rx.iter().map(RxTier::undelivered).sum()
    }

    fn largest(&self) -> usize {
        LARGEST_FRAME
    }
}

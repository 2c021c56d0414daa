//! The wire that every agent speaks, as the worker drives it: eight sockets with descriptors of what is in the file.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use descsock_wire::{TIERS, Tier};

use crate::geometry::Geometry;
use crate::rx_wire::RxWire;
use crate::session::Lost;
use crate::shared::Shared;
use crate::tx_wire::TxWire;

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct Sockets {
    rx: [RxWire; TIERS],
    tx: [TxWire; TIERS],
}

impl Sockets {
    pub(crate) fn new(sockets: [OwnedFd; 2 * TIERS], geometry: Geometry) -> Self {
        let [rx0, rx1, rx2, rx3, tx0, tx1, tx2, tx3] = sockets;
        let [t0, t1, t2, t3] = Tier::ALL;
        let rx = [(rx0, t0), (rx1, t1), (rx2, t2), (rx3, t3)];
        let tx = [(tx0, t0), (tx1, t1), (tx2, t2), (tx3, t3)];
        Self {
            rx: rx.map(|(socket, tier)| RxWire::new(socket, tier, geometry)),
            tx: tx.map(|(socket, tier)| TxWire::new(socket, tier)),
        }
    }

    /// Below 8, by number, the RX tiers first.
    pub(crate) fn watch(
        &self,
        mut watch: impl FnMut(u64, BorrowedFd<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let rx = self.rx.iter().map(RxWire::socket);
        let sockets = rx.chain(self.tx.iter().map(TxWire::socket));
        (0..)
            .zip(sockets)
            .try_for_each(|(number, socket)| watch(number, socket))
    }

    pub(crate) fn notice(&mut self, number: usize, has_ended: bool) {
        if let Some(tier) = self.rx.get_mut(number) {
            tier.notice(has_ended);
        } else if let Some(tier) = self.tx.get_mut(number - TIERS) {
            tier.notice(has_ended);
        }
    }

    /// Each socket once.
    pub(crate) fn step(&mut self, scratch: &mut [u8], shared: &Shared) -> Result<(), Lost> {
        self.write(shared)?;
        for tier in &mut self.rx {
            tier.read(scratch, shared)?;
        }
        let mut tx = self.tx.iter_mut();
        tx.try_for_each(|tier| tier.read(scratch, shared))
    }

    /// Posts free buffers, and sends what is queued.
    pub(crate) fn write(&mut self, shared: &Shared) -> Result<(), Lost> {
        let mut is_gone = false;
        if let Some(buffers) = shared.rx().buffers() {
            is_gone |= buffers.is_gone();
            self.rx.iter_mut().for_each(|tier| tier.collect(buffers));
        }
        self.rx.iter_mut().try_for_each(RxWire::post)?;
        if let Some(buffers) = shared.tx().buffers() {
            is_gone |= buffers.is_gone();
            self.tx.iter_mut().for_each(|tier| tier.collect(buffers));
        }
        self.tx.iter_mut().try_for_each(|tier| tier.write(shared))?;
        match is_gone {
            true => Err(Lost::MemoryGone),
            false => Ok(()),
        }
    }

    /// Whether there may be something to do without further news.
    pub(crate) fn is_busy(&self) -> bool {
        self.rx.iter().any(RxWire::is_busy) || self.tx.iter().any(TxWire::is_busy)
    }

    /// Whether the program has left something to do meanwhile.
    pub(crate) fn has_work(&self, shared: &Shared) -> bool {
        let open = std::array::from_fn(|tier| self.tx[tier].is_empty());
        let has_queued = |shared: &Shared| {
            let mut tx = shared.tx();
            tx.buffers().is_some_and(|buffers| buffers.has_queued(open))
        };
        shared.rx().has_enough_freed() || has_queued(shared)
    }

    /// The connection is over: takes in what the agent has still done, and gives back what it has not. Returns how many
    /// frames it may or may not have sent.
    pub(crate) fn end(&mut self, scratch: &mut [u8], shared: &Shared) -> u64 {
        for tier in &mut self.rx {
            tier.read_to_end(scratch, shared);
        }
        for tier in &mut self.tx {
            tier.read_to_end(scratch, shared);
        }
        let unsent = self.tx.each_mut().map(TxWire::take_unsent);
        let mut tx = shared.tx();
        tx.buffers().map_or(0, |buffers| buffers.give_up(unsent))
    }
}

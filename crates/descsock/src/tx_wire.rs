//! One tier's TX socket: descriptors of frames go to the agent, completions come back.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use descsock_wire::{Completion, Laden, Records, Tier};

use crate::AgentFault;
use crate::counters::count;
use crate::inbox::Inbox;
use crate::outbox::Outbox;
use crate::session::Lost;
use crate::shared::Shared;
use crate::tx_buffers::TxBuffers;

#[derive(Debug)]
pub(crate) struct TxWire {
    socket: OwnedFd,
    tier: Tier,
    inbox: Inbox,
    completions: Records<{ Completion::LEN }>,
    outbox: Outbox,
    /// What has gone out, to be counted.
    gone: Records<{ Laden::LEN }>,
    /// Descriptors that have gone out whole and are not completed.
    underway: usize,
}

impl TxWire {
    pub(crate) fn new(socket: OwnedFd, tier: Tier) -> Self {
        Self {
            socket,
            tier,
            inbox: Inbox::new(),
            completions: Records::new(),
            outbox: Outbox::default(),
            gone: Records::new(),
            underway: 0,
        }
    }

    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub(crate) fn notice(&mut self, has_ended: bool) {
        self.inbox.notice(has_ended);
        self.outbox.unblock();
    }

    /// Whether there may be something to do without further news.
    pub(crate) fn is_busy(&self) -> bool {
        let can_write = !self.outbox.is_empty() && !self.outbox.is_blocked();
        self.inbox.is_readable() || can_write
    }

    /// Whether more descriptors could be taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Takes the descriptors that the program has queued.
    pub(crate) fn collect(&mut self, tx: &mut TxBuffers) {
        if self.outbox.is_empty() {
            self.outbox.refill(tx.queue(self.tier.index()));
        }
    }

    /// Writes what was collected.
    pub(crate) fn write(&mut self, shared: &Shared) -> Result<(), Lost> {
        let mut bytes = self.outbox.flush(&self.socket)?;
        let mut burst = (0, 0);
        while let Some(record) = self.gone.next(&mut bytes) {
            burst.0 += 1;
            burst.1 += u64::from(u16::from_le_bytes([record[6], record[7]]));
            self.underway += 1;
        }
        let counters = shared.tally.counters();
        count(&counters.tx_packets_out, &counters.tx_bytes_out, burst);
        Ok(())
    }

    /// Takes in the completions that have come.
    pub(crate) fn read(&mut self, scratch: &mut [u8], shared: &Shared) -> Result<(), Lost> {
        let mut bytes = self.inbox.read(&self.socket, scratch)?;
        let mut done = 0;
        while self.completions.next(&mut bytes).is_some() {
            done += 1; // one for each, in their order: what it repeats is nobody's business
        }
        if done > self.underway {
            let tier = self.tier.value();
            return Err(AgentFault::Uncalled { tier }.into());
        }
        if done > 0 {
            self.underway -= done;
            let mut tx = shared.tx();
            if let Some(buffers) = tx.buffers() {
                buffers.complete(self.tier.index(), done);
            }
            shared.tell_senders(&mut tx);
        }
        Ok(())
    }

    /// The connection is over: takes in what is left.
    pub(crate) fn read_to_end(&mut self, scratch: &mut [u8], shared: &Shared) {
        self.inbox.notice(true);
        while self.inbox.is_readable() && self.read(scratch, shared).is_ok() {}
    }

    /// Gives back the descriptors of which nothing has gone out.
    pub(crate) fn take_unsent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outbox).unsent(Laden::LEN)
    }
}

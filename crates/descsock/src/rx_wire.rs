//! One tier's RX socket: empty buffers go to the agent, frames come in them.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use descsock_wire::{CRC_LEN, Empty, HEADER_LEN, Kind, Laden, Layout, Records, Tier, Violation};

use crate::AgentFault;
use crate::Labels;
use crate::counters::{add, count};
use crate::geometry::Geometry;
use crate::inbox::Inbox;
use crate::outbox::Outbox;
use crate::rx_buffers::{Ready, RxBuffers, on_wire};
use crate::session::Lost;
use crate::shared::Shared;

#[derive(Debug)]
pub(crate) struct RxWire {
    socket: OwnedFd,
    tier: Tier,
    geometry: Geometry,
    inbox: Inbox,
    laden: Records<{ Laden::LEN }>,
    /// Buffers that the agent has, in its order.
    posted: VecDeque<u32>,
    outbox: Outbox,
    freed: Vec<u32>,
}

/// What one reading has brought.
#[derive(Debug, Default)]
struct Burst {
    came: (u64, u64),
    dropped: u64,
    damaged: u64,
}

impl RxWire {
    pub(crate) fn new(socket: OwnedFd, tier: Tier, geometry: Geometry) -> Self {
        Self {
            socket,
            tier,
            geometry,
            inbox: Inbox::new(),
            laden: Records::new(),
            posted: VecDeque::new(),
            outbox: Outbox::default(),
            freed: Vec::new(),
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

    /// Takes the buffers that the program is done with.
    pub(crate) fn collect(&mut self, buffers: &mut RxBuffers) {
        buffers.take_freed(self.tier.index(), &mut self.freed);
    }

    /// Posts the buffers that were collected.
    pub(crate) fn post(&mut self) -> Result<(), Lost> {
        if !self.freed.is_empty() {
            let room = self.outbox.room();
            for index in self.freed.drain(..) {
                let offset = self.geometry.rx(index);
                if let Some(buffer) = Geometry::buffer(offset, self.geometry.used) {
                    room.extend_from_slice(&Empty(buffer).encode());
                    self.posted.push_back(index);
                }
            }
        }
        self.outbox.flush(&self.socket).map(drop)
    }

    /// Takes in what has come.
    pub(crate) fn read(&mut self, scratch: &mut [u8], shared: &Shared) -> Result<(), Lost> {
        let bytes = self.inbox.read(&self.socket, scratch)?;
        if bytes.is_empty() {
            return Ok(());
        }
        let mut burst = Burst::default();
        let mut rx = shared.rx();
        let done = match rx.buffers() {
            Some(buffers) => self.take_in(bytes, buffers, &mut burst),
            None => Ok(()),
        };
        shared.tell_receivers(&mut rx);
        drop(rx);
        let counters = shared.tally.counters();
        count(&counters.rx_packets_in, &counters.rx_bytes_in, burst.came);
        if burst.dropped + burst.damaged > 0 {
            add(&counters.rx_fc_drops, burst.dropped);
            add(&shared.tally.rx_damaged, burst.damaged);
        }
        done
    }

    fn take_in(
        &mut self,
        mut bytes: &[u8],
        rx: &mut RxBuffers,
        burst: &mut Burst,
    ) -> Result<(), Lost> {
        while let Some(record) = self.laden.next(&mut bytes) {
            let laden = Laden::decode(&record, Layout::B, Kind::Rx)?;
            let len = self.judge(&laden)?;
            // The n-th frame is in the n-th buffer, whatever the descriptor says.
            let tier = self.tier.value();
            let buffer = self.posted.pop_front();
            let buffer = buffer.ok_or(AgentFault::Unposted { tier })?;
            if laden.err {
                burst.damaged += 1;
                rx.recycle(buffer, self.tier);
                continue;
            }
            burst.came.0 += 1;
            burst.came.1 += on_wire(len.into());
            let labels = Labels::of(&laden, self.tier);
            let is_kept = rx.push(Ready {
                buffer,
                len,
                labels,
            });
            burst.dropped += u64::from(!is_kept);
        }
        Ok(())
    }

    /// Bytes of the frame without its CRC.
    #[inline]
    fn judge(&self, laden: &Laden) -> Result<u16, AgentFault> {
        let (from, sop, eop) = (laden.kind.sender(), laden.sop, laden.eop);
        let (got, room, least) = (laden.buffer.len(), self.geometry.used, HEADER_LEN + CRC_LEN);
        if !(sop && eop) {
            return Err(Violation::SplitFrame { from, sop, eop }.into());
        }
        if got < least {
            return Err(Violation::FrameLength { from, got, least }.into());
        }
        match got > room {
            true => Err(AgentFault::Overlong { got, room }),
            false => Ok(got - CRC_LEN),
        }
    }

    /// The connection is over: takes in what is left.
    pub(crate) fn read_to_end(&mut self, scratch: &mut [u8], shared: &Shared) {
        self.inbox.notice(true);
        while self.inbox.is_readable() && self.read(scratch, shared).is_ok() {}
    }
}

//! Frames through the switch: from one port to the ports it says.

use std::time::Duration;

use switch::{Arrival, DropReason, Header, PortId, PortSet, Switch, Verdict};

use crate::Frame;
use crate::device::{Incoming, Sink};
use crate::ports::Ports;

/// The way of frames that come in by one port.
pub(crate) struct Forwarding<'a> {
    pub(crate) switch: &'a mut Switch,
    pub(crate) ports: &'a mut Ports,
    /// Ports that were given something and are not flushed yet.
    pub(crate) dirty: &'a mut Vec<PortId>,
    pub(crate) from: PortId,
    pub(crate) now: Duration,
}

impl Sink for Forwarding<'_> {
    #[inline]
    fn forward(&mut self, incoming: Incoming<'_>) {
        let frame = &incoming.frame;
        self.count_received(frame.len());
        match self.decide(&incoming) {
            Ok(verdict) => self.deliver(frame, &verdict),
            Err(reason) => self.count_refused(reason),
        }
    }

    fn refuse(&mut self, reason: DropReason) {
        self.count_received(0);
        self.count_refused(reason);
    }

    fn retract(&mut self, bytes: usize, reason: DropReason) {
        if let Some(port) = self.ports.get_mut(self.from) {
            let counters = &mut port.counters;
            counters.sent = counters.sent.saturating_sub(1);
            counters.sent_bytes = counters.sent_bytes.saturating_sub(bytes as u64);
            counters.dropped.count(reason);
        }
    }
}

impl Forwarding<'_> {
    fn decide(&mut self, incoming: &Incoming<'_>) -> Result<Verdict, DropReason> {
        let arrival = Arrival {
            port: self.from,
            tier: incoming.tier,
            nti: incoming.nti,
            directed: incoming.directed,
            header: Header::parse(incoming.frame.head())?,
            length: incoming.frame.len(),
        };
        self.switch.decide(&arrival, self.now)
    }

    fn deliver(&mut self, frame: &Frame<'_>, verdict: &Verdict) {
        for to in verdict.to.iter() {
            self.deliver_to(to, frame, verdict);
        }
        if verdict.too_long != PortSet::EMPTY {
            for to in verdict.too_long.iter() {
                self.count_dropped(to, DropReason::ExceedsMtu);
            }
        }
    }

    #[inline]
    fn deliver_to(&mut self, to: PortId, frame: &Frame<'_>, verdict: &Verdict) {
        let Some(port) = self.ports.get_mut(to) else {
            return self.count_refused(DropReason::PortGone);
        };
        // Only a port's own frames come while its device is away, and those never go back to it.
        let delivered = match &mut port.device {
            Some(device) => device.deliver(frame, &verdict.stamp),
            None => Err(DropReason::Hairpin),
        };
        match delivered {
            Ok(()) => {
                port.counters.sent += 1;
                port.counters.sent_bytes += frame.len() as u64;
            }
            Err(reason) => port.counters.dropped.count(reason),
        }
        if !port.is_dirty {
            port.is_dirty = true;
            self.dirty.push(to);
        }
    }

    fn count_received(&mut self, bytes: usize) {
        if let Some(port) = self.ports.get_mut(self.from) {
            port.counters.received += 1;
            port.counters.received_bytes += bytes as u64;
        }
    }

    #[cold]
    fn count_refused(&mut self, reason: DropReason) {
        if let Some(port) = self.ports.get_mut(self.from) {
            port.counters.refused.count(reason);
        }
    }

    #[cold]
    fn count_dropped(&mut self, to: PortId, reason: DropReason) {
        if let Some(port) = self.ports.get_mut(to) {
            port.counters.dropped.count(reason);
        }
    }
}

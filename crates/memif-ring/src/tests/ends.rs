//! The four ends under two traits, so that one model can drive them all.

use crate::heap::HeapRing;
use crate::{
    Chain, ClientConsumer, ClientProducer, Counters, PeerFault, Segment, ServerConsumer,
    ServerProducer,
};

/// An end that sends.
pub(crate) trait Sends {
    fn reserve(&mut self, bytes: u64) -> Result<Option<Chain>, PeerFault>;
    fn has_room(&mut self, bytes: u64) -> Result<bool, PeerFault>;
    fn segments(&self, chain: &Chain) -> Vec<Segment>;
    fn stage(&mut self, chain: Chain, bytes: u64, counters: &Counters) -> Result<(), PeerFault>;
    fn cancel(&mut self, chain: Chain) -> Result<(), PeerFault>;
    fn publish(&mut self) -> bool;
    fn in_flight(&self) -> usize;
    /// Asserts that every buffer is in exactly one place, these loans included.
    fn audit(&self, loans: &[Chain]);
}

/// An end that receives.
pub(crate) trait Receives {
    fn take(&mut self, max: usize, frames: &mut Vec<Chain>, counters: &Counters);
    fn has_frames(&self) -> bool;
    fn give_back(&mut self, frames: Vec<Chain>);
    fn segments(&self, chain: &Chain) -> Vec<Segment>;
    fn held(&self) -> usize;
    /// Asserts that every buffer is in exactly one place, these frames included.
    fn audit(&self, held: &[Chain]);
    /// Asserts that an honest peer left every buffer in its slot, where it has to.
    fn audit_slots(&self) {}
}

impl Sends for ClientProducer<HeapRing> {
    fn reserve(&mut self, bytes: u64) -> Result<Option<Chain>, PeerFault> {
        self.reserve(bytes)
    }
    fn has_room(&mut self, bytes: u64) -> Result<bool, PeerFault> {
        self.has_room(bytes)
    }
    fn segments(&self, chain: &Chain) -> Vec<Segment> {
        self.segments(chain).collect()
    }
    fn stage(&mut self, chain: Chain, bytes: u64, counters: &Counters) -> Result<(), PeerFault> {
        self.stage(chain, bytes, counters);
        Ok(())
    }
    fn cancel(&mut self, chain: Chain) -> Result<(), PeerFault> {
        self.cancel(chain);
        Ok(())
    }
    fn publish(&mut self) -> bool {
        self.publish()
    }
    fn in_flight(&self) -> usize {
        self.in_flight()
    }
    fn audit(&self, loans: &[Chain]) {
        self.audit(loans);
    }
}

impl Sends for ServerProducer<HeapRing> {
    fn reserve(&mut self, bytes: u64) -> Result<Option<Chain>, PeerFault> {
        self.reserve(bytes)
    }
    fn has_room(&mut self, bytes: u64) -> Result<bool, PeerFault> {
        self.has_room(bytes)
    }
    fn segments(&self, chain: &Chain) -> Vec<Segment> {
        self.segments(chain).collect()
    }
    fn stage(&mut self, chain: Chain, bytes: u64, counters: &Counters) -> Result<(), PeerFault> {
        self.stage(chain, bytes, counters)
    }
    fn cancel(&mut self, chain: Chain) -> Result<(), PeerFault> {
        self.cancel(chain);
        self.settle()
    }
    fn publish(&mut self) -> bool {
        self.publish()
    }
    fn in_flight(&self) -> usize {
        self.in_flight()
    }
    fn audit(&self, loans: &[Chain]) {
        self.audit(loans);
    }
}

impl Receives for ServerConsumer<HeapRing> {
    fn take(&mut self, max: usize, frames: &mut Vec<Chain>, counters: &Counters) {
        self.take(max, frames, counters);
    }
    fn has_frames(&self) -> bool {
        self.has_frames()
    }
    fn give_back(&mut self, frames: Vec<Chain>) {
        self.give_back(frames);
    }
    fn segments(&self, chain: &Chain) -> Vec<Segment> {
        self.segments(chain).collect()
    }
    fn held(&self) -> usize {
        self.held()
    }
    fn audit(&self, held: &[Chain]) {
        self.audit(held);
    }
}

impl Receives for ClientConsumer<HeapRing> {
    fn take(&mut self, max: usize, frames: &mut Vec<Chain>, counters: &Counters) {
        self.take(max, frames, counters);
    }
    fn has_frames(&self) -> bool {
        self.has_frames()
    }
    fn give_back(&mut self, frames: Vec<Chain>) {
        self.give_back(frames);
    }
    fn segments(&self, chain: &Chain) -> Vec<Segment> {
        self.segments(chain).collect()
    }
    fn held(&self) -> usize {
        self.held()
    }
    fn audit_slots(&self) {
        self.audit_slots();
    }
    fn audit(&self, held: &[Chain]) {
        self.audit(held);
    }
}

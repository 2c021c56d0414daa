//! What a client receives: four tiers of posted buffers, and a queue for each class of frames that wait for some.
//!
//! ```text
//!   class 3 ── queue ─┬─ has the client ever posted on tier 3? ──► tier 3
//!                     └─ no ─┐
//!   class 1 ── queue ────────┼─ one schedule ────────────────────► tier 0
//!   class 0 ── queue ────────┘
//! ```

use descsock_wire::{Layout, TIERS};
use switch::Tier;

use super::queue::Queue;
use super::rx_tier::RxTier;
use crate::Frame;
use crate::device::{Delivered, Gone, Sink};
use crate::file::Memory;
use crate::labels::Labels;
use crate::schedule::{Schedule, Scheduling};

/// The receiving side of a client.
#[derive(Debug)]
pub(super) struct Rx {
    pub(super) tiers: [RxTier; TIERS],
    /// By class: the tier that frames came in by.
    pub(super) waiting: [Queue; TIERS],
    /// Which class gets the next buffer of tier 0.
    pub(super) schedule: Schedule,
}

impl Rx {
    pub(super) fn new(tiers: [RxTier; TIERS]) -> Self {
        Self {
            tiers,
            waiting: Default::default(),
            schedule: Schedule::new(Scheduling::default()),
        }
    }

    /// Takes a frame of a class: into the next buffer, or in line behind those of its class.
    pub(super) fn deliver(
        &mut self,
        memory: &mut Memory,
        frame: &Frame<'_>,
        class: Tier,
        labels: Labels,
        layout: Option<Layout>,
    ) -> Delivered {
        let class = usize::from(class.raw());
        let waiting = &mut self.waiting[class];
        let tier = &mut self.tiers[tier_of(class, &self.tiers)];
        // Those who wait have taken all buffers there were: a buffer is left only when nobody waits for its tier.
        match waiting.is_empty() && tier.has_buffers() {
            true => tier.place(memory, frame, labels, layout),
            false => waiting.push(frame, labels),
        }
    }

    /// Reads some of the buffers that the client has posted, and gives them to those who wait; whether there may be more.
    pub(super) fn receive(
        &mut self,
        memory: &mut Memory,
        layout: Option<Layout>,
        sink: &mut dyn Sink,
    ) -> Result<bool, Gone> {
        let mut more = false;
        for tier in &mut self.tiers {
            more |= tier.read_empties(&memory.mapping)?;
        }
        while let Some((class, tier)) = self.next() {
            let Some(next) = self.waiting[class].pop() else {
                break;
            };
            let frame = Frame::own(&next.bytes);
            let placed = self.tiers[tier].place(memory, &frame, next.labels, layout);
            if let Err(reason) = placed {
                sink.retract(next.bytes.len(), reason);
            }
        }
        Ok(more)
    }

    /// The class whose frame gets a buffer now, and of which tier.
    fn next(&mut self) -> Option<(usize, usize)> {
        let Self {
            tiers,
            waiting,
            schedule,
        } = self;
        let waits =
            |class: usize, tier| tier_of(class, tiers) == tier && !waiting[class].is_empty();
        let own = |tier: &usize| tiers[*tier].has_buffers() && waits(*tier, *tier);
        if let Some(tier) = (1..TIERS).find(own) {
            return Some((tier, tier));
        }
        // Only asked for buffers that there are: who gets the next one is not to be forgotten meanwhile.
        let buffers = tiers[0].has_buffers();
        let class = buffers.then(|| schedule.next(|class| waits(class, 0)))??;
        Some((class, 0))
    }

    pub(super) fn flush(&mut self) -> Result<(), Gone> {
        self.tiers.iter_mut().try_for_each(RxTier::flush)
    }

    pub(super) fn undelivered(&self) -> u64 {
        let waiting: usize = self.waiting.iter().map(Queue::len).sum();
        let unsent: usize = self.tiers.iter().map(RxTier::undelivered).sum();
        (waiting + unsent) as u64
    }
}

/// Where frames of a class go: their own tier, or tier 0 when the client has never posted anything there.
fn tier_of(class: usize, tiers: &[RxTier; TIERS]) -> usize {
    match tiers[class].is_used() {
        true => class,
        false => 0,
    }
}

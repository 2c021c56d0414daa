//! What a client sends: four tiers, which take turns when several have frames.

use descsock_wire::{Layout, TIERS};

use super::tx_tier::TxTier;
use crate::device::{Gone, Sink};
use crate::file::Memory;
use crate::labels;
use crate::schedule::{Schedule, Scheduling};

/// Frames taken in from one client before others get their turn.
const BURST: usize = 256;

/// The sending side of a client.
#[derive(Debug)]
pub(super) struct Tx {
    pub(super) tiers: [TxTier; TIERS],
    /// Whose frame is taken in next.
    pub(super) schedule: Schedule,
}

impl Tx {
    pub(super) fn new(tiers: [TxTier; TIERS]) -> Self {
        let schedule = Schedule::new(Scheduling::default());
        Self { tiers, schedule }
    }

    /// Forwards some of the frames that the client sends; whether there may be more. A tier that is alone needs no turns.
    pub(super) fn receive(
        &mut self,
        memory: &Memory,
        layout: &mut Option<Layout>,
        sink: &mut dyn Sink,
    ) -> Result<bool, Gone> {
        let Self { tiers, schedule } = self;
        let mut left = BURST;
        while left > 0 {
            tiers.iter_mut().try_for_each(TxTier::fetch)?;
            let Some(class) = schedule.next(|class| tiers[class].has_frames()) else {
                break;
            };
            let competes = |other: usize| other != class && tiers[other].has_frames();
            let mut turn = match (0..TIERS).any(competes) {
                true => 1,
                false => left,
            };
            while turn > 0 && tiers[class].has_frames() {
                tiers[class].forward(memory, labels::tier(class), layout, sink)?;
                (turn, left) = (turn - 1, left - 1);
            }
        }
        Ok(tiers.iter().any(TxTier::has_more))
    }

    pub(super) fn flush(&mut self) -> Result<(), Gone> {
        self.tiers.iter_mut().try_for_each(TxTier::flush)
    }
}

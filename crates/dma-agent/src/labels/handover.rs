//! What is written on frames that wait, for a successor.

use descsock_wire::{Did, Directed, Dm, Flags, Nti, Sep, Svc};

use super::Labels;
use crate::handover::state::LabelsState;
use crate::handover::{HandoverError, out_of_range};

impl Labels {
    pub(crate) fn state(&self) -> LabelsState {
        LabelsState {
            did: self.from.did.value(),
            svc: self.from.svc.value(),
            sep: self.from.sep.value(),
            nti: self.from.nti.value(),
            flags: self.flags.bits(),
        }
    }

    pub(crate) fn restore(state: &LabelsState) -> Result<Self, HandoverError> {
        let from = Directed {
            did: Did::new(state.did.into()).map_err(out_of_range)?,
            svc: Svc::new(state.svc.into()).map_err(out_of_range)?,
            sep: Sep::new(state.sep.into()).map_err(out_of_range)?,
            nti: Nti::new(state.nti.into()).map_err(out_of_range)?,
            dm: Dm::default(),
        };
        let flags = Flags::from_bits_retain(state.flags);
        Ok(Self { from, flags })
    }
}

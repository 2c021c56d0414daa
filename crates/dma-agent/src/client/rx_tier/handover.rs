//! A tier of received frames that passes to a successor: buffers posted, and descriptors not written.

use descsock_wire::{Buffer, Empty, Laden, Mapping};

use super::{MOST_POSTED, RxTier};
use crate::handover::HandoverError;
use crate::handover::parcel::check;
use crate::handover::state::RxState;

impl RxTier {
    pub(in crate::client) fn state(&self) -> RxState {
        RxState {
            is_used: self.is_used,
            partial: self.empties.partial().into(),
            posted: self.posted.iter().copied().map(word).collect(),
            unsent: self.outbox.unsent().into(),
        }
    }

    /// Goes on where a predecessor has stopped.
    pub(in crate::client) fn restore(
        &mut self,
        state: RxState,
        mapping: &Mapping,
    ) -> Result<(), HandoverError> {
        let most = MOST_POSTED * Laden::LEN;
        check("bytes of an empty", state.partial.0.len(), Empty::LEN - 1)?;
        check("posted buffers", state.posted.len(), MOST_POSTED)?;
        check("bytes of descriptors", state.unsent.0.len(), most)?;
        self.is_used = state.is_used;
        // Fewer bytes than a record has: none comes of them.
        let _ = self.empties.next(&mut &*state.partial.0);
        for word in state.posted {
            let posted = Empty::decode(&word.to_le_bytes()).0;
            mapping.locate(posted)?;
            self.posted.push_back(posted);
        }
        self.outbox.push(&state.unsent.0);
        Ok(())
    }
}

fn word(buffer: Buffer) -> u64 {
    u64::from_le_bytes(Empty(buffer).encode())
}

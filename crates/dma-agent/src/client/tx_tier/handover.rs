//! A tier of frames to send that passes to a successor: descriptors that were read, the last of them perhaps in part, and
//! completions not written.

use descsock_wire::{Completion, Laden};

use super::{MOST_COMPLETIONS, READ, TxTier};
use crate::handover::HandoverError;
use crate::handover::parcel::check;
use crate::handover::state::TxState;

/// What one reading leaves, on top of a descriptor in part.
const MOST_UNREAD: usize = READ + Laden::LEN;
/// What may wait, and what comes on top of it by one more descriptor.
const MOST_UNSENT: usize = MOST_COMPLETIONS + Completion::LEN;

impl TxTier {
    pub(in crate::client) fn state(&self) -> TxState {
        TxState {
            unread: self.read.get(self.begin..).unwrap_or_default().into(),
            unsent: self.outbox.unsent().into(),
        }
    }

    /// Goes on where a predecessor has stopped.
    pub(in crate::client) fn restore(&mut self, state: TxState) -> Result<(), HandoverError> {
        check("bytes of descriptors", state.unread.0.len(), MOST_UNREAD)?;
        check("bytes of completions", state.unsent.0.len(), MOST_UNSENT)?;
        self.read = state.unread.0;
        self.outbox.push(&state.unsent.0);
        Ok(())
    }
}

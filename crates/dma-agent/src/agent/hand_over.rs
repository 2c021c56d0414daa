//! The predecessor's side of a handover: all or nothing.

use switch::Policy;

use super::Agent;
use super::heir::Heir;
use crate::handover::parcel::Channel;
use crate::handover::state::Word;
use crate::handover::{HandoverError, PATIENCE};

impl Agent {
    /// Hands all it has to the successor that waits. Nobody is served meanwhile, for some milliseconds and five seconds
    /// at most.
    ///
    /// True: the successor has it all. This agent has nothing left, not even the files of its sockets, and should end.
    /// False: it has it all still, as if nobody had asked; it has logged why.
    pub fn hand_over(&mut self) -> bool {
        let Some(Heir { socket, pid, .. }) = self.heir.take() else {
            return false;
        };
        let mut channel = Channel::new(socket, PATIENCE);
        if let Err(error) = self.settle(&mut channel) {
            drop(channel);
            self.serve_on(pid, &error.to_string());
            return false;
        }
        if let Some(pid) = pid {
            self.setup.notify.main_process(pid);
        }
        self.leave();
        tracing::info!(successor = pid, "handed over");
        // The successor waits for this end.
        drop(channel);
        true
    }

    fn settle(&self, channel: &mut Channel) -> Result<(), HandoverError> {
        match channel.receive::<Word>()?.0 {
            Word::Ready => {}
            word => return Err(unexpected(word)),
        }
        self.bequeath(channel)?;
        match channel.receive_last::<Word>()? {
            Word::Taken => Ok(()),
            word => Err(unexpected(word)),
        }
    }

    /// Lets go of everything, and removes nothing.
    fn leave(&mut self) {
        self.reception.leave();
        self.desk.leave();
        self.metrics.close();
        let switch = &self.switch;
        self.ports
            .leave(|id| switch.policy(id).is_some_and(Policy::is_mirror));
        self.setup.listeners = Default::default();
    }
}

fn unexpected(word: Word) -> HandoverError {
    match word {
        Word::Refused(why) => HandoverError::Refused(why),
        word => HandoverError::Parcel(format!("{word:?} is not due")),
    }
}

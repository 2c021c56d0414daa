//! Where a handshake stands, and how long it may take.

use core::fmt;
use core::time::Duration;

use crate::{Kind, Violation};

/// Where one end of a handshake stands: what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The server has sent HELLO and waits for INIT.
    AwaitingInit,
    /// The server takes regions; the first ring ends that.
    AwaitingRegion,
    /// The server takes rings; CONNECT ends that.
    AwaitingRing,
    /// The client has connected its socket and waits for HELLO.
    AwaitingHello,
    /// The client has sent INIT.
    AwaitingInitAck,
    /// The client has sent a region.
    AwaitingRegionAck,
    /// The client has sent a ring.
    AwaitingRingAck,
    /// The client has sent CONNECT.
    AwaitingConnected,
    /// CONNECTED was sent or received: frames may flow.
    Established,
    /// A DISCONNECT arrived, or a violation was found.
    Ended,
}

impl State {
    /// Whether the handshake is over, well or badly; only then no deadline runs.
    pub fn is_over(self) -> bool {
        matches!(self, State::Established | State::Ended)
    }

    /// What it is to receive `got` in a state that does not want it.
    pub(crate) fn out_of_turn(self, got: Kind) -> Violation {
        match self {
            State::Established => Violation::Late { got },
            State::Ended => Violation::AfterEnd { got },
            while_ => Violation::Unexpected { got, while_ },
        }
    }

    /// The end that stands here, and receives.
    pub(crate) fn receiver(self) -> &'static str {
        self.ends().0
    }

    /// The end that must send next.
    pub(crate) fn sender(self) -> &'static str {
        self.ends().1
    }

    fn ends(self) -> (&'static str, &'static str) {
        match self {
            State::AwaitingInit | State::AwaitingRegion | State::AwaitingRing => {
                ("server", "client")
            }
            State::AwaitingHello
            | State::AwaitingInitAck
            | State::AwaitingRegionAck
            | State::AwaitingRingAck
            | State::AwaitingConnected => ("client", "server"),
            State::Established | State::Ended => ("link", "peer"),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            State::AwaitingInit => "waiting for INIT",
            State::AwaitingRegion => "waiting for ADD_REGION",
            State::AwaitingRing => "waiting for ADD_RING or CONNECT",
            State::AwaitingHello => "waiting for HELLO",
            State::AwaitingInitAck => "waiting for the ACK of INIT",
            State::AwaitingRegionAck => "waiting for the ACK of ADD_REGION",
            State::AwaitingRingAck => "waiting for the ACK of ADD_RING",
            State::AwaitingConnected => "waiting for CONNECTED",
            State::Established => "established",
            State::Ended => "ended",
        })
    }
}

/// The time one whole handshake may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    started: Duration,
    allowed: Duration,
}

impl Deadline {
    pub(crate) fn new(allowed: Duration, started: Duration) -> Deadline {
        Deadline { started, allowed }
    }

    pub(crate) fn at(&self, state: State) -> Option<Duration> {
        (!state.is_over()).then(|| self.started.saturating_add(self.allowed))
    }

    pub(crate) fn check(&self, state: State, now: Duration) -> Result<(), Violation> {
        match self.at(state) {
            Some(at) if now >= at => Err(Violation::HandshakeTimeout {
                while_: state,
                after: self.allowed,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_beyond_the_end_of_time_never_passes_early() {
        let deadline = Deadline::new(Duration::MAX, Duration::from_secs(1));
        assert_eq!(deadline.at(State::AwaitingInit), Some(Duration::MAX));
        assert_eq!(
            deadline.check(State::AwaitingInit, Duration::from_secs(1 << 40)),
            Ok(())
        );
    }
}

//! The server's side of the handshake: judge what a client sends, answer in lock-step.

use core::time::Duration;

use crate::ledger::{Caps, Ledger};
use crate::state::Deadline;
use crate::{
    AddRing, Disconnect, Hello, Init, Limits, MAX_LOG2_SLOTS, Message, Mode, Name, Refusal, Secret,
    State, VERSION, Violation,
};

/// Maximum index of HELLO's regions and rings.
const MAX_INDEX: u16 = 255;

/// One client's handshake, seen from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    name: Name,
    limits: Limits,
    deadline: Deadline,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Init,
    Offer { ledger: Ledger, if_name: Name },
    Established,
    Ended,
}

impl Server {
    /// A client has just connected, at `now`; it has `allowed` for the whole handshake. Send [`Server::hello`] next.
    pub fn new(name: Name, limits: Limits, allowed: Duration, now: Duration) -> Server {
        Server {
            name,
            limits,
            deadline: Deadline::new(allowed, now),
            phase: Phase::Init,
        }
    }

    /// The server's first word. It announces the most that memif has, whatever the limits: a VPP client that is
    /// offered smaller rings lays its memory out for one size and announces another.
    pub fn hello(&self) -> Message {
        Message::Hello(Hello {
            name: self.name,
            min_version: VERSION,
            max_version: VERSION,
            max_region: MAX_INDEX,
            max_m2s_ring: MAX_INDEX,
            max_s2m_ring: MAX_INDEX,
            max_log2_slots: MAX_LOG2_SLOTS,
        })
    }

    /// Judges one datagram. `has_fd` says whether a descriptor came with it.
    ///
    /// The caller acts on the event first, that is, it checks the descriptor and takes it; only if satisfied does it
    /// send the reply.
    ///
    /// # Errors
    /// The rule the client broke. The handshake has ended then; its text belongs into a DISCONNECT.
    pub fn receive(
        &mut self,
        datagram: &[u8],
        has_fd: bool,
        registry: &mut dyn Admit,
    ) -> Result<ServerStep, Violation> {
        let step =
            Message::receive(datagram, has_fd).and_then(|message| self.step(message, registry));
        if step.is_err() {
            self.phase = Phase::Ended;
        }
        step
    }

    /// When the handshake must be over; `None` once it is.
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline.at(self.state())
    }

    /// Looks at the clock.
    ///
    /// # Errors
    /// [`Violation::HandshakeTimeout`] from the deadline on.
    pub fn expire(&self, now: Duration) -> Result<(), Violation> {
        self.deadline.check(self.state(), now)
    }

    /// What this end waits for.
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Init => State::AwaitingInit,
            Phase::Offer { ledger, .. } if ledger.has_ring() => State::AwaitingRing,
            Phase::Offer { .. } => State::AwaitingRegion,
            Phase::Established => State::Established,
            Phase::Ended => State::Ended,
        }
    }

    fn step(
        &mut self,
        message: Message,
        registry: &mut dyn Admit,
    ) -> Result<ServerStep, Violation> {
        let state = self.state();
        match (&mut self.phase, message) {
            (_, Message::Disconnect(disconnect)) => {
                self.phase = Phase::Ended;
                Ok(ServerStep {
                    reply: None,
                    event: Some(ServerEvent::Disconnected(disconnect)),
                })
            }
            (Phase::Init, Message::Init(init)) => self.admit(&init, registry),
            (Phase::Offer { ledger, .. }, Message::AddRegion(region)) if !ledger.has_ring() => {
                ledger.add_region(region)?;
                Ok(ServerStep::ack(ServerEvent::Region {
                    index: region.index,
                    size: region.size,
                }))
            }
            (Phase::Offer { ledger, .. }, Message::AddRing(ring)) => {
                ledger.add_ring(ring)?;
                Ok(ServerStep::ack(ServerEvent::Ring(ring)))
            }
            (Phase::Offer { ledger, if_name }, Message::Connect(peer_if_name)) => {
                ledger.close()?;
                let reply = Message::Connected(*if_name);
                self.phase = Phase::Established;
                Ok(ServerStep {
                    reply: Some(reply),
                    event: Some(ServerEvent::Established { peer_if_name }),
                })
            }
            (_, message) => Err(state.out_of_turn(message.kind())),
        }
    }

    fn admit(&mut self, init: &Init, registry: &mut dyn Admit) -> Result<ServerStep, Violation> {
        if init.version != VERSION {
            return Err(Refusal::Version { got: init.version }.into());
        }
        let terms = registry.admit(init)?;
        terms.check(init)?;
        let caps = terms.caps(&self.limits);
        self.phase = Phase::Offer {
            ledger: Ledger::new(caps),
            if_name: terms.if_name,
        };
        Ok(ServerStep::ack(ServerEvent::Admitted {
            id: init.id,
            peer: init.name,
        }))
    }
}

/// Who knows the interfaces behind a server's socket.
pub trait Admit {
    /// Whether there is an interface for this client, and on which terms. It is only a question: mode and secret are
    /// checked after it, so the interface is taken at [`ServerEvent::Admitted`], not here.
    ///
    /// # Errors
    /// Why not, as the client will read it.
    fn admit(&mut self, init: &Init) -> Result<Terms, Refusal>;
}

/// On which terms an interface takes a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The mode the client must ask for.
    pub mode: Mode,
    /// The secret the client must show; with `None` its field is ignored.
    pub secret: Option<Secret>,
    /// S2M rings the interface has; the client may offer fewer.
    pub rings_s2m: u16,
    /// M2S rings the interface has; the client may offer fewer.
    pub rings_m2s: u16,
    /// The interface's name, for CONNECTED.
    pub if_name: Name,
}

impl Terms {
    fn check(&self, init: &Init) -> Result<(), Refusal> {
        if init.mode != self.mode.to_wire() {
            return Err(Refusal::WrongMode {
                got: init.mode,
                expected: self.mode,
            });
        }
        match &self.secret {
            Some(secret) if !secret.accepts(&init.secret) => Err(Refusal::WrongSecret),
            _ => Ok(()),
        }
    }

    fn caps(&self, limits: &Limits) -> Caps {
        Caps {
            regions: limits.regions,
            bytes: limits.bytes,
            rings_s2m: self.rings_s2m.min(limits.rings_each_way),
            rings_m2s: self.rings_m2s.min(limits.rings_each_way),
            log2_slots: MAX_LOG2_SLOTS,
        }
    }
}

/// What follows from one datagram. The event comes before the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ServerStep {
    /// What to send, once the caller is satisfied with the event.
    pub reply: Option<Message>,
    /// What happened.
    pub event: Option<ServerEvent>,
}

impl ServerStep {
    fn ack(event: ServerEvent) -> ServerStep {
        ServerStep {
            reply: Some(Message::Ack),
            event: Some(event),
        }
    }
}

/// What happened in a server's handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// The client may have the interface: take it.
    Admitted {
        /// The interface.
        id: u32,
        /// The client's name, perhaps tagged.
        peer: Name,
    },
    /// A region came; its memory is the descriptor that came along.
    Region {
        /// Its index, always the next.
        index: u16,
        /// Its length in bytes, as claimed: the descriptor decides.
        size: u64,
    },
    /// A ring came, within its region and apart from all others; its eventfd is the descriptor that came along.
    Ring(AddRing),
    /// The client has offered everything; frames may flow once the reply is sent.
    Established {
        /// The name of the client's interface.
        peer_if_name: Name,
    },
    /// The client leaves.
    Disconnected(Disconnect),
}

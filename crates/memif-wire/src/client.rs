//! The client's side of the handshake: introduce itself, then offer memory piece by piece in lock-step.

use core::mem;
use core::time::Duration;

use crate::offer::{Misuse, Negotiated, Offer, Outgoing, Plan};
use crate::state::Deadline;
use crate::{Disconnect, Hello, Init, Message, Mode, Name, Secret, State, VERSION, Violation};

/// One handshake, seen from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    config: ClientConfig,
    deadline: Deadline,
    phase: Phase,
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// The interface on the server's socket.
    pub id: u32,
    /// What the frames are; the server must have the same.
    pub mode: Mode,
    /// The secret the server may ask for.
    pub secret: Option<Secret>,
    /// The client's name, perhaps tagged.
    pub name: Name,
    /// The name of its interface.
    pub if_name: Name,
    /// S2M rings wanted; the server may allow fewer.
    pub rings_s2m: u16,
    /// M2S rings wanted; the server may allow fewer.
    pub rings_m2s: u16,
    /// Binary logarithm of the slots wanted in each ring, 1 to 14; the server may allow fewer.
    pub log2_slots: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Hello,
    /// INIT is sent; the caller owes an offer.
    Init {
        negotiated: Negotiated,
        plan: Option<Plan>,
    },
    /// The last thing sent was a part of the offer.
    Offer {
        awaiting: State,
        plan: Plan,
    },
    Established,
    Ended,
}

impl Client {
    /// The socket has just been connected, at `now`; the server has `allowed` for the whole handshake.
    pub fn new(config: ClientConfig, allowed: Duration, now: Duration) -> Client {
        Client {
            config,
            deadline: Deadline::new(allowed, now),
            phase: Phase::Hello,
        }
    }

    /// Judges one datagram. `has_fd` says whether a descriptor came with it; none should.
    ///
    /// # Errors
    /// The rule the server broke, or [`Violation::NothingOffered`] if the caller forgot [`Client::offer`]. The
    /// handshake has ended then.
    pub fn receive(&mut self, datagram: &[u8], has_fd: bool) -> Result<ClientStep, Violation> {
        let step = Message::receive(datagram, has_fd).and_then(|message| self.step(message));
        if step.is_err() {
            self.phase = Phase::Ended;
        }
        step
    }

    /// Says which memory the client offers. Due after [`ClientEvent::Hello`] and before the next
    /// [`Client::receive`], once.
    ///
    /// # Errors
    /// [`Misuse`] if this is not the time, or if the server would have to refuse the offer. The handshake goes on,
    /// and another offer may be made.
    pub fn offer(&mut self, offer: Offer) -> Result<(), Misuse> {
        match &mut self.phase {
            Phase::Init {
                negotiated,
                plan: plan @ None,
            } => {
                *plan = Some(Plan::new(&offer, negotiated, self.config.if_name)?);
                Ok(())
            }
            _ => Err(Misuse::NotNow),
        }
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
        match self.phase {
            Phase::Hello => State::AwaitingHello,
            Phase::Init { .. } => State::AwaitingInitAck,
            Phase::Offer { awaiting, .. } => awaiting,
            Phase::Established => State::Established,
            Phase::Ended => State::Ended,
        }
    }

    fn step(&mut self, message: Message) -> Result<ClientStep, Violation> {
        let state = self.state();
        match (state, message) {
            (_, Message::Disconnect(disconnect)) => {
                self.phase = Phase::Ended;
                Ok(ClientStep {
                    send: None,
                    event: Some(ClientEvent::Disconnected(disconnect)),
                })
            }
            (State::AwaitingHello, Message::Hello(hello)) => self.introduce(&hello),
            (
                State::AwaitingInitAck | State::AwaitingRegionAck | State::AwaitingRingAck,
                Message::Ack,
            ) => self.go_on(),
            (State::AwaitingConnected, Message::Connected(peer_if_name)) => {
                self.phase = Phase::Established;
                Ok(ClientStep {
                    send: None,
                    event: Some(ClientEvent::Established { peer_if_name }),
                })
            }
            (_, message) => Err(state.out_of_turn(message.kind())),
        }
    }

    fn introduce(&mut self, hello: &Hello) -> Result<ClientStep, Violation> {
        let negotiated = Negotiated::between(&self.config, hello)?;
        let init = Message::Init(Init {
            version: VERSION,
            id: self.config.id,
            mode: self.config.mode.to_wire(),
            secret: self.config.secret.unwrap_or(Secret::NONE),
            name: self.config.name,
        });
        self.phase = Phase::Init {
            negotiated,
            plan: None,
        };
        Ok(ClientStep {
            send: Some(Outgoing::plain(init)),
            event: Some(ClientEvent::Hello(negotiated)),
        })
    }

    fn go_on(&mut self) -> Result<ClientStep, Violation> {
        let (Phase::Init {
            plan: Some(plan), ..
        }
        | Phase::Offer { plan, .. }) = mem::replace(&mut self.phase, Phase::Ended)
        else {
            return Err(Violation::NothingOffered);
        };
        let (outgoing, awaiting, plan) = plan.next();
        self.phase = Phase::Offer { awaiting, plan };
        Ok(ClientStep {
            send: Some(outgoing),
            event: None,
        })
    }
}

/// What follows from one datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ClientStep {
    /// What to send.
    pub send: Option<Outgoing>,
    /// What happened.
    pub event: Option<ClientEvent>,
}

/// What happened in a client's handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// The server introduced itself: build memory within these numbers and call [`Client::offer`].
    Hello(Negotiated),
    /// The server has taken everything; frames may flow.
    Established {
        /// The name of the server's interface.
        peer_if_name: Name,
    },
    /// The server leaves, or does not want this client; the text says why.
    Disconnected(Disconnect),
}

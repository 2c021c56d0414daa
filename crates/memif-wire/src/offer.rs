//! What a client offers: how much the server allows, the memory, and the order in which it is announced.

use alloc::vec::Vec;

use crate::ledger::{Caps, Ledger};
use crate::{
    AddRegion, AddRing, ClientConfig, Direction, Hello, MAX_LOG2_SLOTS, Message, Name, State,
    VERSION, Violation,
};

/// What both ends are able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// S2M rings to offer.
    pub rings_s2m: u16,
    /// M2S rings to offer.
    pub rings_m2s: u16,
    /// Binary logarithm of the slots in each ring, 1 to 14.
    pub log2_slots: u8,
    /// Regions the server takes at most.
    pub max_regions: u16,
    /// The server's name, perhaps tagged.
    pub peer: Name,
}

impl Negotiated {
    /// HELLO's numbers are the largest indexes, one less than the counts.
    pub(crate) fn between(config: &ClientConfig, hello: &Hello) -> Result<Negotiated, Violation> {
        if !(hello.min_version..=hello.max_version).contains(&VERSION) {
            return Err(Violation::Version {
                min: hello.min_version,
                max: hello.max_version,
            });
        }
        if hello.max_log2_slots == 0 {
            return Err(Violation::TooFewSlots { log2: 0 });
        }
        Ok(Negotiated {
            rings_s2m: config.rings_s2m.min(hello.max_s2m_ring.saturating_add(1)),
            rings_m2s: config.rings_m2s.min(hello.max_m2s_ring.saturating_add(1)),
            log2_slots: config
                .log2_slots
                .clamp(1, MAX_LOG2_SLOTS.min(hello.max_log2_slots)),
            max_regions: hello.max_region.saturating_add(1),
            peer: hello.name,
        })
    }

    fn caps(&self) -> Caps {
        Caps {
            regions: self.max_regions,
            bytes: u64::MAX,
            rings_s2m: self.rings_s2m,
            rings_m2s: self.rings_m2s,
            log2_slots: self.log2_slots,
        }
    }
}

/// The memory a client shares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Length in bytes of each region, by index.
    pub regions: Vec<u64>,
    /// All S2M rings by index, then all M2S rings by index.
    pub rings: Vec<AddRing>,
}

/// A message to send, and what to attach to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The message.
    pub message: Message,
    /// Whose descriptor goes along.
    pub fd: Option<Attach>,
}

impl Outgoing {
    pub(crate) fn plain(message: Message) -> Outgoing {
        Outgoing { message, fd: None }
    }
}

/// Whose descriptor goes along with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attach {
    /// The memory of the region of this index.
    Region(u16),
    /// The eventfd of a ring.
    Ring {
        /// Which way its frames go.
        direction: Direction,
        /// Its index among the rings of that direction.
        index: u16,
    },
}

/// An offer that cannot be made: the caller's fault, not the server's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misuse {
    /// [`Client::offer`](crate::Client::offer) belongs between HELLO and the ACK of INIT, once.
    #[error("this client may offer memory once, between HELLO and the ACK of INIT")]
    NotNow,
    /// The server would refuse the offer.
    #[error("this client's offer breaks a rule: {0}")]
    BadOffer(#[source] Violation),
}

/// What is left to announce, last first, then CONNECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    left: Vec<Piece>,
    if_name: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Region(AddRegion),
    Ring(AddRing),
}

impl Plan {
    /// The offer goes through the checks that a server makes.
    pub(crate) fn new(
        offer: &Offer,
        negotiated: &Negotiated,
        if_name: Name,
    ) -> Result<Plan, Misuse> {
        let regions = (0..=u16::MAX)
            .zip(&offer.regions)
            .map(|(index, &size)| Piece::Region(AddRegion { index, size }));
        let rings = offer.rings.iter().copied().map(Piece::Ring);
        let mut left: Vec<Piece> = regions.chain(rings).collect();
        check(&left, negotiated).map_err(Misuse::BadOffer)?;
        left.reverse();
        Ok(Plan { left, if_name })
    }

    /// What to send next, what to await then, and what is left after it.
    pub(crate) fn next(mut self) -> (Outgoing, State, Plan) {
        let (outgoing, awaiting) = match self.left.pop() {
            Some(Piece::Region(region)) => (announce_region(region), State::AwaitingRegionAck),
            Some(Piece::Ring(ring)) => (announce_ring(ring), State::AwaitingRingAck),
            None => (
                Outgoing::plain(Message::Connect(self.if_name)),
                State::AwaitingConnected,
            ),
        };
        (outgoing, awaiting, self)
    }
}

fn check(pieces: &[Piece], negotiated: &Negotiated) -> Result<(), Violation> {
    let mut ledger = Ledger::new(negotiated.caps());
    for piece in pieces {
        match *piece {
            Piece::Region(region) => ledger.add_region(region)?,
            Piece::Ring(ring) => ledger.add_ring(ring)?,
        }
    }
    ledger.close()
}

fn announce_region(region: AddRegion) -> Outgoing {
    Outgoing {
        message: Message::AddRegion(region),
        fd: Some(Attach::Region(region.index)),
    }
}

fn announce_ring(ring: AddRing) -> Outgoing {
    let AddRing {
        direction, index, ..
    } = ring;
    Outgoing {
        message: Message::AddRing(ring),
        fd: Some(Attach::Ring { direction, index }),
    }
}

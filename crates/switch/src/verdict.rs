//! What a decision is made from, and what comes out of it.

use crate::{Did, Endpoint, Header, Learned, Nti, PortId, PortSet, Sep, Svc, Tier};

/// A frame that came in.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Where it came in.
    pub port: PortId,
    /// The class of service it came in with; it goes out with the same.
    pub tier: Tier,
    /// The domain it asks for; `None`, which descriptors write as 0, is the port's default.
    pub nti: Option<Nti>,
    /// Where its descriptor directs it; `None` for a frame that is to be looked up.
    pub directed: Option<Directed>,
    /// What its first bytes say.
    pub header: Header<'a>,
    /// Bytes of the whole frame, without CRC.
    pub length: usize,
}

/// Where a descriptor directs its frame to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directed {
    /// The port, or an alias.
    pub did: Did,
    /// The service there.
    pub svc: Svc,
    /// The member of the service; [`Sep::ANY`] lets the frame's flow choose.
    pub sep: Sep,
}

/// Where a frame goes, and what is written on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    /// The ports that get the frame, mirrors among them. Never the one it came from.
    pub to: PortSet,
    /// The ports that would get it if their MTU were larger: a
    /// [`DropReason::ExceedsMtu`](crate::DropReason::ExceedsMtu) of each. They are not in `to`, which may be empty
    /// because of that.
    pub too_long: PortSet,
    /// What the delivered frame carries.
    pub stamp: Stamp,
    /// What the table learned from it.
    pub learned: Learned,
}

/// What a delivered frame carries: the fields of its descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The source: what a receive descriptor has in its did.
    pub did: Did,
    /// The source again, for the receivers that have a sid of its own.
    pub sid: Did,
    /// The service and the member of it that a directed frame goes to. `None` for a frame that was looked up: each
    /// port fills in its own, see [`Stamp::delivered_to`].
    pub endpoint: Option<Endpoint>,
    /// The domain.
    pub nti: Nti,
    /// The class of service.
    pub tier: Tier,
    /// How it came to be forwarded.
    pub flags: Flags,
}

impl Stamp {
    /// The service and the member to write on the frame for a port with this membership.
    pub fn delivered_to(&self, own: Endpoint) -> Endpoint {
        self.endpoint.unwrap_or(own)
    }
}

bitflags::bitflags! {
    /// How a frame came to be forwarded, each bit where the flags of a receive descriptor have it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Flags: u8 {
        /// The sender said where to; nothing was looked up or learned.
        const DIRECTED = 1 << 3;
        /// DLF: the destination is one host that the table does not know, so it was flooded.
        const LOOKUP_FAILED = 1 << 4;
        /// The destination is a group of hosts, or all of them.
        const MULTICAST = 1 << 5;
    }
}

//! What a port may do, and what may be wrong with a configuration.

use alloc::vec::Vec;

use crate::{Did, Endpoint, MAX_PORTS, Nti, NtiSet, PortId, PortSet, Sep};

/// What a port is and may do. It can be replaced while frames flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How descriptors name the port: no other port and no alias has the same.
    pub did: Did,
    /// The domain of frames that ask for none; one of `ntis`.
    pub default_nti: Nti,
    /// The largest payload in bytes that may go out here: without Ethernet header, VLAN tags and CRC, as `ip link`
    /// counts it.
    pub mtu: usize,
    /// What the port is to the others.
    pub role: Role,
    /// Isolated ports exchange no frames among each other, only with ports that are not isolated.
    pub isolated: bool,
    /// How many addresses may be learned behind the port.
    pub learn_cap: usize,
    /// What the port offers: frames directed to the services of this host find it by these. Each has a fixed sep, and
    /// no other port has the same one.
    pub services: Vec<Endpoint>,
    /// The domains that the port may send to and receives from.
    pub ntis: NtiSet,
}

impl Policy {
    /// A local port in the default domain that offers no service: MTU 1500, 4096 addresses, not isolated.
    pub fn new(did: Did) -> Policy {
        Policy {
            did,
            default_nti: Nti::DEFAULT,
            mtu: 1500,
            role: Role::Local,
            isolated: false,
            learn_cap: 4096,
            services: Vec::new(),
            ntis: NtiSet::default(),
        }
    }

    /// Whether the port gets copies instead of frames of its own.
    pub fn is_mirror(&self) -> bool {
        matches!(self.role, Role::Mirror(_))
    }

    /// Judges what can be judged without knowing the other ports.
    pub(crate) fn check(&self) -> Result<(), Misuse> {
        if !self.ntis.contains(self.default_nti) {
            return Err(Misuse::DefaultNti {
                nti: self.default_nti,
            });
        }
        for (at, endpoint) in self.services.iter().enumerate() {
            if endpoint.sep == Sep::ANY {
                return Err(Misuse::SepNotFixed {
                    endpoint: *endpoint,
                });
            }
            if self.services[..at].contains(endpoint) {
                return Err(Misuse::OfferedTwice {
                    endpoint: *endpoint,
                });
            }
        }
        match self.is_mirror() && !self.services.is_empty() {
            true => Err(Misuse::MirrorOffers),
            false => Ok(()),
        }
    }
}

/// What a port is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A port of this host: a client, a memif link, a TAP.
    Local,
    /// The way out: frames directed to its did leave there, whatever their service.
    Uplink,
    /// Gets a copy of what the ports it watches send and receive. It is in no domain, sends nothing, and nothing is
    /// flooded or directed to it.
    Mirror(Watch),
}

/// Which ports a mirror watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// All of them, also those that come later.
    Everything,
    /// These. A port that is removed is no longer watched, also not by its old number.
    Ports(PortSet),
}

impl Watch {
    pub(crate) fn sees(&self, from: PortId, to: &PortSet) -> bool {
        match self {
            Watch::Everything => true,
            Watch::Ports(ports) => ports.contains(from) || !ports.and(to).is_empty(),
        }
    }
}

/// A mistake of whoever configures the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the fields are the numbers in the text above them"
)]
pub enum Misuse {
    /// There is no room for another port.
    #[error("a switch has at most {MAX_PORTS} ports")]
    TooManyPorts,
    /// There is no such port, or not any more.
    #[error("{port} does not exist")]
    NoSuchPort { port: PortId },
    /// A did names one port.
    #[error("did {did} already belongs to {by}")]
    DidTaken { did: Did, by: PortId },
    /// A did is a port or an alias, not both.
    #[error("did {did} is already an alias")]
    DidIsAlias { did: Did },
    /// A port could not send without saying a domain.
    #[error("the default nti {nti} is not one of the port's ntis")]
    DefaultNti { nti: Nti },
    /// A member of a service is somebody.
    #[error("{endpoint} is no fixed member of a service: seps of members are 0 to 14")]
    SepNotFixed { endpoint: Endpoint },
    /// The same membership twice in one policy.
    #[error("{endpoint} is offered twice by the same port")]
    OfferedTwice { endpoint: Endpoint },
    /// A membership belongs to one port.
    #[error("{endpoint} is already offered by {by}")]
    EndpointTaken { endpoint: Endpoint, by: PortId },
    /// Nothing is sent to a mirror.
    #[error("a mirror port cannot offer services")]
    MirrorOffers,
}

//! What goes with a frame besides its bytes.

use descsock_wire::{Buffer, Directed, Flags, Laden, Nti, Tier};

bitflags::bitflags! {
    /// What a client can be ready for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Events: u32 {
        /// There is a frame to receive.
        const IN = 1 << 0;
        /// There is room to send a frame.
        const OUT = 1 << 1;
        /// There is no agent, or the client is closed. Always looked for.
        const ERR = 1 << 31;
    }
}

/// How a frame is to go. By default it is not directed, on tier 0, in the domain that the agent has for this client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Route {
    /// Where to, without looking up addresses.
    pub to: Option<Directed>,
    /// The domain of a frame that is not directed; 0 is the default one.
    pub nti: Nti,
    /// The tier of service quality.
    pub tier: Tier,
}

impl Route {
    /// The descriptor of a frame in this buffer that is to go so.
    #[inline]
    pub(crate) fn laden(&self, buffer: Buffer) -> Laden {
        let mut laden = Laden::to_send(buffer, self.to);
        if self.to.is_none() {
            laden.directed.nti = self.nti;
        }
        laden
    }

    /// The route that a descriptor on a tier says.
    pub(crate) fn of(laden: &Laden, tier: Tier) -> Self {
        Self {
            to: laden.destination(),
            nti: laden.directed.nti,
            tier,
        }
    }
}

impl From<Directed> for Route {
    fn from(to: Directed) -> Self {
        Self {
            to: Some(to),
            ..Self::default()
        }
    }
}

/// What a received frame carries: where it came from and whom it was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Labels {
    /// `did` is the source's.
    pub from: Directed,
    /// What the agent knows of the frame.
    pub flags: Flags,
    /// The tier that it came on.
    pub tier: Tier,
}

impl Labels {
    #[inline]
    pub(crate) fn of(laden: &Laden, tier: Tier) -> Self {
        Self {
            from: laden.directed,
            flags: laden.flags,
            tier,
        }
    }

    /// Whether the frame was directed here.
    pub fn is_directed(&self) -> bool {
        self.flags.contains(Flags::DIRECTED)
    }
}

/// A frame that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Bytes of the frame without CRC. More than the buffer has where truncation was asked for.
    pub len: usize,
    /// What it carries.
    pub labels: Labels,
}

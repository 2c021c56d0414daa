//! What goes with a frame besides its bytes: in a descriptor, or in its header on a ring; and in the switch's terms.

mod handover;

use descsock_wire::{Buffer, Did, Directed, Dm, Flags, Laden, Nti, Sep, Svc};
use switch::{Endpoint, Stamp, Tier};

/// What is written on a delivered frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels {
    from: Directed,
    flags: Flags,
}

impl Labels {
    /// For a frame with this stamp.
    #[inline]
    pub(crate) fn new(stamp: &Stamp, endpoint: Endpoint) -> Self {
        // The switch's numbers have the bits that the wire's have.
        let from = Directed {
            did: Did::new(stamp.did.raw().into()).unwrap_or_default(),
            sep: Sep::new(endpoint.sep.raw().into()).unwrap_or_default(),
            svc: Svc::new(endpoint.svc.raw().into()).unwrap_or_default(),
            nti: Nti::new(stamp.nti.raw().into()).unwrap_or_default(),
            dm: Dm::default(),
        };
        let flags = Flags::from_bits_retain(stamp.flags.bits());
        Self { from, flags }
    }

    /// The descriptor of a frame in this buffer.
    #[inline]
    pub(crate) fn on(self, buffer: Buffer) -> Laden {
        Laden::received(buffer, self.from, self.flags)
    }
}

/// The domain that a client asks for, directed or not; 0 is the port's.
#[inline]
pub(crate) fn domain(laden: &Laden) -> Option<switch::Nti> {
    let asked = laden.directed.nti.value();
    switch::Nti::new(asked).ok().filter(|_| asked != 0)
}

/// Where a client directs a frame to, if it does.
#[inline]
pub(crate) fn directed(laden: &Laden) -> Option<switch::Directed> {
    let to = laden.destination()?;
    Some(switch::Directed {
        did: switch::Did::new(to.did.value()).ok()?,
        svc: switch::Svc::new(to.svc.value()).ok()?,
        sep: switch::Sep::new(to.sep.value().try_into().ok()?).ok()?,
    })
}

/// The class of a tier.
#[inline]
pub(crate) fn tier(class: usize) -> Tier {
    let raw = u8::try_from(class).ok();
    raw.and_then(|raw| Tier::new(raw).ok()).unwrap_or_default()
}

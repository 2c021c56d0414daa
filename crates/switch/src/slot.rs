//! One address in the forwarding table: what it is found by, where it was seen, and how both lie in memory.

use crate::{Mac, Nti, PortId};

/// What is looked up: an address within a domain and a VLAN.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// The address above the 16 bits of the domain; never 0, because no domain is 0.
    address: u64,
    vlan: u16,
}

impl Key {
    pub(crate) fn new(nti: Nti, vlan: u16, mac: Mac) -> Key {
        Key {
            address: mac.bits() << 16 | u64::from(nti.raw()),
            vlan,
        }
    }

    /// Address and domain in one number.
    pub(crate) fn address(self) -> u64 {
        self.address
    }

    pub(crate) fn nti(self) -> Nti {
        let raw = self.address & u64::from(u16::MAX);
        let nti = u16::try_from(raw).ok().and_then(|raw| Nti::new(raw).ok());
        nti.unwrap_or_default()
    }

    pub(crate) fn vlan(self) -> u16 {
        self.vlan
    }

    pub(crate) fn mac(self) -> Mac {
        Mac::from_bits(self.address >> 16)
    }
}

/// Where an address was seen last, and when, in the caller's unit.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) port: PortId,
    pub(crate) seen: u32,
}

/// An address and its place, without a gap between them: four share a cache line.
///
/// ```text
///   0                                   8      12     14     16
///   | mac << 16 | nti, all 0 when free  | seen | vlan | port |
/// ```
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    address: u64,
    seen: u32,
    vlan: u16,
    port: PortId,
}

impl Slot {
    pub(crate) const FREE: Slot = Slot {
        address: 0,
        seen: 0,
        vlan: 0,
        port: PortId::FIRST,
    };

    pub(crate) fn new(key: Key, place: Place) -> Slot {
        Slot {
            address: key.address,
            seen: place.seen,
            vlan: key.vlan,
            port: place.port,
        }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.address == 0
    }

    pub(crate) fn key(&self) -> Key {
        Key {
            address: self.address,
            vlan: self.vlan,
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place {
            port: self.port,
            seen: self.seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_slots_share_a_cache_line() {
        assert_eq!(size_of::<Slot>(), 16);
    }

    #[test]
    fn a_key_gives_back_what_it_was_made_of() {
        let mac = Mac([0xFE, 1, 2, 3, 4, 5]);
        let key = Key::new(Nti::MIN, 0xFFF, mac);
        assert_eq!((key.nti(), key.vlan(), key.mac()), (Nti::MIN, 0xFFF, mac));
    }
}

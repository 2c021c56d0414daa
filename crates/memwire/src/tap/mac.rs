//! An Ethernet address for each interface: others keep it in their tables, so that it should be the same after a restart,
//! and nobody else's.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use switch::Mac;

/// The bits of a first byte that say: chosen here, and one host's.
const LOCAL: u8 = 0b10;
const GROUP: u8 = 0b01;

/// The address of the interface with this name, for this tenant, in the network namespace of this process.
pub(super) fn own(tenant: &str, interface: &str) -> Mac {
    let namespace = std::fs::read_link("/proc/self/ns/net").unwrap_or_default();
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    of(&(tenant, interface, namespace, machine))
}

fn of(who: &impl Hash) -> Mac {
    let mut hasher = DefaultHasher::new(); // with the same keys each time
    who.hash(&mut hasher);
    let [mut first, rest @ ..] = hasher.finish().to_le_bytes();
    first = first & !GROUP | LOCAL;
    Mac([first, rest[0], rest[1], rest[2], rest[3], rest[4]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_interface_has_an_address_of_its_own_that_stays() {
        let addresses = [("a", "if_tap"), ("b", "if_tap"), ("a", "if_b")].map(|who| of(&who));
        assert_eq!(
            addresses,
            [("a", "if_tap"), ("b", "if_tap"), ("a", "if_b")].map(|who| of(&who))
        );
        for (number, address) in addresses.iter().enumerate() {
            assert!(!address.is_group());
            assert_eq!(address.0[0] & LOCAL, LOCAL);
            assert!(!addresses[..number].contains(address));
        }
    }
}

//! Ethernet addresses.

use core::fmt;
use core::str::FromStr;

/// An Ethernet address, in the order of the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Everybody.
    pub const BROADCAST: Mac = Mac([0xFF; 6]);

    /// Nobody: what a host without an address says.
    pub const ZERO: Mac = Mac([0; 6]);

    /// Whether it names a group of hosts, or all of them, rather than one.
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// The address in the low 48 bits.
    pub(crate) const fn bits(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }

    /// The address in the low 48 bits of `bits`.
    pub(crate) const fn from_bits(bits: u64) -> Mac {
        let [_, _, a, b, c, d, e, f] = bits.to_be_bytes();
        Mac([a, b, c, d, e, f])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
    }
}

impl FromStr for Mac {
    type Err = NotAMac;

    fn from_str(text: &str) -> Result<Mac, NotAMac> {
        let mut mac = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut mac {
            *byte = parts.next().and_then(two_digits).ok_or(NotAMac)?;
        }
        match parts.next() {
            None => Ok(Mac(mac)),
            Some(_) => Err(NotAMac),
        }
    }
}

/// A text that is no Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an Ethernet address is six pairs of hexadecimal digits with colons between them")]
pub struct NotAMac;

fn two_digits(part: &str) -> Option<u8> {
    let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    u8::from_str_radix(part, 16).ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_address_reads_as_it_is_written() {
        let mac = Mac([0, 0x1b, 0xAA, 0, 0, 0xf5]);
        assert_eq!(mac.to_string(), "00:1b:aa:00:00:f5");
        assert_eq!("00:1B:AA:00:00:F5".parse(), Ok(mac));
        assert_eq!(Mac::from_bits(mac.bits()), mac);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "00:1b",
            "00:1b:aa:00:00:f5:",
            "+0:1b:aa:00:00:f5",
            "0:1b:aa:00:00:f5",
        ] {
            assert_eq!(text.parse::<Mac>(), Err(NotAMac), "{text}");
        }
    }

    #[test]
    fn the_first_bit_on_the_wire_tells_a_group() {
        assert!(Mac::BROADCAST.is_group() && Mac([1, 0, 0x5e, 0, 0, 1]).is_group());
        assert!(!Mac::ZERO.is_group() && !Mac([2, 0, 0, 0, 0, 1]).is_group());
    }
}

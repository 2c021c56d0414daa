//! The small numbers of a descriptor: where a frame goes, or came from. Each is a type that holds only what its bits
//! on the wire can hold.

use core::fmt;

/// A number that its field on the wire cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {got} is out of range, the largest is {limit}")]
pub struct OutOfRange {
    /// The field's name.
    pub field: &'static str,
    /// The number it was to hold.
    pub got: u64,
    /// The largest number it holds.
    pub limit: u64,
}

macro_rules! field_of_bits {
    ($(#[$doc:meta])* $name:ident, $field:literal, $bits:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u16);

        impl $name {
            /// The largest.
            pub const MAX: $name = $name((1 << $bits) - 1);

            #[doc = concat!("The ", $field, " of this number.")]
            ///
            /// # Errors
            #[doc = concat!("[`OutOfRange`] if it has more than ", $bits, " bits.")]
            pub const fn new(number: u32) -> Result<$name, OutOfRange> {
                if number > $name::MAX.0 as u32 {
                    return Err(OutOfRange {
                        field: $field,
                        got: number as u64,
                        limit: $name::MAX.0 as u64,
                    });
                }
                Ok($name::of_bits(number))
            }

            /// The number.
            pub const fn value(self) -> u16 {
                self.0
            }

            /// The low bits of a word, whatever is above them.
            pub(crate) const fn of_bits(word: u32) -> $name {
                let [low, high, ..] = word.to_le_bytes();
                $name(u16::from_le_bytes([low, high]) & $name::MAX.0)
            }
        }

        impl TryFrom<u32> for $name {
            type Error = OutOfRange;

            fn try_from(number: u32) -> Result<$name, OutOfRange> {
                $name::new(number)
            }
        }

        impl From<$name> for u32 {
            fn from(field: $name) -> u32 {
                field.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

field_of_bits! {
    /// A port: the destination of a frame that is sent, the source of one that is received. 11 bits.
    Did, "did", 11
}

field_of_bits! {
    /// A service endpoint: which member of a service. 4 bits.
    Sep, "sep", 4
}

field_of_bits! {
    /// A service. 14 bits; 1 to 5 have names, 8 and up are tenants.
    Svc, "svc", 14
}

field_of_bits! {
    /// A forwarding domain. 12 bits.
    Nti, "nti", 12
}

field_of_bits! {
    /// A data mover. 2 bits.
    Dm, "dm", 2
}

field_of_bits! {
    /// A tier of service quality: which of the four pairs of sockets. 0 to 3.
    Tier, "tier", 2
}

impl Sep {
    /// Not a fixed endpoint: any member of the service.
    pub const ANY: Sep = Sep(0xf);
}

impl Svc {
    /// Link aggregation control.
    pub const LACPD: Svc = Svc(1);
    /// Learning of hosts in layer 2.
    pub const L2_HOST_LEARN: Svc = Svc(2);
    /// Spanning tree.
    pub const STPD: Svc = Svc(3);
    /// Link layer discovery.
    pub const LLDPD: Svc = Svc(4);
    /// Rebroadcast.
    pub const REBROADCAST: Svc = Svc(5);
    /// The first service of a tenant.
    pub const FIRST_TENANT: Svc = Svc(8);
}

impl Nti {
    /// The default domain.
    pub const DEFAULT: Nti = Nti(4095);
}

impl Tier {
    /// All tiers, in the order of their sockets.
    pub const ALL: [Tier; crate::TIERS] = [Tier(0), Tier(1), Tier(2), Tier(3)];

    /// The tier as an index below [`TIERS`](crate::TIERS).
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a directed frame goes; in a received one, where it came from and whom it was for.
///
/// The default, all zero, is what a frame carries that is not directed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Directed {
    /// Destination port; source port in a received frame.
    pub did: Did,
    /// Endpoint of the service.
    pub sep: Sep,
    /// Service.
    pub svc: Svc,
    /// Forwarding domain.
    pub nti: Nti,
    /// Data mover.
    pub dm: Dm,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_holds_its_bits_and_no_more() {
        assert_eq!(Did::new(2047), Ok(Did::MAX));
        assert_eq!(Sep::new(15), Ok(Sep::ANY));
        assert_eq!(Svc::new(16_383), Ok(Svc::MAX));
        assert_eq!(Nti::new(4095), Ok(Nti::DEFAULT));
        assert_eq!(Dm::new(3), Ok(Dm::MAX));
        let refused = [
            Did::new(2048).map(u32::from),
            Sep::new(16).map(u32::from),
            Svc::new(16_384).map(u32::from),
            Nti::new(4096).map(u32::from),
            Dm::new(4).map(u32::from),
            Tier::new(4).map(u32::from),
        ];
        let limits = refused.map(|refused| refused.map_err(|error| (error.field, error.limit)));
        let expected = [
            ("did", 2047),
            ("sep", 15),
            ("svc", 16_383),
            ("nti", 4095),
            ("dm", 3),
            ("tier", 3),
        ];
        assert_eq!(limits, expected.map(Err));
    }

    #[test]
    fn a_number_that_does_not_fit_is_refused_whole_not_cut() {
        let got = u32::MAX;
        let refused = OutOfRange {
            field: "nti",
            got: got.into(),
            limit: 4095,
        };
        assert_eq!(Nti::new(got), Err(refused));
    }
}

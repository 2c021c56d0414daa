//! The numbers of a descriptor, checked once: [`Did`], [`Nti`], [`Svc`], [`Sep`] and [`Tier`].

use core::fmt;

/// A number that its field of a descriptor cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {got} is out of range, it lies within {least} to {most}")]
pub struct OutOfRange {
    /// The field's name.
    pub what: &'static str,
    /// The number that does not fit.
    pub got: u32,
    /// The smallest number that does.
    pub least: u32,
    /// The largest number that does.
    pub most: u32,
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($raw:ty) = $what:literal, $least:literal..=$most:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($raw);

        impl $name {
            /// The smallest one.
            pub const MIN: $name = $name($least);

            /// The largest one.
            pub const MAX: $name = $name($most);

            /// The number, if the field can hold it.
            ///
            /// # Errors
            /// [`OutOfRange`] with the bounds.
            pub const fn new(raw: $raw) -> Result<$name, OutOfRange> {
                if raw < $name::MIN.0 || raw > $name::MAX.0 {
                    return Err(OutOfRange {
                        what: $what,
                        got: raw as u32,
                        least: $least,
                        most: $most,
                    });
                }
                Ok($name(raw))
            }

            /// The number as a descriptor carries it.
            pub const fn raw(self) -> $raw {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number! {
    /// A port as descriptors name it: 11 bits. A sender's did is what its receivers see as the source id.
    Did(u16) = "did", 0..=2047
}

number! {
    /// A domain that frames never leave: 12 bits. A descriptor's 0 is not a domain but says "the port's default",
    /// which is what `Nti::new(raw).ok()` makes of it.
    Nti(u16) = "nti", 1..=4095
}

number! {
    /// A service, 14 bits: 1 lacpd, 2 L2HostLearn, 3 stpd, 4 lldpd, 5 rebroadcast, 8 and up tenants.
    Svc(u16) = "svc", 0..=16383
}

number! {
    /// A member of a service, 4 bits; 15 is [`Sep::ANY`].
    Sep(u8) = "sep", 0..=15
}

number! {
    /// A class of service: the index of the socket pair that a frame came in by, and goes out by if it can.
    Tier(u8) = "tier", 0..=3
}

impl Nti {
    /// The domain of everybody who has not been told otherwise.
    pub const DEFAULT: Nti = Nti(4095);
}

impl Sep {
    /// No fixed member: the frame's flow chooses one.
    pub const ANY: Sep = Sep(15);

    /// The fifteen seps that a member can have.
    pub fn fixed() -> impl Iterator<Item = Sep> {
        (0..Sep::ANY.0).map(Sep)
    }
}

impl Default for Nti {
    fn default() -> Nti {
        Nti::DEFAULT
    }
}

impl Default for Tier {
    fn default() -> Tier {
        Tier::MIN
    }
}

/// Where a directed frame is delivered: a service and its member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The service.
    pub svc: Svc,
    /// The member.
    pub sep: Sep,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "svc {} sep {}", self.svc, self.sep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn each_number_fills_its_bits_and_no_more() {
        assert!(Did::new(2047).is_ok() && Did::new(2048).is_err());
        assert!(Nti::new(4095).is_ok() && Nti::new(4096).is_err());
        assert!(Svc::new(16383).is_ok() && Svc::new(16384).is_err());
        assert!(Sep::new(15).is_ok() && Sep::new(16).is_err());
        assert!(Tier::new(3).is_ok() && Tier::new(4).is_err());
    }

    #[test]
    fn an_nti_of_0_is_no_domain() {
        assert_eq!(Nti::new(0).ok(), None);
        assert_eq!(
            Nti::new(0).unwrap_err().to_string(),
            "nti 0 is out of range, it lies within 1 to 4095"
        );
    }

    #[test]
    fn a_member_can_have_any_sep_but_the_last() {
        assert_eq!(Sep::fixed().count(), 15);
        assert!(Sep::fixed().all(|sep| sep != Sep::ANY));
    }
}

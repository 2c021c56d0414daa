//! What the table tells about itself, and what it can be told to forget.

use core::time::Duration;

use crate::{Mac, Nti, PortId};

/// An address that the switch knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The domain.
    pub nti: Nti,
    /// The VLAN, 0 for none.
    pub vlan: u16,
    /// The address.
    pub mac: Mac,
    /// The port behind which it was seen last.
    pub port: PortId,
    /// How long ago that was, to a tenth of a second.
    pub age: Duration,
}

/// What to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Everything.
    All,
    /// What is behind a port.
    Port(PortId),
    /// What is in a domain.
    Nti(Nti),
    /// An address, in all domains and VLANs.
    Mac(Mac),
}

/// What a frame taught the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learned {
    /// An address that was not known, or too old to count.
    New,
    /// The address was behind another port until now.
    Moved {
        /// That port.
        from: PortId,
    },
    /// The address was known to be there.
    Refreshed,
    /// Nothing, although it should have.
    Refused(Refusal),
    /// Nothing: a directed frame never does.
    No,
}

/// Why an address was not learned. The frame is forwarded all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The source is a group of hosts, or the zero address.
    NotAHost,
    /// The port has as many addresses as its policy allows.
    PortCap,
    /// The table has as many as it may.
    Capacity,
}

/// How large the table is and how long it remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long an address counts after it was last seen, to a tenth of a second. At zero nothing is ever found, and
    /// every frame is flooded.
    pub ageing: Duration,
    /// How many addresses there may be: [`Settings::MAX_CAPACITY`] at most, more counts as that. Each takes 32 to 64
    /// bytes, all taken when this is set.
    pub capacity: usize,
}

impl Settings {
    /// 16,777,216 addresses.
    pub const MAX_CAPACITY: usize = 1 << 24;

    pub(crate) fn bounded(self) -> Settings {
        Settings {
            capacity: self.capacity.min(Settings::MAX_CAPACITY),
            ..self
        }
    }
}

impl Default for Settings {
    /// 300 seconds and 16,384 addresses.
    fn default() -> Settings {
        Settings {
            ageing: Duration::from_secs(300),
            capacity: 16_384,
        }
    }
}

/// What has happened in the table since the switch was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Addresses in the table now, including those that are too old and not removed yet.
    pub entries: usize,
    /// Addresses that came in.
    pub learned: u64,
    /// Addresses that changed their port.
    pub moved: u64,
    /// Addresses that were too old.
    pub aged: u64,
    /// Addresses that were forgotten by order, or because their port went or left the domain.
    pub flushed: u64,
    /// Frames not learned from because their port has as many addresses as it may.
    pub refused_by_port_cap: u64,
    /// Frames not learned from because the table is full.
    pub refused_by_capacity: u64,
}

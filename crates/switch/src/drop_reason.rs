//! Why frames are dropped: every reason has a name, for the switch and for the agent around it.

use core::fmt;
use core::ops::Index;
use core::str::FromStr;

macro_rules! drop_reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// Why a frame went nowhere, or did not reach one of the ports it was meant for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum DropReason {
            $($(#[$doc])* $variant,)+
        }

        impl DropReason {
            /// Every reason, in the order of the counters.
            pub const ALL: &'static [DropReason] = &[$(DropReason::$variant,)+];

            /// The name in metrics and in the configuration.
            pub const fn name(self) -> &'static str {
                match self {
                    $(DropReason::$variant => $name,)+
                }
            }
        }
    };
}

drop_reasons! {
    // What the switch decides.
    /// The frame ends within its Ethernet header or within a VLAN tag.
    TooShort = "too-short",
    /// The port that the frame came from, or was queued for, does not exist any more.
    PortGone = "port-gone",
    /// The sender may not use the domain it asked for.
    NtiNotAllowed = "nti-not-allowed",
    /// The destination is behind the port that the frame came from.
    Hairpin = "hairpin",
    /// Sender and destination are isolated ports.
    Isolated = "isolated",
    /// A flood that found no other port in the domain.
    NoOtherPort = "no-other-port",
    /// Larger than the MTU of this port of destination.
    ExceedsMtu = "exceeds-mtu",
    /// Directed to a did that is neither a port's nor an alias.
    UnknownDid = "unknown-did",
    /// Directed to a service that nobody offers there.
    NoSuchService = "no-such-service",
    /// Directed to a member that the service does not have there.
    NoSuchMember = "no-such-member",
    /// Directed to a port that is not in the frame's domain.
    NtiNotAtDestination = "nti-not-at-destination",
    /// For a link-local group, which no switch forwards, and nobody here has the service that would take it.
    LinkLocal = "link-local",
    /// Sent by a mirror port, or directed to one.
    MirrorPort = "mirror-port",

    // What the agent finds out by itself.
    /// Longer than the agent takes, or than the receiver's buffer.
    TooLong = "too-long",
    /// The receiver has posted no buffer, and may not queue.
    NoReceiveBuffer = "no-receive-buffer",
    /// The receiver's queue is full: the tail is dropped.
    QueueFull = "queue-full",
    /// A descriptor of a wrong type, without a length, or with an error.
    BadDescriptor = "bad-descriptor",
    /// A descriptor whose memory is not the client's.
    OutsideMemory = "outside-memory",
    /// A frame in several descriptors that does not end, or ends before it starts.
    BrokenChain = "broken-chain",
    /// The client took the memory away that it had announced.
    MemoryGone = "memory-gone",
    /// The port has not been admitted yet, or not any more.
    NotAdmitted = "not-admitted",
    /// The port is closing, and what was queued for it can wait no longer.
    Closing = "closing",
    /// Nobody is at the other end of the link, or the interface is down.
    LinkDown = "link-down",
    /// The operating system did not take the frame from us.
    DeviceRefused = "device-refused",
}

impl DropReason {
    /// How many reasons there are.
    pub const COUNT: usize = DropReason::ALL.len();
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl core::error::Error for DropReason {}

impl FromStr for DropReason {
    type Err = UnknownReason;

    fn from_str(name: &str) -> Result<DropReason, UnknownReason> {
        let mut all = DropReason::ALL.iter().copied();
        all.find(|reason| reason.name() == name)
            .ok_or(UnknownReason)
    }
}

/// A name that no [`DropReason`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such drop reason")]
pub struct UnknownReason;

/// How many frames were dropped, by reason.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DropCounters([u64; DropReason::COUNT]);

impl DropCounters {
    /// One more frame dropped because of `reason`.
    pub fn count(&mut self, reason: DropReason) {
        self.add(reason, 1);
    }

    /// `frames` more dropped because of `reason`.
    pub fn add(&mut self, reason: DropReason, frames: u64) {
        let counter = &mut self.0[reason as usize];
        *counter = counter.wrapping_add(frames);
    }

    /// Adds all counters of `other`.
    pub fn merge(&mut self, other: &DropCounters) {
        other
            .iter()
            .for_each(|(reason, frames)| self.add(reason, frames));
    }

    /// Every reason with its count, also those that have not happened.
    pub fn iter(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.iter().copied().zip(self.0)
    }

    /// All dropped frames.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, one| sum.wrapping_add(*one))
    }
}

impl Default for DropCounters {
    fn default() -> DropCounters {
        DropCounters([0; DropReason::COUNT])
    }
}

impl Index<DropReason> for DropCounters {
    type Output = u64;

    fn index(&self, reason: DropReason) -> &u64 {
        &self.0[reason as usize]
    }
}

impl fmt::Debug for DropCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let happened = self.iter().filter(|(_, frames)| *frames > 0);
        f.debug_map()
            .entries(happened.map(|(reason, frames)| (reason.name(), frames)))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn every_reason_is_found_by_its_own_name() {
        for reason in DropReason::ALL {
            assert_eq!(reason.name().parse(), Ok(*reason));
        }
        assert_eq!("because".parse::<DropReason>(), Err(UnknownReason));
    }

    #[test]
    fn the_list_is_in_the_order_of_the_counters() {
        for (at, reason) in DropReason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, at);
        }
    }

    #[test]
    fn counters_add_up_by_reason() {
        let mut counters = DropCounters::default();
        counters.count(DropReason::Hairpin);
        counters.add(DropReason::QueueFull, 3);
        let mut sum = counters;
        sum.merge(&counters);
        assert_eq!((sum[DropReason::Hairpin], sum.total()), (2, 8));
        assert_eq!(
            format!("{counters:?}"),
            r#"{"hairpin": 1, "queue-full": 3}"#
        );
    }
}

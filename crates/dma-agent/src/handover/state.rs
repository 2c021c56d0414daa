//! What is handed over, as plain data. Whoever reads it takes none of its numbers for granted.
//!
//! Fields may be added without another [`FORMAT`](super::FORMAT) if doing without them is right.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use descsock_wire::TIERS;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::control::FdbStatistics;

/// One parcel of the agent. The first is of the agent itself, the last is the end; ports are before addresses.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    Agent(Box<AgentState>),
    /// With one descriptor.
    Socket(SocketState),
    /// With as many descriptors as [`Behind`] says.
    Port(Box<PortState>),
    Addresses(Vec<AddressState>),
    /// How many parcels came before.
    End(usize),
}

/// What the successor says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    /// It listens.
    Ready,
    /// Everything is its own now.
    Taken,
    /// It cannot, for this reason.
    Refused(String),
}

/// The agent, except for its sockets and ports.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AgentState {
    /// For the log.
    pub(crate) version: String,
    /// The switch's clock.
    pub(crate) uptime: Duration,
    /// By which flows choose members of a service.
    pub(crate) random: u64,
    pub(crate) refusals: u64,
    pub(crate) reloads: u64,
    pub(crate) captures: u64,
    /// Of ports that are gone.
    pub(crate) gone: CountersState,
    pub(crate) fdb: FdbStatistics,
}

/// A listening socket.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SocketState {
    pub(crate) role: SocketRole,
    pub(crate) address: Bytes,
    pub(crate) is_abstract: bool,
    pub(crate) mode: u32,
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) backlog: i32,
    /// Device and number of its file.
    pub(crate) claim: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SocketRole {
    Doorbell,
    Control,
    /// Its address is text: that of the configuration.
    Metrics,
}

/// A port of the switch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PortState {
    pub(crate) name: String,
    pub(crate) is_mirror: bool,
    pub(crate) did: u16,
    pub(crate) nti: u16,
    /// First and last of each range.
    pub(crate) ntis: Vec<(u16, u16)>,
    pub(crate) mtu: usize,
    pub(crate) isolated: bool,
    pub(crate) learn_cap: usize,
    pub(crate) counters: CountersState,
    pub(crate) behind: Behind,
}

/// What is behind a port.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Behind {
    /// A client of the old wire, with ten descriptors: doorbell, file, RX tiers, TX tiers.
    Client(Box<ClientState>),
    /// A TAP interface, with one descriptor.
    Tap,
    /// What the configuration says, opened anew.
    Configured,
}

/// A client of the old wire.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ClientState {
    /// As it registered.
    pub(crate) service_name: String,
    pub(crate) svc: u16,
    pub(crate) sep: u8,
    pub(crate) base: u64,
    pub(crate) length: u64,
    pub(crate) layout: Option<LayoutState>,
    pub(crate) rx: [RxState; TIERS],
    /// By class.
    pub(crate) waiting: [Vec<WaitingState>; TIERS],
    pub(crate) tx: [TxState; TIERS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LayoutState {
    A,
    B,
}

/// One tier of received frames.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RxState {
    pub(crate) is_used: bool,
    /// The beginning of an empty.
    pub(crate) partial: Bytes,
    /// Empties that have no frame yet, as on the wire.
    pub(crate) posted: Vec<u64>,
    /// Descriptors that the socket has not taken, the first of them perhaps in part.
    pub(crate) unsent: Bytes,
}

/// A frame for which no buffer was posted, and what will be written on it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WaitingState {
    pub(crate) frame: Bytes,
    pub(crate) labels: LabelsState,
}

/// What is written on a frame besides its buffer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LabelsState {
    pub(crate) did: u16,
    pub(crate) svc: u16,
    pub(crate) sep: u16,
    pub(crate) nti: u16,
    pub(crate) flags: u8,
}

/// One tier of frames to send.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TxState {
    /// Descriptors that no frame was made of yet, the last of them perhaps in part.
    pub(crate) unread: Bytes,
    /// Completions that the socket has not taken, the first of them perhaps in part.
    pub(crate) unsent: Bytes,
}

/// An entry of the FDB.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct AddressState {
    #[serde(rename = "n")]
    pub(crate) nti: u16,
    #[serde(rename = "v")]
    pub(crate) vlan: u16,
    #[serde(rename = "m")]
    pub(crate) mac: [u8; 6],
    /// Which of the ports that were handed over, from 0 on.
    #[serde(rename = "p")]
    pub(crate) port: usize,
    /// In milliseconds.
    #[serde(rename = "a")]
    pub(crate) age: u64,
}

/// What a port has counted.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct CountersState {
    pub(crate) received: u64,
    pub(crate) received_bytes: u64,
    pub(crate) sent: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) refused: BTreeMap<String, u64>,
    pub(crate) dropped: BTreeMap<String, u64>,
}

/// Bytes, in hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(2 * self.0.len());
        for byte in &self.0 {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return Err(D::Error::custom("half a byte"));
        };
        let bytes = pairs.iter().map(|[high, low]| {
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            u8::try_from(digit(high)? << 4 | digit(low)?).ok()
        });
        let bytes = bytes.collect::<Option<_>>();
        bytes.map(Self).ok_or_else(|| D::Error::custom("not bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_their_text_and_nothing_else_is_taken_for_them() {
        let all = Bytes((0..=255).collect());
        let text = serde_json::to_string(&all).expect("text");
        assert_eq!(serde_json::from_str::<Bytes>(&text).expect("bytes"), all);
        for wrong in ["\"0\"", "\"0g\"", "\"+1\"", "\"ä\"", "7"] {
            assert!(serde_json::from_str::<Bytes>(wrong).is_err(), "{wrong}");
        }
    }
}

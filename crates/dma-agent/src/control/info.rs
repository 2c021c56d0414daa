//! What an agent tells of itself. New fields may be added at any time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use switch::Statistics;

/// How the agent is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The version of the program.
    pub version: String,
    /// Its process.
    pub pid: i32,
    /// The process that was started to take over, and has not yet.
    #[serde(default)]
    pub successor: Option<u32>,
    /// Seconds since it started, or the first of those whose clients it has taken over.
    pub uptime: f64,
    /// Where clients ring.
    pub doorbells: Vec<String>,
    /// The configuration's file.
    pub config: Option<String>,
    /// Where metrics are served.
    pub metrics: Option<String>,
    /// How classes of frames share what they compete for: strict, or weighted and the weights of tiers 0 to 3.
    pub scheduling: String,
    /// Ports, those of clients among them.
    pub ports: usize,
    /// Clients.
    pub clients: usize,
    /// Registrations that were refused.
    pub refusals: u64,
    /// Reloads that worked.
    pub reloads: u64,
}

/// One port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PortInfo {
    /// Its number.
    pub id: usize,
    /// Its name.
    pub name: String,
    /// What is behind it.
    #[serde(rename = "type")]
    pub kind: String,
    /// Why there is nothing behind it now; what is configured comes back by itself, but for files.
    pub lost: Option<String>,
    /// How descriptors name it.
    pub did: u16,
    /// local, uplink or mirror.
    pub role: String,
    /// The domain of frames that ask for none.
    pub nti: u16,
    /// Its domains: numbers and ranges.
    pub ntis: Vec<String>,
    /// The largest payload in bytes.
    pub mtu: usize,
    /// Whether it exchanges no frames with other isolated ports.
    pub isolated: bool,
    /// What it offers.
    pub services: Vec<EndpointInfo>,
    /// Addresses known behind it.
    pub addresses: usize,
    /// How many there may be.
    pub learn_cap: usize,
    /// Frames that came in by it.
    pub received: u64,
    /// Bytes of them.
    pub received_bytes: u64,
    /// Frames that it was given.
    pub sent: u64,
    /// Bytes of them.
    pub sent_bytes: u64,
    /// Frames that wait for it.
    pub waiting: u64,
    /// Frames that came in here and went nowhere, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Frames for it that did not reach it, by reason.
    pub dropped: BTreeMap<String, u64>,
}

/// A member of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointInfo {
    /// The service.
    pub svc: u16,
    /// The member.
    pub sep: u8,
}

/// Some of the addresses that are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FdbInfo {
    /// Seconds after which an address is forgotten.
    pub ageing: f64,
    /// How many there may be.
    pub capacity: usize,
    /// What has happened.
    pub statistics: FdbStatistics,
    /// The addresses.
    pub entries: Vec<FdbEntry>,
    /// Whether there are more: skip these then.
    pub more: bool,
}

/// What has happened in the FDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in switch::Statistics")]
pub struct FdbStatistics {
    pub entries: usize,
    pub learned: u64,
    pub moved: u64,
    pub aged: u64,
    pub flushed: u64,
    pub refused_by_port_cap: u64,
    pub refused_by_capacity: u64,
}

impl From<&Statistics> for FdbStatistics {
    fn from(statistics: &Statistics) -> Self {
        Self {
            entries: statistics.entries,
            learned: statistics.learned,
            moved: statistics.moved,
            aged: statistics.aged,
            flushed: statistics.flushed,
            refused_by_port_cap: statistics.refused_by_port_cap,
            refused_by_capacity: statistics.refused_by_capacity,
        }
    }
}

impl From<&FdbStatistics> for Statistics {
    fn from(info: &FdbStatistics) -> Self {
        Self {
            entries: info.entries,
            learned: info.learned,
            moved: info.moved,
            aged: info.aged,
            flushed: info.flushed,
            refused_by_port_cap: info.refused_by_port_cap,
            refused_by_capacity: info.refused_by_capacity,
        }
    }
}

/// An address that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FdbEntry {
    /// The domain.
    pub nti: u16,
    /// The VLAN, 0 for none.
    pub vlan: u16,
    /// The address.
    pub mac: String,
    /// The port behind which it was seen.
    pub port: String,
    /// How many seconds ago.
    pub age: f64,
}

/// Who offers a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceInfo {
    /// The service.
    pub svc: u16,
    /// Its members.
    pub members: Vec<MemberInfo>,
}

/// A member of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberInfo {
    /// The member.
    pub sep: u8,
    /// Its port.
    pub port: String,
}

/// Frames that were dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropsInfo {
    /// All of them, but for copies that did not reach a mirror.
    pub total: u64,
    /// By reason; those that have not happened are left out.
    pub reasons: BTreeMap<String, u64>,
    /// Of the ports that there are. What ports have counted that are gone is in the reasons above.
    pub ports: Vec<PortDrops>,
}

/// Frames that were dropped at a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortDrops {
    /// The port.
    pub port: String,
    /// Frames that came in here and went nowhere, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Frames for it that did not reach it, by reason.
    pub dropped: BTreeMap<String, u64>,
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientInfo {
    /// Its port.
    pub port: String,
    /// The port's did.
    pub did: u16,
    /// What it offers.
    pub svc: u16,
    /// As which member.
    pub sep: u8,
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its process, where the system tells.
    pub pid: Option<u32>,
    /// How it exchanges frames: "sockets", or "rings".
    pub wire: String,
    /// Bytes that it shares.
    pub bytes: u64,
    /// Frames that it has sent.
    pub received: u64,
    /// Frames that it was given.
    pub sent: u64,
}

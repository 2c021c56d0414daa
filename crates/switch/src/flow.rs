//! Which conversation a frame belongs to: its 5-tuple, or what there is of one.

use crate::Mac;
use crate::hash::Seed;
use crate::header::{Header, bytes_at};

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86DD;
const IPV6_HEADER: usize = 40;
const MOST_EXTENSIONS: usize = 8;
const IPV4_FRAGMENT: u16 = 0x3FFF; // "more fragments" and the offset

/// What all frames of a conversation in one direction have in common.
///
/// Only the first fragment of a packet has ports, so fragments are told apart by their addresses alone: all of a
/// packet stay together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// Between whom.
    pub addresses: Addresses,
    /// The IP protocol; `None` outside of IP, and for fragments.
    pub protocol: Option<u8>,
    /// The ports of source and destination, if the protocol is TCP, UDP or SCTP.
    pub ports: Option<(u16, u16)>,
}

/// The two ends of a conversation: source, then destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addresses {
    /// Neither IPv4 nor IPv6, or no valid header of them.
    Ethernet(Mac, Mac),
    /// IPv4.
    V4([u8; 4], [u8; 4]),
    /// IPv6.
    V6([u8; 16], [u8; 16]),
}

impl Flow {
    /// The flow of the frame with this header.
    pub(crate) fn of(header: &Header<'_>) -> Flow {
        let packet = header.payload();
        let flow = match header.ethertype() {
            IPV4 => ipv4(packet),
            IPV6 => ipv6(packet),
            _ => None,
        };
        flow.unwrap_or_else(|| {
            Flow::between(Addresses::Ethernet(header.source(), header.destination()))
        })
    }

    /// The same number for the same flow and seed.
    pub(crate) fn hash(&self, seed: &Seed) -> u64 {
        let (source, destination) = self.ports.unwrap_or_default();
        let protocol = self.protocol.unwrap_or_default();
        let transport =
            u64::from(protocol) << 32 | u64::from(source) << 16 | u64::from(destination);
        let addresses = match self.addresses {
            Addresses::Ethernet(source, destination) => seed.mix(source.bits(), destination.bits()),
            Addresses::V4(source, destination) => {
                let (source, destination) =
                    (u32::from_be_bytes(source), u32::from_be_bytes(destination));
                seed.mix(source.into(), destination.into())
            }
            Addresses::V6(source, destination) => {
                seed.mix(halves(seed, source), halves(seed, destination))
            }
        };
        seed.mix(addresses, transport)
    }

    fn between(addresses: Addresses) -> Flow {
        Flow {
            addresses,
            protocol: None,
            ports: None,
        }
    }

    fn with_transport(addresses: Addresses, protocol: u8, segment: &[u8]) -> Flow {
        Flow {
            addresses,
            protocol: Some(protocol),
            ports: ports(protocol, segment),
        }
    }
}

/// The flow of an IPv4 packet; `None` if its header is not all there, or is none.
fn ipv4(packet: &[u8]) -> Option<Flow> {
    let [first, ..] = bytes_at::<20>(packet, 0)?;
    let header = usize::from(first & 0xF) * 4;
    if first >> 4 != 4 || header < 20 {
        return None;
    }
    let addresses = Addresses::V4(bytes_at(packet, 12)?, bytes_at(packet, 16)?);
    let fragment = u16::from_be_bytes(bytes_at(packet, 6)?) & IPV4_FRAGMENT != 0;
    if fragment {
        return Some(Flow::between(addresses));
    }
    let segment = packet.get(header..).unwrap_or_default();
    Some(Flow::with_transport(addresses, packet[9], segment))
}

/// The flow of an IPv6 packet; `None` if its header is not all there, or is none.
fn ipv6(packet: &[u8]) -> Option<Flow> {
    let header: [u8; IPV6_HEADER] = bytes_at(packet, 0)?;
    if header[0] >> 4 != 6 {
        return None;
    }
    let addresses = Addresses::V6(bytes_at(&header, 8)?, bytes_at(&header, 24)?);
    let flow = match behind_extensions(packet, header[6]) {
        Some((protocol, segment)) => Flow::with_transport(addresses, protocol, segment),
        None => Flow::between(addresses),
    };
    Some(flow)
}

/// The transport of an IPv6 packet and its bytes; `None` for a fragment, and where the extensions do not end.
fn behind_extensions(packet: &[u8], mut protocol: u8) -> Option<(u8, &[u8])> {
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const AUTHENTICATION: u8 = 51;
    const DESTINATION: u8 = 60;
    let mut at = IPV6_HEADER;
    for _ in 0..=MOST_EXTENSIONS {
        let unit = match protocol {
            HOP_BY_HOP | ROUTING | DESTINATION => 8,
            AUTHENTICATION => 4,
            FRAGMENT => return None,
            _ => return Some((protocol, packet.get(at..).unwrap_or_default())),
        };
        let [next, length] = bytes_at(packet, at)?;
        protocol = next;
        at += 8 + usize::from(length) * unit;
    }
    None
}

fn ports(protocol: u8, segment: &[u8]) -> Option<(u16, u16)> {
    const TCP: u8 = 6;
    const UDP: u8 = 17;
    const SCTP: u8 = 132;
    if !matches!(protocol, TCP | UDP | SCTP) {
        return None;
    }
    let [a, b, c, d] = bytes_at(segment, 0)?;
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

fn halves(seed: &Seed, address: [u8; 16]) -> u64 {
    let whole = u128::from_be_bytes(address);
    #[expect(clippy::cast_possible_truncation, reason = "the halves are wanted")]
    seed.mix((whole >> 64) as u64, whole as u64)
}

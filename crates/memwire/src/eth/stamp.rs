//! The mark our generator leaves in its frames, by which a receiver counts loss and delay.

use std::time::Duration;

use etherparse::{EtherType, IpNumber};

/// What a frame begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// An Ethernet header.
    Ethernet,
    /// An IP header.
    Ip,
    /// Something that is between the peers.
    Opaque,
}

/// The first bytes of the UDP payload, big-endian:
///
/// ```text
///   0        4        6          14          22
///   +--------+--------+----------+-----------+
///   | "MWG1" | stream | sequence | sent at   |
///   +--------+--------+----------+-----------+
/// ```
///
/// `sent at` is the sender's monotonic clock in nanoseconds. Between processes of one machine it
/// gives the delay; from another machine only its order means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Which generator (upper byte, drawn at its start) and which of its queues (lower byte).
    pub(crate) stream: u16,
    /// Counts the frames of the stream from 0.
    pub(crate) sequence: u64,
    /// When the frame was made, by the sender's monotonic clock.
    pub(crate) sent_at: Duration,
}

const MAGIC: [u8; 4] = *b"MWG1";
const UDP_HEADER: usize = 8;

impl Stamp {
    /// Bytes it takes.
    pub(crate) const LEN: usize = 22;

    /// As many bytes of a frame as `find` may need: two VLAN tags, and IP options in full.
    pub(crate) const HEAD: usize = 14 + 8 + 60 + UDP_HEADER + Stamp::LEN;

    pub(crate) fn to_bytes(self) -> [u8; Stamp::LEN] {
        let nanos = u64::try_from(self.sent_at.as_nanos()).unwrap_or(u64::MAX);
        let mut bytes = [0; Stamp::LEN];
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&self.stream.to_be_bytes());
        bytes[6..14].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[14..22].copy_from_slice(&nanos.to_be_bytes());
        bytes
    }

    /// The stamp in a frame of ours, given the frame's first bytes; `None` in anybody else's.
    pub(crate) fn find(head: &[u8], framing: Framing) -> Option<Stamp> {
        let ip = match framing {
            Framing::Ethernet => behind_ethernet(head)?,
            Framing::Ip => 0,
            Framing::Opaque => return None,
        };
        Stamp::from_bytes(array(head, behind_udp(head, ip)?)?)
    }

    fn from_bytes(bytes: [u8; Stamp::LEN]) -> Option<Stamp> {
        if bytes[..4] != MAGIC {
            return None;
        }
        Some(Stamp {
            stream: u16::from_be_bytes(array(&bytes, 4)?),
            sequence: u64::from_be_bytes(array(&bytes, 6)?),
            sent_at: Duration::from_nanos(u64::from_be_bytes(array(&bytes, 14)?)),
        })
    }
}

/// Where the IPv4 header starts, behind at most two VLAN tags.
fn behind_ethernet(head: &[u8]) -> Option<usize> {
    let tags = [EtherType::VLAN_TAGGED_FRAME, EtherType::PROVIDER_BRIDGING];
    let mut at = 12;
    while at <= 20 {
        let kind = EtherType(u16::from_be_bytes(array(head, at)?));
        if kind == EtherType::IPV4 {
            return Some(at + 2);
        }
        if !tags.contains(&kind) {
            return None;
        }
        at += 4;
    }
    None
}

/// Where the UDP payload starts, if the IPv4 packet at `ip` is an unfragmented datagram.
fn behind_udp(head: &[u8], ip: usize) -> Option<usize> {
    let fixed: [u8; 20] = array(head, ip)?;
    let header = usize::from(fixed[0] & 0x0f) * 4;
    let fragment = u16::from_be_bytes([fixed[6], fixed[7]]) & 0x3fff;
    let datagram = fixed[0] >> 4 == 4 && header >= 20 && fixed[9] == IpNumber::UDP.0;
    (datagram && fragment == 0).then_some(ip + header + UDP_HEADER)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use etherparse::{PacketBuilder, VlanId};
    use proptest::prelude::*;

    use super::*;

    const STAMP: Stamp = Stamp {
        stream: 0xa503,
        sequence: 0x0102_0304_0506_0708,
        sent_at: Duration::from_nanos(0x1112_1314_1516_1718),
    };

    fn ethernet() -> etherparse::PacketBuilderStep<etherparse::Ethernet2Header> {
        PacketBuilder::ethernet2([2; 6], [4; 6])
    }

    #[test]
    fn a_stamp_is_found_again() {
        let mut frame = Vec::new();
        let packet = ethernet().ipv4([10; 4], [11; 4], 64).udp(1, 2);
        packet.write(&mut frame, &STAMP.to_bytes()).expect("fits");
        assert_eq!(Stamp::find(&frame, Framing::Ethernet), Some(STAMP));
        assert_eq!(Stamp::find(&frame[14..], Framing::Ip), Some(STAMP));
        assert_eq!(Stamp::find(&frame, Framing::Opaque), None);
    }

    #[test]
    fn a_stamp_is_found_behind_vlan_tags() {
        let (outer, inner) = (
            VlanId::try_new(7).expect("fits"),
            VlanId::try_new(8).expect("fits"),
        );
        let mut frame = Vec::new();
        let tagged = ethernet().double_vlan(outer, inner);
        let packet = tagged.ipv4([10; 4], [11; 4], 64).udp(1, 2);
        packet.write(&mut frame, &STAMP.to_bytes()).expect("fits");
        assert_eq!(Stamp::find(&frame, Framing::Ethernet), Some(STAMP));
    }

    #[test]
    fn frames_of_others_have_no_stamp() {
        let mut frame = Vec::new();
        let packet = ethernet().ipv4([10; 4], [11; 4], 64).udp(1, 2);
        packet.write(&mut frame, &[0; Stamp::LEN]).expect("fits");
        assert_eq!(Stamp::find(&frame, Framing::Ethernet), None);
        assert_eq!(
            Stamp::find(&frame[..60], Framing::Ethernet),
            None,
            "cut short"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_through_without_harm(
            bytes in prop::collection::vec(any::<u8>(), 0..Stamp::HEAD + 8),
            udp in any::<bool>(),
        ) {
            let mut bytes = bytes;
            if udp && bytes.len() > 24 {
                bytes[12..15].copy_from_slice(&[0x08, 0x00, 0x4f]);
                bytes[20..24].copy_from_slice(&[0, 0, 64, 17]);
            }
            for framing in [Framing::Ethernet, Framing::Ip, Framing::Opaque] {
                prop_assert_eq!(Stamp::find(&bytes, framing), None);
            }
        }
    }
}

//! A frame in one line, in the words of `tcpdump -e`.

use std::fmt;

use etherparse::{EtherType, Ethernet2Slice, LaxLinkExtSlice, LaxSlicedPacket};

use super::layers;
use super::mac::Mac;
use super::stamp::{Framing, Stamp};

/// Prints a frame of `len` bytes of which `bytes` are at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) len: usize,
    pub(crate) framing: Framing,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.framing {
            Framing::Ethernet => self.ethernet(f)?,
            Framing::Ip => self.ip(f)?,
            Framing::Opaque => write!(f, "length {}", self.len)?,
        }
        match Stamp::find(self.bytes, self.framing) {
            Some(Stamp {
                stream, sequence, ..
            }) => {
                write!(f, ", stream {stream:04x} sequence {sequence}")
            }
            None => Ok(()),
        }
    }
}

impl Line<'_> {
    fn ethernet(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Ok(ethernet), Ok(packet)) = (
            Ethernet2Slice::from_slice_without_fcs(self.bytes),
            LaxSlicedPacket::from_ethernet(self.bytes),
        ) else {
            return write!(f, "length {} [too short for Ethernet]", self.len);
        };
        let (from, to) = (Mac(ethernet.source()), Mac(ethernet.destination()));
        let kind = Kind(ethernet.ether_type());
        write!(f, "{from} > {to}, {kind}, length {}", self.len)?;
        for tag in &packet.link_exts {
            if let LaxLinkExtSlice::Vlan(tag) = tag {
                let (id, kind) = (tag.vlan_identifier().value(), Kind(tag.ether_type()));
                write!(f, ", vlan {id}, {kind}")?;
            }
        }
        if packet.net.is_some() || packet.stop_err.is_some() {
            f.write_str(": ")?;
        }
        layers::write(f, &packet)
    }

    fn ip(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match LaxSlicedPacket::from_ip(self.bytes) {
            Ok(packet) => {
                write!(f, "IP, length {}: ", self.len)?;
                layers::write(f, &packet)
            }
            Err(_) => write!(f, "length {} [no IP header]", self.len),
        }
    }
}

/// An ethertype by name and number; below 1536 the field is a length.
struct Kind(EtherType);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            EtherType(0..1536) => return f.write_str("802.3"),
            EtherType::IPV4 => "IPv4",
            EtherType::IPV6 => "IPv6",
            EtherType::ARP => "ARP",
            EtherType::VLAN_TAGGED_FRAME => "802.1Q",
            EtherType::PROVIDER_BRIDGING => "802.1Q-QinQ",
            EtherType::MACSEC => "802.1AE MACsec",
            EtherType(0x8847 | 0x8848) => "MPLS",
            EtherType(0x88cc) => "LLDP",
            EtherType(0x8863 | 0x8864) => "PPPoE",
            EtherType(0x88f7) => "PTP",
            _ => "Unknown",
        };
        write!(f, "ethertype {name} (0x{:04x})", self.0.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use etherparse::{ArpEthIpv4Packet, ArpOperation, PacketBuilder, PacketBuilderStep, VlanId};
    use proptest::prelude::*;

    use super::*;

    fn line(bytes: &[u8], framing: Framing) -> String {
        Line {
            bytes,
            len: bytes.len(),
            framing,
        }
        .to_string()
    }

    fn ethernet() -> PacketBuilderStep<etherparse::Ethernet2Header> {
        PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
    }

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut frame = Vec::new();
        write(&mut frame);
        line(&frame, Framing::Ethernet)
    }

    const ENDS: &str = "02:00:00:00:00:01 > 02:00:00:00:00:02";

    #[test]
    fn datagrams_are_told_with_ports_and_length() {
        let packet = ethernet()
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .udp(53, 5353);
        assert_eq!(
            written(|frame| packet.write(frame, b"hello").expect("fits")),
            format!(
                "{ENDS}, ethertype IPv4 (0x0800), length 47: \
                 10.0.0.1.53 > 10.0.0.2.5353: UDP, length 5"
            )
        );
    }

    #[test]
    fn segments_are_told_with_flags_and_numbers() {
        let packet = ethernet().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        let packet = packet.tcp(80, 4000, 7, 512).syn().ack(9);
        assert_eq!(
            written(|frame| packet.write(frame, b"").expect("fits")),
            format!(
                "{ENDS}, ethertype IPv4 (0x0800), length 54: \
                 10.0.0.1.80 > 10.0.0.2.4000: Flags [S.], seq 7, ack 9, win 512, length 0"
            )
        );
    }

    #[test]
    fn pings_of_both_versions_are_told_with_id_and_number() {
        let packet = ethernet()
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .icmpv4_echo_request(5, 6);
        let told = written(|frame| packet.write(frame, b"ab").expect("fits"));
        let expected = "10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 6, length 10";
        assert!(told.ends_with(expected), "{told}");
        let packet = ethernet()
            .ipv6([0; 16], [1; 16], 64)
            .icmpv6_echo_reply(5, 6);
        let told = written(|frame| packet.write(frame, b"ab").expect("fits"));
        assert!(
            told.ends_with("ICMP6, echo reply, id 5, seq 6, length 10"),
            "{told}"
        );
    }

    #[test]
    fn address_resolution_is_told_as_question_and_answer() {
        let mut arp = ArpEthIpv4Packet {
            operation: ArpOperation::REQUEST,
            sender_mac: [2, 0, 0, 0, 0, 1],
            sender_ipv4: [10, 0, 0, 1],
            target_mac: [0; 6],
            target_ipv4: [10, 0, 0, 2],
        };
        let packet = ethernet().arp(arp.clone().into());
        let told = written(|frame| packet.write(frame).expect("fits"));
        let expected = "length 42: Request who-has 10.0.0.2 tell 10.0.0.1, length 28";
        assert!(told.ends_with(expected), "{told}");
        arp.operation = ArpOperation::REPLY;
        let packet = ethernet().arp(arp.into());
        let told = written(|frame| packet.write(frame).expect("fits"));
        assert!(
            told.ends_with("Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 28"),
            "{told}"
        );
    }

    #[test]
    fn tags_and_stamps_are_told() {
        let stamp = Stamp {
            stream: 0xab01,
            sequence: 42,
            sent_at: Duration::ZERO,
        };
        let packet = ethernet().single_vlan(VlanId::try_new(7).expect("fits"));
        let packet = packet.ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(1, 2);
        let told = written(|frame| packet.write(frame, &stamp.to_bytes()).expect("fits"));
        let tagged = "ethertype 802.1Q (0x8100), length 68, vlan 7, ethertype IPv4 (0x0800): ";
        assert!(told.contains(tagged), "{told}");
        assert!(
            told.ends_with("UDP, length 22, stream ab01 sequence 42"),
            "{told}"
        );
    }

    #[test]
    fn what_is_not_understood_is_told_by_its_length() {
        assert_eq!(
            line(&[0; 5], Framing::Ethernet),
            "length 5 [too short for Ethernet]"
        );
        assert_eq!(line(&[0; 5], Framing::Ip), "length 5 [no IP header]");
        assert_eq!(line(&[0; 5], Framing::Opaque), "length 5");
        let mut frame = [0xff; 60];
        frame[12..14].copy_from_slice(&[0x88, 0xb5]);
        let told = line(&frame, Framing::Ethernet);
        assert!(
            told.ends_with("ethertype Unknown (0x88b5), length 60"),
            "{told}"
        );
    }

    #[test]
    fn a_frame_cut_short_says_where() {
        let mut frame = Vec::new();
        let packet = ethernet()
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .udp(53, 5353);
        packet.write(&mut frame, b"hello").expect("fits");
        let told = line(&frame[..38], Framing::Ethernet);
        assert!(
            told.ends_with("[UDP header cut short or malformed]"),
            "{told}"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_make_one_line(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            kind in prop::sample::select(vec![0x0800_u16, 0x86dd, 0x0806, 0x8100, 0x88e5, 0x1234]),
        ) {
            let mut typed = bytes.clone();
            if let Some(field) = typed.get_mut(12..14) {
                field.copy_from_slice(&kind.to_be_bytes());
            }
            for frame in [&bytes, &typed] {
                for framing in [Framing::Ethernet, Framing::Ip, Framing::Opaque] {
                    prop_assert!(!line(frame, framing).contains('\n'));
                }
            }
        }
    }
}

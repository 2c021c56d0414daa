//! The generator's frames: UDP in IPv4 in Ethernet, made once per length, stamped one by one.

use std::fmt;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use etherparse::{PacketBuilder, PacketBuilderStep, UdpHeader};

use super::mac::Mac;
use super::sizes::Sizes;
use super::stamp::{Framing, Stamp};

const ETHERNET: usize = 14;
const IPV4: usize = 20;
const UDP: usize = 8;
const TIME_TO_LIVE: u8 = 64;

/// From whom to whom the frames go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) mac: (Mac, Mac),
    pub(crate) ip: (Ipv4Addr, Ipv4Addr),
    pub(crate) ports: (u16, u16),
}

/// A frame of this kind cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PacketError {
    /// Too short for the headers and the stamp, or too long for IPv4.
    Length {
        bytes: usize,
        possible: RangeInclusive<usize>,
    },
    /// Neither Ethernet nor IP.
    Framing,
    /// The builder refused, with its reason.
    Refused(String),
}

impl fmt::Display for PacketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PacketError::Length { bytes, possible } => write!(
                f,
                "a frame of {bytes} bytes cannot carry a UDP datagram with the generator's stamp: \
                 give {} to {} bytes",
                possible.start(),
                possible.end()
            ),
            PacketError::Framing => {
                f.write_str("frames can be made in the modes ethernet and ip, not in punt-inject")
            }
            PacketError::Refused(reason) => write!(f, "the frame cannot be built: {reason}"),
        }
    }
}

impl std::error::Error for PacketError {}

/// One ready frame per length of the cycle. They differ only in their heads, so what lies behind
/// the heads is kept once, and stamping a frame writes no more than its first 64 bytes.
#[derive(Debug, Clone)]
pub(crate) struct Templates {
    heads: Vec<Head>,
    longest: Vec<u8>,
    /// Where the stamp starts, which is also where the UDP header ends.
    stamp_at: usize,
}

/// Headers and an empty stamp, as at the start of a frame of `len` bytes.
#[derive(Debug, Clone)]
struct Head {
    bytes: [u8; Head::LEN],
    len: usize,
    /// The ones' complement sum that the UDP checksum was made from, before the stamp.
    sum: u32,
}

impl Head {
    const LEN: usize = ETHERNET + IPV4 + UDP + Stamp::LEN;
}

impl Templates {
    /// Makes a frame for each length of the cycle.
    pub(crate) fn new(
        sizes: Sizes,
        flow: &Flow,
        framing: Framing,
    ) -> Result<Templates, PacketError> {
        let stamp_at = headers(framing)?;
        fit(sizes, framing)?;
        let (mut heads, mut longest) = (Vec::new(), Vec::new());
        for bytes in sizes.cycle() {
            let frame = build(bytes, flow, framing)?;
            heads.push(Head::of(&frame, stamp_at));
            if frame.len() > longest.len() {
                longest = frame;
            }
        }
        Ok(Templates {
            heads,
            longest,
            stamp_at,
        })
    }

    /// What a buffer has to hold before its first frame is written; as long as the longest frame.
    pub(crate) fn filler(&self) -> &[u8] {
        &self.longest
    }

    /// Lengths in the cycle.
    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    /// Turns a buffer that holds the filler, or an earlier frame, into a frame of the given turn
    /// of the cycle, and returns its length.
    pub(crate) fn write(&self, turn: usize, stamp: Stamp, buffer: &mut [u8]) -> usize {
        let head = &self.heads[turn % self.heads.len()];
        let mut bytes = head.bytes;
        let stamp = stamp.to_bytes();
        let end = self.stamp_at + Stamp::LEN;
        bytes[self.stamp_at..end].copy_from_slice(&stamp);
        let checksum = fold(head.sum + words(&stamp));
        bytes[self.stamp_at - 2..self.stamp_at].copy_from_slice(&checksum.to_be_bytes());
        buffer[..end].copy_from_slice(&bytes[..end]);
        head.len
    }
}

impl Head {
    /// Takes the start of a frame that was built with a stamp of zeros.
    fn of(frame: &[u8], stamp_at: usize) -> Head {
        let mut bytes = [0; Head::LEN];
        let len = frame.len().min(Head::LEN);
        bytes[..len].copy_from_slice(&frame[..len]);
        let checksum = u16::from_be_bytes([bytes[stamp_at - 2], bytes[stamp_at - 1]]);
        Head {
            bytes,
            len: frame.len(),
            sum: u32::from(!checksum),
        }
    }
}

/// Bytes of all headers together.
fn headers(framing: Framing) -> Result<usize, PacketError> {
    match framing {
        Framing::Ethernet => Ok(ETHERNET + IPV4 + UDP),
        Framing::Ip => Ok(IPV4 + UDP),
        Framing::Opaque => Err(PacketError::Framing),
    }
}

/// Whether all frames have room for the stamp, and none is too long for IPv4.
fn fit(sizes: Sizes, framing: Framing) -> Result<(), PacketError> {
    let headers = headers(framing)?;
    let link = headers - IPV4 - UDP;
    let possible = headers + Stamp::LEN..=link + usize::from(u16::MAX);
    let bounds = sizes.bounds();
    for bytes in [*bounds.start(), *bounds.end()] {
        if !possible.contains(&bytes) {
            return Err(PacketError::Length { bytes, possible });
        }
    }
    Ok(())
}

/// A frame with valid checksums, a stamp of zeros, and bytes that count up behind it.
fn build(bytes: usize, flow: &Flow, framing: Framing) -> Result<Vec<u8>, PacketError> {
    let headers = headers(framing)?;
    let mut payload: Vec<u8> = (0..=u8::MAX).cycle().take(bytes - headers).collect();
    payload[..Stamp::LEN].fill(0);
    let mut frame = Vec::with_capacity(bytes);
    datagram(flow, framing)
        .write(&mut frame, &payload)
        .map_err(|error| PacketError::Refused(error.to_string()))?;
    Ok(frame)
}

fn datagram(flow: &Flow, framing: Framing) -> PacketBuilderStep<UdpHeader> {
    let (from, to) = (flow.ip.0.octets(), flow.ip.1.octets());
    let packet = if framing == Framing::Ethernet {
        PacketBuilder::ethernet2(flow.mac.0.0, flow.mac.1.0).ipv4(from, to, TIME_TO_LIVE)
    } else {
        PacketBuilder::ipv4(from, to, TIME_TO_LIVE)
    };
    packet.udp(flow.ports.0, flow.ports.1)
}

/// The sum of the stamp's big-endian words.
fn words(stamp: &[u8; Stamp::LEN]) -> u32 {
    stamp
        .chunks_exact(2)
        .map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])))
        .sum()
}

/// The checksum of a sum. A result of zero is sent as all ones: zero says "no checksum" in UDP.
fn fold(sum: u32) -> u16 {
    let mut folded = sum;
    while folded > 0xffff {
        folded = (folded & 0xffff) + (folded >> 16);
    }
    // The loop leaves 16 bits.
    match !u16::try_from(folded).unwrap_or(u16::MAX) {
        0 => u16::MAX,
        checksum => checksum,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use etherparse::{NetSlice, SlicedPacket, TransportSlice};
    use proptest::prelude::*;

    use super::*;

    const FLOW: Flow = Flow {
        mac: (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2])),
        ip: (Ipv4Addr::new(198, 18, 0, 1), Ipv4Addr::new(198, 18, 0, 2)),
        ports: (10000, 9),
    };

    fn stamp(sequence: u64, nanos: u64) -> Stamp {
        Stamp {
            stream: 0x1701,
            sequence,
            sent_at: Duration::from_nanos(nanos),
        }
    }

    fn frame(bytes: usize, framing: Framing, stamp: Stamp) -> Vec<u8> {
        let templates = Templates::new(Sizes::Fixed(bytes), &FLOW, framing).expect("possible");
        let mut buffer = templates.filler().to_vec();
        let len = templates.write(0, stamp, &mut buffer);
        buffer.truncate(len);
        buffer
    }

    /// Both checksums hold, all lengths agree.
    fn assert_valid(packet: &SlicedPacket<'_>) {
        let Some(NetSlice::Ipv4(ip)) = &packet.net else {
            panic!("not IPv4")
        };
        let Some(TransportSlice::Udp(udp)) = &packet.transport else {
            panic!("not UDP")
        };
        let header = ip.header().to_header();
        assert_eq!(header.calc_header_checksum(), header.header_checksum);
        let expected = udp
            .to_header()
            .calc_checksum_ipv4(&header, udp.payload())
            .expect("fits");
        assert_eq!(udp.checksum(), expected);
        assert_eq!(usize::from(udp.length()), udp.payload().len() + UDP);
        assert_eq!((udp.source_port(), udp.destination_port()), FLOW.ports);
    }

    proptest! {
        #[test]
        fn every_stamped_frame_is_a_valid_datagram(
            bytes in 64_usize..1600, sequence: u64, nanos: u64,
        ) {
            let stamp = stamp(sequence, nanos);
            let ethernet = frame(bytes, Framing::Ethernet, stamp);
            prop_assert_eq!(ethernet.len(), bytes);
            assert_valid(&SlicedPacket::from_ethernet(&ethernet).expect("parses"));
            prop_assert_eq!(Stamp::find(&ethernet, Framing::Ethernet), Some(stamp));
            let ip = frame(bytes, Framing::Ip, stamp);
            prop_assert_eq!(ip.len(), bytes);
            assert_valid(&SlicedPacket::from_ip(&ip).expect("parses"));
            prop_assert_eq!(Stamp::find(&ip, Framing::Ip), Some(stamp));
        }
    }

    #[test]
    fn a_buffer_serves_one_length_after_another() {
        let cycle = Sizes::Imix.cycle();
        let templates = Templates::new(Sizes::Imix, &FLOW, Framing::Ethernet).expect("possible");
        let mut buffer = templates.filler().to_vec();
        for turn in 0..2 * templates.len() {
            let len = templates.write(turn, stamp(1, 2), &mut buffer);
            assert_eq!(len, cycle[turn % 12]);
            assert_valid(&SlicedPacket::from_ethernet(&buffer[..len]).expect("parses"));
        }
    }

    #[test]
    fn the_longest_frame_is_the_longest_ipv4_packet() {
        let longest = frame(65_549, Framing::Ethernet, stamp(3, 4));
        assert_valid(&SlicedPacket::from_ethernet(&longest).expect("parses"));
        let error = Templates::new(Sizes::Fixed(65_550), &FLOW, Framing::Ethernet).unwrap_err();
        assert_eq!(
            error,
            PacketError::Length {
                bytes: 65_550,
                possible: 64..=65_549
            }
        );
    }

    #[test]
    fn a_frame_without_room_for_the_stamp_is_refused() {
        let error = Templates::new(Sizes::Fixed(63), &FLOW, Framing::Ethernet).unwrap_err();
        assert_eq!(
            error,
            PacketError::Length {
                bytes: 63,
                possible: 64..=65_549
            }
        );
        assert!(Templates::new(Sizes::Fixed(50), &FLOW, Framing::Ip).is_ok());
        let error = Templates::new(Sizes::Fixed(64), &FLOW, Framing::Opaque).unwrap_err();
        assert_eq!(error, PacketError::Framing);
    }

    #[test]
    fn a_checksum_of_zero_is_sent_as_ones() {
        assert_eq!(fold(0xffff), 0xffff);
        assert_eq!(fold(0x1_fffe), 0xffff);
        assert_eq!(fold(0x0001), 0xfffe);
    }
}

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
mod tests;

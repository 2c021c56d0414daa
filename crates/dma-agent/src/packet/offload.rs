//! What network cards do, done by hand: checksums, and segments out of larger pieces.
//!
//! Inside a host frames often travel without a checksum, and in pieces of up to 64 KiB, because a card would finish them
//! on the way out. What comes in by a packet socket goes to others, so it is finished here.
//!
//! ```text
//!   flags u8 │ kind u8 │ header length u16 │ segment size u16 │ checksum start u16 │ checksum offset u16
//! ```
//!
//! The format of this header is VIRTIO 1.2's, 5.1.6, in the byte order of this machine.

use switch::Header;

use super::checksum::Sum;
use super::socket::OFFLOAD_BYTES;

const NEEDS_CHECKSUM: u8 = 1;
/// The kinds of pieces; a flag for congestion marks may be with them, which need no care of ours but one bit.
const NOTHING: u8 = 0;
const TCP_4: u8 = 1;
const TCP_6: u8 = 4;
const UDP: u8 = 5;
const CONGESTION: u8 = 0x80;

const TCP_NUMBER: u8 = 6;
const UDP_NUMBER: u8 = 17;
/// Flags of TCP: only the last segment ends or pushes, only the first says that a window was reduced.
const FIN_PUSH: u8 = 0x09;
const REDUCED: u8 = 0x80;

/// What is left to do with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undone {
    /// Nothing.
    Nothing,
    /// The checksum over all bytes from the first position on is to be written to the second one.
    Checksum(usize, usize),
    /// The payload is to be cut into pieces of this size.
    Segments(Pieces),
}

/// A frame that is many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pieces {
    /// Where the transport header begins.
    transport: usize,
    size: usize,
    is_tcp: bool,
}

/// Nobody can make frames of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hopeless;

impl Undone {
    /// Reads what is left to do, in a frame that has got `shift` bytes of VLAN tag since.
    pub(super) fn read(header: &[u8; OFFLOAD_BYTES], shift: usize) -> Result<Self, Hopeless> {
        let [flags, kind, _, _, s0, s1, b0, b1, o0, o1] = *header;
        let number = |bytes| usize::from(u16::from_ne_bytes(bytes));
        let start = number([b0, b1]) + shift;
        let is_partial = flags & NEEDS_CHECKSUM != 0;
        let is_tcp = match kind & !CONGESTION {
            NOTHING if is_partial => {
                return Ok(Self::Checksum(start, start + number([o0, o1])));
            }
            NOTHING => return Ok(Self::Nothing),
            TCP_4 | TCP_6 => true,
            UDP => false,
            _ => return Err(Hopeless),
        };
        match number([s0, s1]) {
            size if size > 0 && is_partial => Ok(Self::Segments(Pieces {
                transport: start,
                size,
                is_tcp,
            })),
            _ => Err(Hopeless),
        }
    }
}

/// Writes a checksum for which the sender has left the sum of its pseudo header.
pub(super) fn complete(frame: &mut [u8], start: usize, at: usize) -> Result<(), Hopeless> {
    let sum = Sum::default().add(frame.get(start..).ok_or(Hopeless)?);
    let field = frame.get_mut(at..).and_then(|rest| rest.first_chunk_mut());
    // No sum of 0: in UDP that means that there is none, and elsewhere both are the same.
    *field.ok_or(Hopeless)? = sum.finish_not_zero();
    Ok(())
}

impl Pieces {
    /// Makes the frames, each in `room`, and hands them over.
    pub(super) fn cut(
        self,
        frame: &[u8],
        room: &mut Vec<u8>,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Hopeless> {
        let network = Header::parse(frame).map_err(|_| Hopeless)?.size();
        let headers = self.headers(frame, network)?;
        let (headers, payload) = frame.split_at_checked(headers).ok_or(Hopeless)?;
        let pieces = payload.chunks(self.size);
        let last = pieces.len().saturating_sub(1);
        for (number, piece) in pieces.enumerate() {
            room.clear();
            room.extend_from_slice(headers);
            room.extend_from_slice(piece);
            self.finish_network(room, network, number);
            self.finish_transport(room, network, number, number == last);
            each(room);
        }
        Ok(())
    }

    /// Bytes before the payload, having seen that all headers are there in full.
    fn headers(self, frame: &[u8], network: usize) -> Result<usize, Hopeless> {
        let least = match frame.get(network).ok_or(Hopeless)? >> 4 {
            4 => 20,
            6 => 40,
            _ => return Err(Hopeless),
        };
        let transport = match self.is_tcp {
            true => usize::from(frame.get(self.transport + 12).ok_or(Hopeless)? >> 4) * 4,
            false => 8,
        };
        let is_short = self.is_tcp && transport < 20;
        let headers = self.transport + transport;
        if is_short || self.transport < network + least || frame.len() <= headers {
            return Err(Hopeless);
        }
        Ok(headers)
    }

    /// Length, number and checksum of an IP header.
    fn finish_network(self, frame: &mut [u8], network: usize, number: usize) {
        let length = frame.len() - network;
        let header = &mut frame[network..self.transport];
        if header[0] >> 4 == 6 {
            return put(header, 4, length - 40);
        }
        let id = usize::from(u16::from_be_bytes([header[4], header[5]]));
        put(header, 2, length);
        put(header, 4, id + number);
        put(header, 10, 0);
        let sum = Sum::default().add(header).finish();
        header[10..12].copy_from_slice(&sum);
    }

    /// Position, flags, length and checksum of a transport header.
    fn finish_transport(self, frame: &mut [u8], network: usize, number: usize, is_last: bool) {
        let (before, segment) = frame.split_at_mut(self.transport);
        let field = match self.is_tcp {
            true => {
                let position = [segment[4], segment[5], segment[6], segment[7]];
                let sent = u32::try_from(number * self.size).unwrap_or(0);
                let position = u32::from_be_bytes(position).wrapping_add(sent);
                segment[4..8].copy_from_slice(&position.to_be_bytes());
                let not_last = if is_last { 0 } else { FIN_PUSH };
                let not_first = if number == 0 { 0 } else { REDUCED };
                segment[13] &= !(not_last | not_first);
                16
            }
            false => {
                put(segment, 4, segment.len());
                6
            }
        };
        put(segment, field, 0);
        let addresses = match before[network] >> 4 {
            6 => &before[network + 8..network + 40],
            _ => &before[network + 12..network + 20],
        };
        let protocol = if self.is_tcp { TCP_NUMBER } else { UDP_NUMBER };
        let sum = Sum::default()
            .add(addresses)
            .add_number(protocol.into())
            .add_number(segment.len())
            .add(segment);
        segment[field..field + 2].copy_from_slice(&sum.finish_not_zero());
    }
}

/// Writes the 16 low bits of a number.
fn put(bytes: &mut [u8], at: usize, number: usize) {
    let [.., high, low] = number.to_be_bytes();
    bytes[at] = high;
    bytes[at + 1] = low;
}

#[cfg(test)]
mod tests;

//! The eight bytes that name a frame buffer: alone on the wire as an empty or a completion, and at the head of every
//! laden descriptor.
//!
//! ```text
//! byte   0                                  6          8
//!        | address in the client, 48 bits   | len u16  |     one little-endian u64: address | len << 48
//! ```
//!
//! Source: the descsock wire, descriptors.

use crate::OutOfRange;

const ADDRESS_BITS: u32 = 48;
const ADDRESS_MASK: u64 = (1 << ADDRESS_BITS) - 1;

/// A piece of the client's memory: where the client has it, and how many bytes.
///
/// From the wire it is a claim; [`Mapping::locate`](crate::Mapping::locate) judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Buffer {
    address: u64,
    len: u16,
}

impl Buffer {
    /// No buffer: the frame goes by a ring.
    pub const NONE: Buffer = Buffer { address: 0, len: 0 };

    /// `len` bytes at `address` in the client.
    ///
    /// # Errors
    /// [`OutOfRange`] if the address has more than 48 bits.
    pub const fn new(address: u64, len: u16) -> Result<Buffer, OutOfRange> {
        if address > ADDRESS_MASK {
            return Err(OutOfRange {
                field: "address",
                got: address,
                limit: ADDRESS_MASK,
            });
        }
        Ok(Buffer { address, len })
    }

    /// The address in the client, below 2^48.
    #[inline]
    pub const fn address(self) -> u64 {
        self.address
    }

    /// Its bytes: in an empty what fits, in a laden descriptor the frame with its CRC.
    #[inline]
    #[expect(clippy::len_without_is_empty, reason = "an empty buffer is a fault")]
    pub const fn len(self) -> u16 {
        self.len
    }

    /// The same buffer with another length: how much of an empty a frame has filled.
    #[inline]
    #[must_use]
    pub const fn with_len(self, len: u16) -> Buffer {
        Buffer {
            address: self.address,
            len,
        }
    }

    #[inline]
    pub(crate) const fn from_word(word: u64) -> Buffer {
        Buffer {
            address: word & ADDRESS_MASK,
            len: (word >> ADDRESS_BITS) as u16,
        }
    }

    #[inline]
    pub(crate) const fn to_word(self) -> u64 {
        self.address | (self.len as u64) << ADDRESS_BITS
    }
}

/// A free receive buffer, client to agent on an RX socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Empty(
    /// The buffer, 2048 bytes from all known clients.
    pub Buffer,
);

/// A TX descriptor is done with, agent to client on a TX socket: one for each, in their order. It repeats the
/// descriptor's first eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Completion(
    /// The buffer of the descriptor.
    pub Buffer,
);

macro_rules! eight_bytes {
    ($name:ident) => {
        impl $name {
            /// Bytes on the wire.
            pub const LEN: usize = 8;

            /// Reads the descriptor. Every pattern of bits is one; its numbers are claims.
            #[inline]
            pub const fn decode(bytes: &[u8; $name::LEN]) -> $name {
                $name(Buffer::from_word(u64::from_le_bytes(*bytes)))
            }

            /// The descriptor as it goes over the wire.
            #[inline]
            pub const fn encode(self) -> [u8; $name::LEN] {
                self.0.to_word().to_le_bytes()
            }
        }
    };
}

eight_bytes!(Empty);
eight_bytes!(Completion);

#[cfg(test)]
mod tests {
    use super::*;

    /// 2048 bytes at 0x7f12_3456_7800.
    const BYTES: [u8; 8] = [0x00, 0x78, 0x56, 0x34, 0x12, 0x7f, 0x00, 0x08];

    #[test]
    fn an_empty_and_a_completion_are_an_address_and_a_length() {
        let buffer = Buffer::new(0x7f12_3456_7800, 2048).unwrap();
        assert_eq!(Empty::decode(&BYTES), Empty(buffer));
        assert_eq!(Completion::decode(&BYTES), Completion(buffer));
        assert_eq!(Empty(buffer).encode(), BYTES);
        assert_eq!(Completion(buffer).encode(), BYTES);
    }

    #[test]
    fn the_highest_address_and_length_do_not_touch_each_other() {
        let address_only = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0];
        let length_only = [0, 0, 0, 0, 0, 0, 0xff, 0xff];
        let highest = Buffer::new((1 << 48) - 1, 0).unwrap();
        assert_eq!(Empty::decode(&address_only), Empty(highest));
        assert_eq!(Empty::decode(&length_only).0.len(), u16::MAX);
        assert_eq!(Empty::decode(&length_only).0.address(), 0);
    }

    #[test]
    fn an_address_of_49_bits_is_refused() {
        let refused = Buffer::new(1 << 48, 64).unwrap_err();
        assert_eq!((refused.field, refused.limit), ("address", (1 << 48) - 1));
    }
}

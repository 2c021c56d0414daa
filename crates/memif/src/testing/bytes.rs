//! 128 bytes: types, fields at offsets, and what is left between them.

/// Bytes in every message.
pub const MESSAGE_LEN: usize = 128;
/// memif 2.0.
pub const VERSION: u16 = 0x0200;
/// One message as it travels.
pub type Datagram = [u8; MESSAGE_LEN];

/// Message types.
pub mod kinds {
    /// Server to client: go on.
    pub const ACK: u16 = 1;
    /// Server to client, unasked: what it can do.
    pub const HELLO: u16 = 2;
    /// Client to server: who it is.
    pub const INIT: u16 = 3;
    /// Client to server, with a memory fd.
    pub const ADD_REGION: u16 = 4;
    /// Client to server, with an eventfd.
    pub const ADD_RING: u16 = 5;
    /// Client to server: that was all.
    pub const CONNECT: u16 = 6;
    /// Server to client: the link is up.
    pub const CONNECTED: u16 = 7;
    /// Either way: the link ends.
    pub const DISCONNECT: u16 = 8;
}

/// What a peer leaves in bytes that nobody should read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Fills the padding and what lies behind a NUL; libmemif leaks heap bytes there.
    pub junk: u8,
    /// Names fill their field to the last byte, without a NUL.
    pub unterminated: bool,
}

impl Manner {
    /// Zeroes everywhere.
    pub const TIDY: Manner = Manner {
        junk: 0,
        unterminated: false,
    };
    /// Garbage wherever the protocol allows it.
    pub const UNTIDY: Manner = Manner {
        junk: 0xA5,
        unterminated: false,
    };
    /// Garbage, and names without an end.
    pub const ENDLESS_NAMES: Manner = Manner {
        junk: 0xA5,
        unterminated: true,
    };

    /// A message of this type with nothing in it yet.
    pub(super) fn start(&self, kind: u16) -> Datagram {
        let mut bytes = [self.junk; MESSAGE_LEN];
        put(&mut bytes, 0, &kind.to_le_bytes());
        bytes
    }

    /// Puts a text in its field: cut, or followed by a NUL and junk, or by no NUL.
    pub(super) fn text(&self, bytes: &mut Datagram, at: usize, len: usize, text: &[u8]) {
        let field = &mut bytes[at..at + len];
        let shown = text.len().min(len);
        field[..shown].copy_from_slice(&text[..shown]);
        if self.unterminated {
            field[shown..].fill(b'x');
        } else if shown < len {
            field[shown] = 0;
        }
    }
}

pub(super) fn put(bytes: &mut Datagram, at: usize, field: &[u8]) {
    bytes[at..at + field.len()].copy_from_slice(field);
}

pub(super) fn take<const N: usize>(bytes: &Datagram, at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

pub(super) fn u16_at(bytes: &Datagram, at: usize) -> u16 {
    u16::from_le_bytes(take(bytes, at))
}

pub(super) fn u32_at(bytes: &Datagram, at: usize) -> u32 {
    u32::from_le_bytes(take(bytes, at))
}

//! The eight messages, composed and taken apart by hand.
//!
//! Every message is 128 bytes, packed, little-endian: a `u16` type at 0, the
//! fields from 2, padding to the end.
//!
//! ```text
//! HELLO       name 2:32  min 34:2  max 36:2  region 38:2  m2s 40:2  s2m 42:2  log2 44:1
//! INIT        version 2:2  id 4:4  mode 8:1  secret 9:24  name 33:32
//! ADD_REGION  index 2:2  size 4:8
//! ADD_RING    flags 2:2  index 4:2  region 6:2  offset 8:4  log2 12:1  private 13:2
//! CONNECT     name 2:32      CONNECTED  name 2:32
//! DISCONNECT  code 2:4  text 6:96
//! ```

use super::bytes::{Datagram, Manner, VERSION, kinds, put, take, u16_at, u32_at};

/// The server's first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// At most 32 bytes are sent; 32 leave no room for a NUL.
    pub name: Vec<u8>,
    /// Lowest version spoken.
    pub min_version: u16,
    /// Highest version spoken.
    pub max_version: u16,
    /// Highest region index.
    pub max_region: u16,
    /// Highest index of a server-to-client ring.
    pub max_m2s_ring: u16,
    /// Highest index of a client-to-server ring.
    pub max_s2m_ring: u16,
    /// Largest ring, as a power of two.
    pub max_log2_slots: u8,
}

impl Default for Hello {
    fn default() -> Self {
        Hello {
            name: "raw server".into(),
            min_version: VERSION,
            max_version: VERSION,
            max_region: 255,
            max_m2s_ring: 255,
            max_s2m_ring: 255,
            max_log2_slots: 14,
        }
    }
}

impl Hello {
    /// The message in bytes.
    pub fn compose(&self, manner: &Manner) -> Datagram {
        let mut bytes = manner.start(kinds::HELLO);
        manner.text(&mut bytes, 2, 32, &self.name);
        put(&mut bytes, 34, &self.min_version.to_le_bytes());
        put(&mut bytes, 36, &self.max_version.to_le_bytes());
        put(&mut bytes, 38, &self.max_region.to_le_bytes());
        put(&mut bytes, 40, &self.max_m2s_ring.to_le_bytes());
        put(&mut bytes, 42, &self.max_s2m_ring.to_le_bytes());
        put(&mut bytes, 44, &[self.max_log2_slots]);
        bytes
    }

    /// The fields of a HELLO; `name` with whatever follows its NUL.
    pub fn parse(bytes: &Datagram) -> Hello {
        Hello {
            name: take::<32>(bytes, 2).to_vec(),
            min_version: u16_at(bytes, 34),
            max_version: u16_at(bytes, 36),
            max_region: u16_at(bytes, 38),
            max_m2s_ring: u16_at(bytes, 40),
            max_s2m_ring: u16_at(bytes, 42),
            max_log2_slots: bytes[44],
        }
    }
}

/// The client's first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Init {
    /// Version chosen.
    pub version: u16,
    /// Interface id on the server's socket.
    pub id: u32,
    /// 0 ethernet, 1 IP, 2 punt/inject.
    pub mode: u8,
    /// Zero padded.
    pub secret: [u8; 24],
    /// At most 32 bytes are sent.
    pub name: Vec<u8>,
}

impl Default for Init {
    fn default() -> Self {
        Init {
            version: VERSION,
            id: 0,
            mode: 0,
            secret: [0; 24],
            name: "raw client".into(),
        }
    }
}

impl Init {
    /// The message in bytes.
    pub fn compose(&self, manner: &Manner) -> Datagram {
        let mut bytes = manner.start(kinds::INIT);
        put(&mut bytes, 2, &self.version.to_le_bytes());
        put(&mut bytes, 4, &self.id.to_le_bytes());
        put(&mut bytes, 8, &[self.mode]);
        put(&mut bytes, 9, &self.secret);
        manner.text(&mut bytes, 33, 32, &self.name);
        bytes
    }

    /// The fields of an INIT; `name` with whatever follows its NUL.
    pub fn parse(bytes: &Datagram) -> Init {
        Init {
            version: u16_at(bytes, 2),
            id: u32_at(bytes, 4),
            mode: bytes[8],
            secret: take(bytes, 9),
            name: take::<32>(bytes, 33).to_vec(),
        }
    }
}

/// One piece of shared memory; travels with its fd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddRegion {
    /// Position in the client's list.
    pub index: u16,
    /// Bytes announced.
    pub size: u64,
}

impl AddRegion {
    /// The message in bytes.
    pub fn compose(&self, manner: &Manner) -> Datagram {
        let mut bytes = manner.start(kinds::ADD_REGION);
        put(&mut bytes, 2, &self.index.to_le_bytes());
        put(&mut bytes, 4, &self.size.to_le_bytes());
        bytes
    }

    /// The fields of an ADD_REGION.
    pub fn parse(bytes: &Datagram) -> AddRegion {
        AddRegion {
            index: u16_at(bytes, 2),
            size: u64::from_le_bytes(take(bytes, 4)),
        }
    }
}

/// Where one ring lies; travels with its eventfd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddRing {
    /// Bit 0: client to server.
    pub flags: u16,
    /// Position among the rings of its direction.
    pub index: u16,
    /// Region it lies in.
    pub region: u16,
    /// Bytes into that region.
    pub offset: u32,
    /// Slots, as a power of two.
    pub log2_slots: u8,
    /// Must be 0.
    pub private_header: u16,
}

impl AddRing {
    /// The message in bytes.
    pub fn compose(&self, manner: &Manner) -> Datagram {
        let mut bytes = manner.start(kinds::ADD_RING);
        put(&mut bytes, 2, &self.flags.to_le_bytes());
        put(&mut bytes, 4, &self.index.to_le_bytes());
        put(&mut bytes, 6, &self.region.to_le_bytes());
        put(&mut bytes, 8, &self.offset.to_le_bytes());
        put(&mut bytes, 12, &[self.log2_slots]);
        put(&mut bytes, 13, &self.private_header.to_le_bytes());
        bytes
    }

    /// The fields of an ADD_RING.
    pub fn parse(bytes: &Datagram) -> AddRing {
        AddRing {
            flags: u16_at(bytes, 2),
            index: u16_at(bytes, 4),
            region: u16_at(bytes, 6),
            offset: u32_at(bytes, 8),
            log2_slots: bytes[12],
            private_header: u16_at(bytes, 13),
        }
    }

    /// Whether the ring carries client to server.
    pub fn is_s2m(&self) -> bool {
        self.flags & 1 == 1
    }
}

/// CONNECT, CONNECTED: an interface name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// [`kinds::CONNECT`] or [`kinds::CONNECTED`].
    pub kind: u16,
    /// At most 32 bytes are sent.
    pub name: Vec<u8>,
}

impl Name {
    /// The message in bytes.
    pub fn compose(&self, manner: &Manner) -> Datagram {
        let mut bytes = manner.start(self.kind);
        manner.text(&mut bytes, 2, 32, &self.name);
        bytes
    }
}

/// The last message, with a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disconnect {
    /// Always 0 from the peers out there.
    pub code: u32,
    /// At most 96 bytes are sent.
    pub text: Vec<u8>,
}

impl Disconnect {
    /// The message in bytes.
    pub fn compose(&self, manner: &Manner) -> Datagram {
        let mut bytes = manner.start(kinds::DISCONNECT);
        put(&mut bytes, 2, &self.code.to_le_bytes());
        manner.text(&mut bytes, 6, 96, &self.text);
        bytes
    }

    /// The fields of a DISCONNECT; `text` up to its NUL.
    pub fn parse(bytes: &Datagram) -> Disconnect {
        let text = take::<96>(bytes, 6);
        Disconnect {
            code: u32_at(bytes, 2),
            text: text.split(|&b| b == 0).next().unwrap_or(&[]).to_vec(),
        }
    }
}

/// A message without fields: ACK, or any type at all.
pub(super) fn bare(kind: u16, manner: &Manner) -> Datagram {
    manner.start(kind)
}

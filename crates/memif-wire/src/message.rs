//! The eight messages as values. `layout.rs` draws their bytes, `codec.rs` goes from one to the other.

use core::fmt;

use crate::{Name, Secret, Text};

/// A message of the control channel. Its numbers are the sender's claims, judged by the state machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The server took the client's last message.
    Ack,
    /// The server's first word.
    Hello(Hello),
    /// The client's first word.
    Init(Init),
    /// Memory; carries the region's descriptor.
    AddRegion(AddRegion),
    /// A ring within a region; carries the ring's eventfd.
    AddRing(AddRing),
    /// The client has offered everything; the name is its interface's.
    Connect(Name),
    /// The server has taken everything; the name is its interface's.
    Connected(Name),
    /// Either end's last word.
    Disconnect(Disconnect),
}

/// The type of a [`Message`], by its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
#[expect(missing_docs, reason = "each is described at Message")]
pub enum Kind {
    Ack = 1,
    Hello = 2,
    Init = 3,
    AddRegion = 4,
    AddRing = 5,
    Connect = 6,
    Connected = 7,
    Disconnect = 8,
}

/// What a server is able to do. Rings and regions are given as the largest *index*, one less than their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The server's name, perhaps tagged.
    pub name: Name,
    /// Oldest protocol version it speaks, 0x0200 being 2.0.
    pub min_version: u16,
    /// Newest protocol version it speaks.
    pub max_version: u16,
    /// Largest region index.
    pub max_region: u16,
    /// Largest index of an M2S ring.
    pub max_m2s_ring: u16,
    /// Largest index of an S2M ring.
    pub max_s2m_ring: u16,
    /// Binary logarithm of the most slots in a ring.
    pub max_log2_slots: u8,
}

/// Which interface a client wants, and who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Init {
    /// Protocol version it speaks.
    pub version: u16,
    /// The interface on the server's socket.
    pub id: u32,
    /// The mode as it came; see [`Mode::from_wire`](crate::Mode::from_wire).
    pub mode: u8,
    /// The secret as it came; garbage from some clients that have none.
    pub secret: Secret,
    /// The client's name, perhaps tagged.
    pub name: Name,
}

/// A region of memory the client shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddRegion {
    /// Its index, by which rings and descriptors name it.
    pub index: u16,
    /// Its length in bytes.
    pub size: u64,
}

/// A ring within a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddRing {
    /// Which way its frames go.
    pub direction: Direction,
    /// Its index among the rings of that direction.
    pub index: u16,
    /// The region it lies in.
    pub region: u16,
    /// Where it starts in the region, in bytes.
    pub offset: u32,
    /// Binary logarithm of its number of slots.
    pub log2_slots: u8,
    /// Bytes before each frame that belong to nobody; memif 2.0 peers support only 0.
    pub private_header: u16,
}

impl AddRing {
    /// How the ring is called.
    pub fn id(&self) -> RingId {
        RingId {
            direction: self.direction,
            index: self.index,
        }
    }
}

/// Which way the frames of a ring go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    S2m,
    /// From the server to the client.
    M2s,
}

/// A ring's full name: its direction and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RingId {
    /// Which way its frames go.
    pub direction: Direction,
    /// Its index among the rings of that direction.
    pub index: u16,
}

/// Why the sender leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disconnect {
    /// 0 from every known peer.
    pub code: u32,
    /// The reason, for people.
    pub text: Text,
}

impl Disconnect {
    /// A DISCONNECT with code 0 and as much of `reason` as fits, which is 95 bytes.
    pub fn because(reason: &str) -> Disconnect {
        Disconnect {
            code: 0,
            text: Text::new(reason),
        }
    }
}

impl Message {
    /// Which of the eight it is.
    pub fn kind(&self) -> Kind {
        match self {
            Message::Ack => Kind::Ack,
            Message::Hello(_) => Kind::Hello,
            Message::Init(_) => Kind::Init,
            Message::AddRegion(_) => Kind::AddRegion,
            Message::AddRing(_) => Kind::AddRing,
            Message::Connect(_) => Kind::Connect,
            Message::Connected(_) => Kind::Connected,
            Message::Disconnect(_) => Kind::Disconnect,
        }
    }

    /// Whether it must come with exactly one file descriptor; the others come with none.
    pub fn carries_fd(&self) -> bool {
        matches!(self, Message::AddRegion(_) | Message::AddRing(_))
    }
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::Ack,
        Kind::Hello,
        Kind::Init,
        Kind::AddRegion,
        Kind::AddRing,
        Kind::Connect,
        Kind::Connected,
        Kind::Disconnect,
    ];

    pub(crate) fn from_wire(number: u16) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.to_wire() == number)
    }

    pub(crate) fn to_wire(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Ack => "ACK",
            Kind::Hello => "HELLO",
            Kind::Init => "INIT",
            Kind::AddRegion => "ADD_REGION",
            Kind::AddRing => "ADD_RING",
            Kind::Connect => "CONNECT",
            Kind::Connected => "CONNECTED",
            Kind::Disconnect => "DISCONNECT",
        })
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Direction::S2m => "S2M",
            Direction::M2s => "M2S",
        })
    }
}

impl fmt::Display for RingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.direction, self.index)
    }
}

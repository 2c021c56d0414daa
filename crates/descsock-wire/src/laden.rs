//! The descriptor of a frame: to send, client to agent on a TX socket; or received, agent to client on an RX socket.
//! Its two layouts are drawn in `layout.rs`.

use core::mem::size_of;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::layout::{Layout, RX_BYTE_OF_BOTH, word1};
use crate::{
    BUF_SIZE, Buffer, CRC_LEN, Did, Directed, Dm, End, HEADER_LEN, Nti, Sep, Svc, Violation,
};

bitflags::bitflags! {
    /// The flags of a laden descriptor.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Flags: u8 {
        /// RX: the checksum of layer 3 is right.
        const L3_CHECKSUM_OK = 1 << 0;
        /// RX: the checksum of layer 4 is right.
        const L4_CHECKSUM_OK = 1 << 1;
        /// TX: skip the lookup, go to the did, svc and sep given. RX: the frame came so.
        const DIRECTED = 1 << 3;
        /// RX: the lookup failed, the frame was flooded.
        const LOOKUP_FAILED = 1 << 4;
        /// RX: the frame is multicast.
        const MULTICAST = 1 << 5;
        // Whatever else the other end sets is kept.
        const _ = !0;
    }
}

/// Which way a laden descriptor goes, and so what its type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A received frame, agent to client.
    Rx = 1,
    /// A frame to send, client to agent.
    Tx = 2,
}

impl Kind {
    /// Who sends such a descriptor.
    pub const fn sender(self) -> End {
        match self {
            Kind::Rx => End::Agent,
            Kind::Tx => End::Client,
        }
    }
}

/// A frame in a buffer, and where it goes or came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Laden {
    /// RX or TX.
    pub kind: Kind,
    /// The buffer, its length that of the frame with CRC. In a received one the client ignores the address: the n-th
    /// descriptor of a tier belongs to the n-th empty.
    pub buffer: Buffer,
    /// Start of packet: the frame begins here.
    pub sop: bool,
    /// End of packet: the frame ends here.
    pub eop: bool,
    /// The frame is for the host. Layout A has no such bit.
    pub host: bool,
    /// The frame is damaged. Layout A has no such bit.
    pub err: bool,
    /// What is known of the frame.
    pub flags: Flags,
    /// TX: where to, if [`Flags::DIRECTED`] is set, else without meaning. RX: `did` is the source.
    pub directed: Directed,
}

impl Laden {
    /// Bytes on the wire.
    pub const LEN: usize = 32;
    /// Bytes of a [`Laden::ring_header`].
    pub const RING_HEADER: usize = 8;

    /// A whole frame to send, directed or not: what a client writes.
    #[inline]
    pub fn to_send(buffer: Buffer, directed: Option<Directed>) -> Laden {
        let (flags, directed) = match directed {
            Some(directed) => (Flags::DIRECTED, directed),
            None => (Flags::empty(), Directed::default()),
        };
        let whole = Laden::whole(Kind::Tx, buffer);
        Laden {
            flags,
            directed,
            ..whole
        }
    }

    /// A whole received frame: what an agent writes. Its host bit is set.
    #[inline]
    pub fn received(buffer: Buffer, from: Directed, flags: Flags) -> Laden {
        Laden {
            host: true,
            flags,
            directed: from,
            ..Laden::whole(Kind::Rx, buffer)
        }
    }

    /// Reads a descriptor from a socket on which `kind` is due.
    ///
    /// # Errors
    /// [`Violation::DescriptorType`] if it is of another. Nothing else is judged: see
    /// [`frame_len`](Laden::frame_len) and [`Mapping::locate`](crate::Mapping::locate).
    #[inline]
    pub fn decode(bytes: &[u8; 32], layout: Layout, kind: Kind) -> Result<Laden, Violation> {
        let bytes: LadenBytes = zerocopy::transmute!(*bytes);
        let (word0, fields) = (bytes.word0.get(), layout.word0());
        let got = fields.kind.of(word0);
        if got != kind as u32 {
            return Err(wrong_type(got, kind));
        }
        let [flags, ..] = fields.flags.of(word0).to_le_bytes();
        Ok(Laden {
            kind,
            buffer: Buffer::from_word(bytes.buffer.get()),
            sop: fields.sop.of(word0) != 0,
            eop: fields.eop.of(word0) != 0,
            host: fields.host.of(word0) != 0,
            err: fields.err.of(word0) != 0,
            flags: Flags::from_bits_retain(flags),
            directed: directed(Did::of_bits(fields.did.of(word0)), bytes.word1.get()),
        })
    }

    /// The descriptor as it goes over the wire; in layout A without `host` and `err`.
    #[inline]
    pub fn encode(&self, layout: Layout) -> [u8; 32] {
        let fields = layout.word0();
        self.with_word0(
            fields.kind.put(self.kind as u32)
                | fields.host.put(self.host.into())
                | fields.sop.put(self.sop.into())
                | fields.eop.put(self.eop.into())
                | fields.err.put(self.err.into())
                | fields.flags.put(self.flags.bits().into())
                | fields.did.put(self.directed.did.into()),
        )
    }

    /// A received frame for a client whose layout is not known yet: buffer, sep, svc, nti and dm, which both layouts
    /// have in the same place, and [`RX_BYTE_OF_BOTH`]. `did` is 0 and no flag is set; layout A reads both checksum
    /// flags as set.
    #[inline]
    pub fn encode_for_both(&self) -> [u8; 32] {
        self.with_word0(RX_BYTE_OF_BOTH.into())
    }

    /// Bytes of the frame without its CRC.
    ///
    /// # Errors
    /// [`Violation::SplitFrame`] if this is not the whole frame, [`Violation::FrameLength`] if it has no room for an
    /// Ethernet header and a CRC or more bytes than a buffer. The fault is the client's in a TX descriptor, the
    /// agent's in an RX one.
    #[inline]
    pub fn frame_len(&self) -> Result<u16, Violation> {
        let from = self.kind.sender();
        let (sop, eop, got) = (self.sop, self.eop, self.buffer.len());
        if !(sop && eop) {
            return Err(Violation::SplitFrame { from, sop, eop });
        }
        let least = HEADER_LEN + CRC_LEN;
        match (least..=BUF_SIZE).contains(&got) {
            true => Ok(got - CRC_LEN),
            false => Err(Violation::FrameLength { from, got, least }),
        }
    }

    /// Where the frame is to go, if it is directed; where it came from, if it came so.
    #[inline]
    pub fn destination(&self) -> Option<Directed> {
        let directed = self.flags.contains(Flags::DIRECTED);
        directed.then_some(self.directed)
    }

    /// What goes before a frame on a ring, instead of a descriptor: its bytes 8 to 15 in layout B. The ring itself says
    /// where the frame is and how long.
    ///
    /// ```text
    /// 0            4            8
    /// | word 0 u32 | word 1 u32 | the frame without CRC |
    /// ```
    #[inline]
    pub fn ring_header(&self) -> [u8; Laden::RING_HEADER] {
        let mut header = [0; Laden::RING_HEADER];
        header.copy_from_slice(&self.encode(Layout::B)[8..16]);
        header
    }

    /// Reads what goes before a frame on a ring by which `kind` is due. It is in no buffer.
    ///
    /// # Errors
    /// As [`Laden::decode`].
    #[inline]
    pub fn of_ring_header(
        header: [u8; Laden::RING_HEADER],
        kind: Kind,
    ) -> Result<Laden, Violation> {
        let mut bytes = [0; Laden::LEN];
        bytes[8..16].copy_from_slice(&header);
        Laden::decode(&bytes, Layout::B, kind)
    }

    fn whole(kind: Kind, buffer: Buffer) -> Laden {
        Laden {
            kind,
            buffer,
            sop: true,
            eop: true,
            host: false,
            err: false,
            flags: Flags::empty(),
            directed: Directed::default(),
        }
    }

    #[inline]
    fn with_word0(&self, word0: u32) -> [u8; 32] {
        let Directed {
            sep, svc, nti, dm, ..
        } = self.directed;
        let word1 = word1::SEP.put(sep.into())
            | word1::DM.put(dm.into())
            | word1::SVC.put(svc.into())
            | word1::NTI.put(nti.into());
        zerocopy::transmute!(LadenBytes {
            buffer: self.buffer.to_word().into(),
            word0: word0.into(),
            word1: word1.into(),
            ignored: [0; 16],
        })
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct LadenBytes {
    buffer: U64,
    word0: U32,
    word1: U32,
    ignored: [u8; 16],
}

const _: () = assert!(size_of::<LadenBytes>() == Laden::LEN);

#[inline]
fn directed(did: Did, word: u32) -> Directed {
    Directed {
        did,
        sep: Sep::of_bits(word1::SEP.of(word)),
        svc: Svc::of_bits(word1::SVC.of(word)),
        nti: Nti::of_bits(word1::NTI.of(word)),
        dm: Dm::of_bits(word1::DM.of(word)),
    }
}

#[cold]
fn wrong_type(got: u32, due: Kind) -> Violation {
    let [got, ..] = got.to_le_bytes();
    Violation::DescriptorType {
        from: due.sender(),
        got,
        due: due as u8,
    }
}

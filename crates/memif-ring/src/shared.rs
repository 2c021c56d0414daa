//! The part of a ring that both processes see.

use crate::Descriptor;

/// First word of every ring, written by the client.
pub const RING_COOKIE: u32 = 0x03E3_1F20;
/// Ring flag bit 0: the consumer polls, do not signal it.
pub const MASK_INTERRUPT: u16 = 1;
/// Ring flag bit 1, between two Memwire peers only: the process that *consumes* this ring also waits for room
/// in the reverse ring, and wants its eventfd written when some is given back.
pub const WANT_ROOM: u16 = 2;

/// The cache-line size a ring was laid out for. Generic aarch64 builds of other peers use 128 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineSize {
    /// tail at byte 64, descriptors at 128.
    #[default]
    Bytes64,
    /// tail at byte 128, descriptors at 256.
    Bytes128,
}

impl LineSize {
    /// Byte of the tail index.
    pub const fn tail_at(self) -> usize {
        match self {
            Self::Bytes64 => 64,
            Self::Bytes128 => 128,
        }
    }

    /// Byte of the first descriptor.
    pub const fn descriptors_at(self) -> usize {
        2 * self.tail_at()
    }

    /// The line size that explains two neighbouring rings `spacing` bytes apart, of `slots` slots each.
    pub fn from_spacing(spacing: u64, slots: u16) -> Self {
        let wide = ring_bytes(slots, Self::Bytes128) as u64;
        if spacing == wide {
            Self::Bytes128
        } else {
            Self::Bytes64
        }
    }
}

/// Bytes of a ring with `slots` descriptors.
pub const fn ring_bytes(slots: u16, line: LineSize) -> usize {
    line.descriptors_at() + slots as usize * Descriptor::BYTES
}

/// The shared half of a ring: two indexes, flags and descriptors. No method can fail, and none trusts what it reads.
///
/// Slots are given as free-running indexes; an implementation reduces them modulo the capacity.
pub trait SharedRing {
    /// Number of slots, a power of two up to 2^14.
    fn capacity(&self) -> u16;
    /// Head with acquire order: descriptors (or posted buffers) written before it are visible.
    fn head(&self) -> u16;
    /// Tail with acquire order: descriptors (or releases) before it are visible.
    fn tail(&self) -> u16;
    /// Stores head with release order, pairs with the peer's acquire of head.
    fn publish_head(&self, head: u16);
    /// Stores tail with release order, pairs with the peer's acquire of tail.
    fn publish_tail(&self, tail: u16);
    /// A copy of the descriptor in the slot of `index`.
    fn fetch(&self, index: u16) -> Descriptor;
    /// Writes the descriptor in the slot of `index`.
    fn store(&self, index: u16, descriptor: Descriptor);
    /// The flags word, as the peer last left it.
    fn flags(&self) -> u16;
    /// Sets these flag bits. Only the consumer's process does.
    fn raise(&self, bits: u16);
    /// Clears these flag bits. Only the consumer's process does.
    fn lower(&self, bits: u16);
    /// A full fence between a store to this ring and the following load of it.
    fn full_fence(&self);
}

/// What a consumer and a producer tell each other through the flags. Each fence here pairs with one of the other side's.
pub trait Signals: SharedRing {
    /// Producer, after publishing: does the consumer want a signal?
    ///
    /// Either we see its lowered mask, or it sees our index in its look after [`Signals::unmask`].
    fn wants_signal(&self) -> bool {
        self.full_fence();
        self.flags() & MASK_INTERRUPT == 0
    }

    /// Consumer, before it looks at the ring a last time and sleeps: ask for signals.
    fn unmask(&self) {
        self.lower(MASK_INTERRUPT);
        self.full_fence();
    }

    /// Consumer: no signals, it polls.
    fn mask(&self) {
        self.raise(MASK_INTERRUPT);
    }

    /// A process whose producer ring is full, about the ring it consumes, before it looks for room a last time.
    fn ask_for_room(&self) {
        self.raise(WANT_ROOM);
        self.full_fence();
    }

    /// The same process, when it has found room.
    fn no_need_of_room(&self) {
        self.lower(WANT_ROOM);
    }

    /// A consumer that gave buffers back, about the reverse ring: does the other process wait for that?
    fn room_wanted(&self) -> bool {
        self.full_fence();
        self.flags() & WANT_ROOM != 0
    }
}

impl<R: SharedRing> Signals for R {}

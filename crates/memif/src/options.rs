//! What a link should be like.

use std::ops::RangeInclusive;
use std::time::Duration;

use memif_ring::{Backing, LayoutError, Seals};
use memif_wire::{Features, Mode, Name, Secret, Tag};

use crate::Misuse;

/// Which side of a link a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Listens; called master in older texts.
    Server,
    /// Connects and brings the memory; called slave in older texts.
    Client,
}

/// Which directions get buffers. Only a client's choice costs or saves memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Traffic {
    /// Send and receive.
    #[default]
    Both,
    /// Only send.
    Send,
    /// Only receive.
    Receive,
}

/// How a call waits for frames or room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Spin all the time: the lowest latency, one core per waiting thread.
    Poll,
    /// Sleep at once; the peer signals every burst.
    Interrupt,
    /// Spin for this long, then sleep.
    Adaptive(Duration),
}

impl Default for Wait {
    fn default() -> Self {
        Self::Adaptive(Duration::from_micros(20))
    }
}

/// The properties of one link. Both sides must agree on id, mode and secret; the rest is each side's own.
#[derive(Clone, Debug)]
pub struct LinkOptions {
    pub(crate) id: u32,
    pub(crate) mode: Mode,
    pub(crate) secret: Option<Secret>,
    pub(crate) name: String,
    pub(crate) queues: u16,
    pub(crate) slots: u16,
    pub(crate) buffer_size: Option<u32>,
    pub(crate) frame_capacity: u64,
    pub(crate) traffic: Traffic,
    pub(crate) wait: Wait,
    pub(crate) backing: Backing,
    pub(crate) seals: Seals,
    pub(crate) trailer: bool,
}

/// Bytes of a buffer: what 32-bit offsets reach, in whole pages.
const BUFFERS: RangeInclusive<u32> = 64..=4_294_963_200;
/// Bytes of a buffer when nobody says otherwise: what DPDK's fast path assumes at least.
const DEFAULT_BUFFER: u32 = 2048;

impl LinkOptions {
    /// A link for interface `id`: Ethernet mode, no secret, one queue each way, 1024 slots, both directions.
    pub fn new(id: u32) -> Self {
        Self {
            id,
            mode: Mode::Ethernet,
            secret: None,
            name: format!("memif{id}"),
            queues: 1,
            slots: 1024,
            buffer_size: None,
            frame_capacity: 0,
            traffic: Traffic::Both,
            wait: Wait::default(),
            backing: Backing::default(),
            seals: Seals::Required,
            trailer: false,
        }
    }

    /// What the frames are; must be the same on both sides.
    #[must_use]
    pub fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// A client shows this secret; a server demands it.
    #[must_use]
    pub fn secret(self, secret: Secret) -> Self {
        Self {
            secret: Some(secret),
            ..self
        }
    }

    /// The interface name shown to the peer, at most 15 bytes.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self
        }
    }

    /// Queues each way, 1 to 255. DPDK and libmemif want exactly as many as they were given themselves.
    #[must_use]
    pub fn queues(self, queues: u16) -> Self {
        Self { queues, ..self }
    }

    /// Slots of each ring, a power of two from 2 to 16384. A client's choice.
    #[must_use]
    pub fn slots(self, slots: u16) -> Self {
        Self { slots, ..self }
    }

    /// Bytes of each buffer, from 64. A client's choice; without it, what the server announces
    /// ([`LinkOptions::frame_capacity`]), or 2048.
    #[must_use]
    pub fn buffer_size(self, bytes: u32) -> Self {
        Self {
            buffer_size: Some(bytes),
            ..self
        }
    }

    /// The largest frame this side will send, in bytes: a server tells it to a client of our own, which then makes its
    /// buffers that large.
    #[must_use]
    pub fn frame_capacity(self, bytes: u64) -> Self {
        Self {
            frame_capacity: bytes,
            ..self
        }
    }

    /// Which directions get buffers. A client's choice.
    #[must_use]
    pub fn traffic(self, traffic: Traffic) -> Self {
        Self { traffic, ..self }
    }

    /// How calls wait.
    #[must_use]
    pub fn wait(self, wait: Wait) -> Self {
        Self { wait, ..self }
    }

    /// A client's memory in 2 MiB huge pages; connecting fails where the system has too few.
    #[must_use]
    pub fn huge_pages(mut self, wanted: bool) -> Self {
        self.backing.huge_pages = wanted;
        self
    }

    /// A client touches all its memory when it connects, instead of at first use. The call in which that happens takes as
    /// long: a second for some gigabytes.
    #[must_use]
    pub fn prefault(mut self, wanted: bool) -> Self {
        self.backing.prefault = wanted;
        self
    }

    /// Whether a client's memory must be sealed. Waive it only for zero-copy peers (hugetlbfs), and then call
    /// [`crate::sigbus::contain`] in the program.
    #[must_use]
    pub fn seals(self, seals: Seals) -> Self {
        Self { seals, ..self }
    }

    /// Tell a peer of our own that this side understands the metadata trailer ([`Features::TRAILER`]).
    #[must_use]
    pub fn trailer(self, understood: bool) -> Self {
        Self {
            trailer: understood,
            ..self
        }
    }

    pub(crate) fn check(&self) -> Result<(), Misuse> {
        if !(1..=255).contains(&self.queues) {
            return Err(Misuse::Queues {
                queues: self.queues,
            });
        }
        if !self.slots.is_power_of_two() || !(2..=16384).contains(&self.slots) {
            return Err(Misuse::Slots { slots: self.slots });
        }
        if let Some(bytes) = self.buffer_size.filter(|bytes| !BUFFERS.contains(bytes)) {
            return Err(LayoutError::BufferSize(bytes).into());
        }
        self.tagged_name(&self.name)?;
        Ok(())
    }

    pub(crate) fn log2_slots(&self) -> u8 {
        u8::try_from(self.slots.trailing_zeros()).unwrap_or(0)
    }

    pub(crate) fn tag(&self) -> Tag {
        let always = Features::ROOM_HINT | Features::ANY_BUFFER;
        let features = if self.trailer {
            always | Features::TRAILER
        } else {
            always
        };
        Tag {
            features,
            frame_capacity: self.frame_capacity,
        }
    }

    pub(crate) fn tagged_name(&self, text: &str) -> Result<Name, Misuse> {
        Ok(Name::new(text)?.with_tag(self.tag())?)
    }

    /// The buffer size for a peer that announced `theirs` (0: nothing).
    pub(crate) fn buffer_size_for(&self, theirs: u64) -> u32 {
        let own = u32::try_from(self.frame_capacity).unwrap_or(u32::MAX);
        let theirs = u32::try_from(theirs).unwrap_or(u32::MAX);
        self.buffer_size
            .unwrap_or(own.max(theirs).max(DEFAULT_BUFFER))
    }
}

//! Where a client lays its rings and buffers.
//!
//! ```text
//! region 0                      region 1                 region 2 …
//! ├ S2M rings ┤ M2S rings ┤     ├ buffer │ buffer │ … ┤  ├ buffer │ … ┤
//! ```
//!
//! Rings start at multiples of 64 bytes. Descriptors hold 32-bit offsets, so a region stays below 4 GiB and big frames
//! take several regions. Only rings whose direction is in use get buffers.

use memif_wire::{Direction, MAX_LOG2_SLOTS};
use thiserror::Error;

use crate::shared::{LineSize, ring_bytes};

/// No region becomes larger than this, unless a single buffer is.
const REGION_BYTES: u64 = 1 << 30;
/// Largest region a 32-bit offset can address.
const REGION_LIMIT: u64 = u32::MAX as u64;
/// Regions that a 16-bit index can tell apart.
const MOST_REGIONS: u32 = 1 << 16;
/// Buffers from this size on start on pages of their own.
const PAGE: u64 = 4096;
/// Smaller ones on cache lines.
const LINE: u64 = 64;

/// What a client wants to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Rings from client to server.
    pub rings_s2m: u16,
    /// Rings from server to client.
    pub rings_m2s: u16,
    /// Slots of each ring: 2 to this power.
    pub log2_slots: u8,
    /// Bytes of each buffer.
    pub buffer_size: u32,
    /// Buffers for each S2M ring; 0 when the client only receives.
    pub buffers_s2m: u16,
    /// Buffers for each M2S ring; 0 when the client only sends.
    pub buffers_m2s: u16,
    /// Regions the server accepts.
    pub max_regions: u32,
}

/// Where one ring and its buffers lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingPlace {
    /// Which way it carries frames.
    pub direction: Direction,
    /// Its index within that direction.
    pub index: u16,
    /// Its place in region 0.
    pub offset: u32,
    /// Its buffers as (region, offset), ascending.
    pub buffers: Vec<(u16, u32)>,
}

/// A complete layout: the sizes of all regions, and all rings, S2M first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Bytes of each region, by index.
    pub regions: Vec<u64>,
    /// All rings, S2M by index, then M2S by index.
    pub rings: Vec<RingPlace>,
}

/// Why a request cannot be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LayoutError {
    /// More regions needed than the server accepts.
    #[error(
        "{buffers} buffers of {buffer_size} bytes need {needed} regions, the peer accepts {accepted}; ask for fewer or smaller buffers"
    )]
    TooManyRegions {
        /// Buffers in all.
        buffers: u64,
        /// Bytes of each.
        buffer_size: u32,
        /// Regions needed.
        needed: u64,
        /// Regions accepted.
        accepted: u32,
    },
    /// Buffers too large for a 32-bit offset, or of no size.
    #[error("a buffer of {0} bytes is not possible: use 64 to 4294963200")]
    BufferSize(u32),
    /// More slots than a ring can have.
    #[error("rings of 2^{0} slots are not possible: use up to 2^14")]
    SlotCount(u8),
    /// Rings do not fit into one region.
    #[error("{0} rings of that many slots do not fit into one region")]
    TooManyRings(u32),
}

impl Layout {
    /// Lays out what was requested.
    ///
    /// # Errors
    ///
    /// When it needs more or larger regions than there can be.
    pub fn new(request: &Request) -> Result<Self, LayoutError> {
        if request.log2_slots > MAX_LOG2_SLOTS {
            return Err(LayoutError::SlotCount(request.log2_slots));
        }
        let slots = 1u16 << request.log2_slots;
        let ring = (ring_bytes(slots, LineSize::Bytes64) as u64).next_multiple_of(LINE);
        let rings = u64::from(request.rings_s2m) + u64::from(request.rings_m2s);
        if ring * rings > REGION_LIMIT {
            return Err(LayoutError::TooManyRings(
                u32::from(request.rings_s2m) + u32::from(request.rings_m2s),
            ));
        }
        let mut buffers = Buffers::new(request)?;
        let mut layout = Self {
            regions: vec![(ring * rings).max(LINE)],
            rings: Vec::new(),
        };
        layout.regions.extend(buffers.regions());
        for (direction, index) in ring_names(request) {
            let offset = u32::try_from(ring * layout.rings.len() as u64).unwrap_or(u32::MAX);
            let wanted = match direction {
                Direction::S2m => request.buffers_s2m,
                Direction::M2s => request.buffers_m2s,
            };
            let buffers = (0..wanted).map(|_| buffers.next_place()).collect();
            layout.rings.push(RingPlace {
                direction,
                index,
                offset,
                buffers,
            });
        }
        Ok(layout)
    }
}

/// All rings in the order they are announced.
fn ring_names(request: &Request) -> impl Iterator<Item = (Direction, u16)> {
    let s2m = (0..request.rings_s2m).map(|index| (Direction::S2m, index));
    s2m.chain((0..request.rings_m2s).map(|index| (Direction::M2s, index)))
}

/// From one buffer to the next: whole pages, or for small buffers an odd number of cache lines. Headers of packets then
/// spread over all sets of a cache, where a power of two would crowd them into few.
const fn stride(size: u64) -> u64 {
    if size < PAGE {
        size.next_multiple_of(LINE) | LINE
    } else {
        size.next_multiple_of(PAGE)
    }
}

/// Deals out buffer places one after the other.
struct Buffers {
    stride: u64,
    per_region: u64,
    total: u64,
    dealt: u64,
}

impl Buffers {
    fn new(request: &Request) -> Result<Self, LayoutError> {
        let size = u64::from(request.buffer_size);
        let stride = stride(size);
        if size < LINE || stride > REGION_LIMIT {
            return Err(LayoutError::BufferSize(request.buffer_size));
        }
        let total = u64::from(request.rings_s2m) * u64::from(request.buffers_s2m)
            + u64::from(request.rings_m2s) * u64::from(request.buffers_m2s);
        let per_region = (REGION_BYTES / stride).max(1);
        let needed = 1 + total.div_ceil(per_region);
        let accepted = request.max_regions.min(MOST_REGIONS);
        if needed > u64::from(accepted) {
            return Err(LayoutError::TooManyRegions {
                buffers: total,
                buffer_size: request.buffer_size,
                needed,
                accepted,
            });
        }
        Ok(Self {
            stride,
            per_region,
            total,
            dealt: 0,
        })
    }

    /// Sizes of the buffer regions.
    fn regions(&self) -> impl Iterator<Item = u64> + use<> {
        let (per_region, total, stride) = (self.per_region, self.total, self.stride);
        (0..total.div_ceil(per_region))
            .map(move |region| (total - region * per_region).min(per_region) * stride)
    }

    fn next_place(&mut self) -> (u16, u32) {
        let (region, place) = (self.dealt / self.per_region, self.dealt % self.per_region);
        self.dealt += 1;
        let region = u16::try_from(region + 1).unwrap_or(u16::MAX);
        (
            region,
            u32::try_from(place * self.stride).unwrap_or(u32::MAX),
        )
    }
}

#[cfg(all(test, not(loom)))]
#[path = "tests/layout.rs"]
mod tests;

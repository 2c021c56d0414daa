//! What a client has offered so far: each region and ring is judged here before it is kept.
//!
//! The server keeps one of these as ADD_REGION and ADD_RING arrive; a client puts its own offer through the same
//! checks before the first byte leaves.

use alloc::vec::Vec;

use crate::{AddRegion, AddRing, Direction, RingId, Violation};

/// Rings start on a multiple of this many bytes. libmemif with tiny rings places them at odd multiples of 32, so
/// a cache line would be too strict; 8 keeps every index and descriptor field aligned.
pub(crate) const RING_ALIGNMENT: u32 = 8;

/// Bytes of a ring before its descriptors, at the least: some builds of the C peers use more.
const RING_HEADER_LEN: u64 = 128;
const DESCRIPTOR_LEN: u64 = 16;

/// Caps for one client on one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caps {
    pub(crate) regions: u16,
    pub(crate) bytes: u64,
    pub(crate) rings_s2m: u16,
    pub(crate) rings_m2s: u16,
    pub(crate) log2_slots: u8,
}

/// The regions and rings of one client, all of them within the caps and within each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ledger {
    caps: Caps,
    regions: Vec<u64>,
    bytes: u64,
    rings: Vec<AddRing>,
}

impl Ledger {
    pub(crate) fn new(caps: Caps) -> Ledger {
        Ledger {
            caps,
            regions: Vec::new(),
            bytes: 0,
            rings: Vec::new(),
        }
    }

    pub(crate) fn has_ring(&self) -> bool {
        !self.rings.is_empty()
    }

    pub(crate) fn add_region(&mut self, region: AddRegion) -> Result<(), Violation> {
        let AddRegion { index, size } = region;
        let expected = self.region_count();
        if index != expected {
            return Err(Violation::RegionOutOfOrder {
                expected,
                got: index,
            });
        }
        if index >= self.caps.regions {
            return Err(Violation::TooManyRegions {
                index,
                limit: self.caps.regions,
            });
        }
        if size == 0 {
            return Err(Violation::EmptyRegion { index });
        }
        let total = self.bytes.saturating_add(size);
        if total > self.caps.bytes {
            return Err(Violation::TotalBytes {
                total,
                limit: self.caps.bytes,
            });
        }
        self.bytes = total;
        self.regions.push(size);
        Ok(())
    }

    pub(crate) fn add_ring(&mut self, ring: AddRing) -> Result<(), Violation> {
        self.check_turn(&ring)?;
        self.check_shape(&ring)?;
        self.check_place(&ring)?;
        self.rings.push(ring);
        Ok(())
    }

    /// CONNECT closes the ledger.
    pub(crate) fn close(&self) -> Result<(), Violation> {
        if self.has_ring() {
            Ok(())
        } else {
            Err(Violation::NoRing)
        }
    }

    fn check_turn(&self, ring: &AddRing) -> Result<(), Violation> {
        let got = ring.id();
        let limit = match got.direction {
            Direction::S2m => self.caps.rings_s2m,
            Direction::M2s => self.caps.rings_m2s,
        };
        if got.index >= limit {
            return Err(Violation::RingIndex { ring: got, limit });
        }
        let expected = self.next_ring(got.direction);
        if got != expected {
            return Err(Violation::RingOutOfOrder { expected, got });
        }
        Ok(())
    }

    fn check_shape(&self, ring: &AddRing) -> Result<(), Violation> {
        let AddRing {
            log2_slots,
            private_header,
            ..
        } = *ring;
        if log2_slots == 0 || log2_slots > self.caps.log2_slots {
            return Err(Violation::SlotCount {
                ring: ring.id(),
                log2: log2_slots,
                max: self.caps.log2_slots,
            });
        }
        if private_header != 0 {
            return Err(Violation::PrivateHeader {
                ring: ring.id(),
                bytes: private_header,
            });
        }
        Ok(())
    }

    fn check_place(&self, ring: &AddRing) -> Result<(), Violation> {
        let AddRing { region, offset, .. } = *ring;
        let id = ring.id();
        let Some(&size) = self.regions.get(usize::from(region)) else {
            return Err(Violation::RingRegion {
                ring: id,
                region,
                have: self.region_count(),
            });
        };
        if !offset.is_multiple_of(RING_ALIGNMENT) {
            return Err(Violation::RingUnaligned { ring: id, offset });
        }
        if end(ring) > size {
            return Err(Violation::RingOutside {
                ring: id,
                offset,
                need: need(ring),
                size,
            });
        }
        match self.rings.iter().find(|earlier| overlap(earlier, ring)) {
            Some(earlier) => Err(Violation::RingOverlap {
                ring: id,
                other: earlier.id(),
            }),
            None => Ok(()),
        }
    }

    /// The only ring of `direction` that may come now; once an M2S ring came, no S2M ring may.
    fn next_ring(&self, direction: Direction) -> RingId {
        let direction = match self.rings.last() {
            Some(last) if last.direction == Direction::M2s => Direction::M2s,
            _ => direction,
        };
        let index = self
            .rings
            .iter()
            .rev()
            .find(|ring| ring.direction == direction)
            .map_or(0, |ring| ring.index + 1);
        RingId { direction, index }
    }

    fn region_count(&self) -> u16 {
        // Never saturates: every region kept is below the cap, which is a u16.
        u16::try_from(self.regions.len()).unwrap_or(u16::MAX)
    }
}

/// Bytes a ring occupies. Slots are bounded before this is asked, the shift cannot overflow.
fn need(ring: &AddRing) -> u64 {
    RING_HEADER_LEN + (DESCRIPTOR_LEN << ring.log2_slots)
}

fn end(ring: &AddRing) -> u64 {
    u64::from(ring.offset) + need(ring)
}

fn overlap(a: &AddRing, b: &AddRing) -> bool {
    a.region == b.region && u64::from(a.offset) < end(b) && u64::from(b.offset) < end(a)
}

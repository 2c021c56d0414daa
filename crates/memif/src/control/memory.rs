//! The memory a client brings: made after HELLO, offered piece by piece.

use std::io::ErrorKind;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use memif_ring::{Layout, MapError, MappedRing, Pool, Region, Regions, Request};
use memif_wire::{AddRing, Attach, Negotiated, Offer};

use super::assemble::RingParts;
use super::hangup::Hangup;
use crate::sys::Bell;
use crate::{LinkOptions, Misuse, Traffic};

/// Regions, rings and bells of one attempt to connect.
#[derive(Debug)]
pub(super) struct Memory {
    layout: Layout,
    regions: Vec<Arc<Region>>,
    bells: Vec<Arc<Bell>>,
    log2_slots: u8,
    buffer_size: u32,
}

impl Memory {
    pub(super) fn new(options: &LinkOptions, negotiated: &Negotiated) -> Result<Self, Hangup> {
        let announced = negotiated.peer.tag().map_or(0, |tag| tag.frame_capacity);
        let request = request(options, negotiated, announced);
        let layout = Layout::new(&request).map_err(Misuse::from)?;
        let region = |(index, &size): (usize, &u64)| {
            let name = format!("memwire-{}-{index}", options.id);
            let region = Region::create(&name, size, options.backing);
            region
                .map(Arc::new)
                .map_err(|error| explain(error, options))
        };
        let regions = layout
            .regions
            .iter()
            .enumerate()
            .map(region)
            .collect::<Result<Vec<_>, _>>()?;
        let bell = |_| Bell::new().map(Arc::new);
        let bells = layout.rings.iter().map(bell).collect::<Result<_, _>>();
        let bells = bells.map_err(|error| Hangup::os("eventfd", &error))?;
        let (log2_slots, buffer_size) = (request.log2_slots, request.buffer_size);
        let memory = Self {
            layout,
            regions,
            bells,
            log2_slots,
            buffer_size,
        };
        memory.rings()?.iter().for_each(MappedRing::initialise);
        Ok(memory)
    }

    pub(super) fn offer(&self) -> Offer {
        let ring = |place: &memif_ring::RingPlace| AddRing {
            direction: place.direction,
            index: place.index,
            region: 0,
            offset: place.offset,
            log2_slots: self.log2_slots,
            private_header: 0,
        };
        let regions = self.regions.iter().map(|region| region.size()).collect();
        Offer {
            regions,
            rings: self.layout.rings.iter().map(ring).collect(),
        }
    }

    /// The descriptor that goes along with a message.
    pub(super) fn descriptor(&self, attach: Attach) -> Option<BorrowedFd<'_>> {
        match attach {
            Attach::Region(index) => self.regions.get(usize::from(index))?.file(),
            Attach::Ring { direction, index } => {
                let wanted = |place: &memif_ring::RingPlace| {
                    (place.direction, place.index) == (direction, index)
                };
                let at = self.layout.rings.iter().position(wanted)?;
                Some(self.bells[at].as_fd())
            }
        }
    }

    pub(super) fn regions(&self) -> Regions {
        Regions::new(self.regions.clone())
    }

    /// The rings with their buffers, to run on.
    pub(super) fn into_parts(self) -> Result<Vec<RingParts>, Hangup> {
        let regions = self.regions();
        let rings = self.rings()?;
        let parts = |((place, ring), bell): ((memif_ring::RingPlace, MappedRing), Arc<Bell>)| {
            let pool =
                Pool::new(&regions, &place.buffers, self.buffer_size).ok_or_else(inconsistent)?;
            let (direction, index) = (place.direction, place.index);
            Ok(RingParts {
                direction,
                index,
                ring,
                bell,
                pool: Some(pool),
            })
        };
        self.layout
            .rings
            .into_iter()
            .zip(rings)
            .zip(self.bells)
            .map(parts)
            .collect()
    }

    fn rings(&self) -> Result<Vec<MappedRing>, Hangup> {
        let base = self.regions.first().ok_or_else(inconsistent)?;
        let ring = |place: &memif_ring::RingPlace| {
            MappedRing::new(
                base,
                place.offset.into(),
                self.log2_slots,
                memif_ring::LineSize::default(),
            )
        };
        self.layout
            .rings
            .iter()
            .map(ring)
            .collect::<Option<_>>()
            .ok_or_else(inconsistent)
    }
}

/// Says what to do about huge pages that there are not.
fn explain(error: MapError, options: &LinkOptions) -> Hangup {
    match &error {
        MapError::Os { source, .. }
            if options.backing.huge_pages && source.kind() == ErrorKind::OutOfMemory =>
        {
            Hangup::ours(format!(
                "{error}: reserve huge pages of 2 MiB (sysctl vm.nr_hugepages), or do without"
            ))
        }
        _ => error.into(),
    }
}

fn inconsistent() -> Hangup {
    Hangup::ours("the memory layout does not fit its own regions")
}

fn request(options: &LinkOptions, negotiated: &Negotiated, announced: u64) -> Request {
    let buffers = 1u16 << negotiated.log2_slots;
    let when = |wanted: bool| if wanted { buffers } else { 0 };
    Request {
        rings_s2m: negotiated.rings_s2m,
        rings_m2s: negotiated.rings_m2s,
        log2_slots: negotiated.log2_slots,
        buffer_size: options.buffer_size_for(announced),
        buffers_s2m: when(options.traffic != Traffic::Receive),
        buffers_m2s: when(options.traffic != Traffic::Send),
        max_regions: negotiated.max_regions.into(),
    }
}

//! All regions of one link, and the judgement of descriptors against them.

use std::sync::Arc;

use crate::{Descriptor, PeerFault, Region, Segment};

/// The regions a client announced, by index.
#[derive(Clone, Debug, Default)]
pub struct Regions(Vec<Arc<Region>>);

impl Regions {
    /// Regions in the order of their index.
    pub fn new(regions: Vec<Arc<Region>>) -> Self {
        Self(regions)
    }

    /// The region with this index.
    #[inline]
    pub fn region(&self, index: u16) -> Option<&Arc<Region>> {
        self.0.get(usize::from(index))
    }

    /// Number of regions.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Bytes of all regions together.
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|region| region.size()).sum()
    }

    /// Whether memory of any region vanished under us.
    pub fn any_gone(&self) -> bool {
        self.0.iter().any(|region| region.is_gone())
    }

    /// The bytes that a fetched descriptor names, when it names any that exist.
    ///
    /// Judged in 64 bits on the copy: the peer cannot change what was checked.
    #[inline]
    pub fn judge(&self, descriptor: Descriptor) -> Result<Segment, PeerFault> {
        let Descriptor {
            region,
            offset,
            length,
            ..
        } = descriptor;
        if length == 0 {
            return Err(PeerFault::ZeroLength);
        }
        let have = self.0.len();
        let place = self
            .region(region)
            .ok_or(PeerFault::AbsentRegion { region, have })?;
        let start = place.range(offset.into(), length.into());
        let size = place.size();
        let start = start.ok_or(PeerFault::OutsideRegion {
            region,
            offset,
            length,
            size,
        })?;
        Ok(Segment { start, len: length })
    }
}

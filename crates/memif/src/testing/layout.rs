//! Where a client puts its rings and buffers.
//!
//! ```text
//! libmemif:  region 0 = S2M rings, M2S rings      region 1 = buffers
//! DPDK, VPP: region 0 = S2M rings, M2S rings, buffers
//! ```
//! Both give each ring as many buffers as it has slots, in ring order.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};

use super::datagrams::AddRing;
use super::mapping::Mapping;

/// How the memory is cut into regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Rings and buffers apart, as libmemif does.
    TwoRegions,
    /// All in one, as DPDK and VPP do without zero copy.
    OneRegion,
}

/// The geometry of a client's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Rings client to server.
    pub s2m: u16,
    /// Rings server to client.
    pub m2s: u16,
    /// Slots of every ring, as a power of two.
    pub log2_slots: u8,
    /// Bytes of every buffer.
    pub buffer_size: u32,
    /// One region or two.
    pub shape: Shape,
    /// Bytes of a header line: 64, or 128 as on aarch64.
    pub line: usize,
    /// Whether the memory promises not to shrink.
    pub sealed: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Layout {
            s2m: 1,
            m2s: 1,
            log2_slots: 8,
            buffer_size: 2048,
            shape: Shape::TwoRegions,
            line: 64,
            sealed: true,
        }
    }
}

impl Layout {
    /// Slots of every ring.
    pub fn slots(&self) -> u16 {
        1 << self.log2_slots
    }

    /// Bytes of one ring: two header lines and the descriptors.
    pub fn ring_len(&self) -> usize {
        2 * self.line + 16 * usize::from(self.slots())
    }

    /// Where a ring starts in region 0. `position` counts S2M rings, then M2S rings.
    pub fn ring_offset(&self, position: u16) -> usize {
        usize::from(position) * self.ring_len()
    }

    /// Position of an S2M or M2S ring among all rings.
    pub fn position(&self, is_s2m: bool, index: u16) -> u16 {
        if is_s2m { index } else { self.s2m + index }
    }

    /// The region of all buffers.
    pub fn buffer_region(&self) -> u16 {
        match self.shape {
            Shape::TwoRegions => 1,
            Shape::OneRegion => 0,
        }
    }

    /// Where the buffer of a slot starts in [`Layout::buffer_region`].
    pub fn buffer_offset(&self, position: u16, slot: u16) -> u32 {
        let number = u32::from(position) * u32::from(self.slots()) + u32::from(slot);
        self.buffers_start() + number * self.buffer_size
    }

    /// Bytes of each region, by index.
    pub fn region_sizes(&self) -> Vec<usize> {
        let rings = self.ring_offset(self.s2m + self.m2s);
        let count = usize::from(self.s2m + self.m2s) * usize::from(self.slots());
        let buffers = count * self.buffer_size as usize;
        match self.shape {
            Shape::TwoRegions => vec![rings, buffers],
            Shape::OneRegion => vec![self.buffers_start() as usize + buffers],
        }
    }

    /// The ADD_RING an honest client sends.
    pub fn add_ring(&self, is_s2m: bool, index: u16) -> AddRing {
        let offset = self.ring_offset(self.position(is_s2m, index));
        AddRing {
            flags: u16::from(is_s2m),
            index,
            region: 0,
            offset: u32::try_from(offset).expect("rings of a test fit 4 GiB"),
            log2_slots: self.log2_slots,
            private_header: 0,
        }
    }

    fn buffers_start(&self) -> u32 {
        let rings = self.ring_offset(self.s2m + self.m2s);
        match self.shape {
            Shape::TwoRegions => 0,
            Shape::OneRegion => u32::try_from(rings).expect("rings of a test fit 4 GiB"),
        }
    }
}

/// One region: its file, and our mapping of it.
#[derive(Debug)]
pub struct Region {
    /// A memfd.
    pub file: OwnedFd,
    /// All of it.
    pub mapping: Arc<Mapping>,
}

impl Region {
    /// A new memfd of `len` bytes, sealed against shrinking or not.
    pub fn new(len: usize, sealed: bool) -> io::Result<Region> {
        let file = memfd_create("raw memif", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&file, len as u64)?;
        if sealed {
            fcntl_add_seals(&file, SealFlags::SHRINK)?;
        }
        let mapping = Arc::new(Mapping::new(file.as_fd(), len)?);
        Ok(Region { file, mapping })
    }

    /// Bytes announced when honest.
    pub fn size(&self) -> u64 {
        self.mapping.len() as u64
    }
}

/// All of a client's memory.
#[derive(Debug, Default)]
pub struct Memory {
    /// By region index.
    pub regions: Vec<Region>,
}

impl Memory {
    /// Memory for a layout, all zero.
    pub fn new(layout: &Layout) -> io::Result<Memory> {
        let sizes = layout.region_sizes();
        let regions = sizes.into_iter().map(|len| Region::new(len, layout.sealed));
        Ok(Memory {
            regions: regions.collect::<io::Result<_>>()?,
        })
    }

    /// Cuts the file of a region. Nobody here may touch the lost part any more.
    pub fn truncate(&self, region: u16, len: u64) -> io::Result<()> {
        Ok(ftruncate(&self.regions[usize::from(region)].file, len)?)
    }
}

//! What both ends of a ring have in common, for both roles and directions.
//!
//! | | S2M | M2S |
//! |---|---|---|
//! | sends | client: writes all of the descriptor, moves head | server: writes flags and length, moves tail |
//! | receives | server: moves tail to release | client: posts the buffer again, moves head |

use std::sync::Arc;

use super::layout::Layout;
use super::mapping::Mapping;
use super::ring::{Descriptor, RawRing};

/// Every region of a client, mapped, by index.
pub type Regions = Arc<Vec<Arc<Mapping>>>;

/// Whose end of a ring this is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// Owns the buffers: those of the ring at `position` in `layout`.
    Client { layout: Layout, position: u16 },
    /// Uses whatever the descriptors say.
    Server,
}

/// What both ends of a ring need.
#[derive(Debug)]
pub(super) struct End {
    pub(super) ring: RawRing,
    pub(super) regions: Regions,
    pub(super) role: Role,
    pub(super) next: u16,
}

impl End {
    /// The client's own, empty buffer behind an index.
    fn own_buffer(layout: &Layout, position: u16, index: u16) -> Descriptor {
        let slot = index & (layout.slots() - 1);
        Descriptor {
            flags: 0,
            region: layout.buffer_region(),
            length: layout.buffer_size,
            offset: layout.buffer_offset(position, slot),
            metadata: 0,
        }
    }

    /// The empty buffer to fill at an index: our own, or the one posted there.
    pub(super) fn empty(&self, index: u16) -> Descriptor {
        match &self.role {
            Role::Client { layout, position } => End::own_buffer(layout, *position, index),
            Role::Server => self.ring.descriptor(index),
        }
    }

    pub(super) fn bytes(&self, region: u16) -> &Mapping {
        &self.regions[usize::from(region)]
    }
}

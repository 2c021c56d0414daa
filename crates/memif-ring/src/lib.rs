//! The shared-memory half of memif: regions, rings, descriptors and buffers.
//!
//! Everything here is written against a **hostile peer**: the other process may write any byte of any
//! region at any time. Three habits keep the safe API sound whatever it does:
//!
//! 1. a descriptor is fetched once, judged as a copy, and only the copy is used ([`Descriptor`], [`Regions`]);
//! 2. our own positions and the buffers we posted live in private memory and are never read back;
//! 3. payload is reached through [`Span`], which copies, never through a slice somebody else can write.
//!
//! A link has four ring ends, two per role. The client owns all memory and its buffers are a [`Pool`]; the
//! server finds its buffers in the descriptors the client posted:
//!
//! | | client → server (S2M) | server → client (M2S) |
//! |---|---|---|
//! | client | [`ClientProducer`] | [`ClientConsumer`] |
//! | server | [`ServerConsumer`] | [`ServerProducer`] |
//!
//! The queue logic of these four holds no unsafe code: it runs over the trait [`SharedRing`], implemented by
//! [`MappedRing`] for shared memory and by a model for loom.

mod biased;
mod chain;
mod client_consumer;
mod client_producer;
mod counters;
mod descriptor;
mod drain;
mod fault;
mod layout;
mod mapped;
mod pool;
mod records;
mod region;
mod regions;
mod server_consumer;
mod server_producer;
mod shared;
pub mod sigbus;
mod span;
mod sync;

#[cfg(all(test, not(loom)))]
mod heap;
#[cfg(all(test, not(loom)))]
mod tests;

pub use biased::{Biased, Guest};
pub use chain::{Chain, Segment};
pub use client_consumer::ClientConsumer;
pub use client_producer::ClientProducer;
pub use counters::{Counter, Counters, Totals};
pub use descriptor::{Descriptor, NEXT};
pub use drain::Drain;
pub use fault::PeerFault;
pub use layout::{Layout, LayoutError, Request, RingPlace};
pub use mapped::MappedRing;
pub use pool::Pool;
pub use records::Binding;
pub use region::{Backing, MapError, Region, Seals};
pub use regions::Regions;
pub use server_consumer::ServerConsumer;
pub use server_producer::ServerProducer;
pub use shared::{
    LineSize, MASK_INTERRUPT, RING_COOKIE, SharedRing, Signals, WANT_ROOM, ring_bytes,
};
pub use span::{Span, SpanMut};

//! Clients that know nothing but the wire, whatever sort of agent they have.

#[path = "load.rs"]
mod load;
#[path = "raw.rs"]
mod raw;

#[allow(unused_imports, reason = "each test uses its part")]
pub(crate) use load::Load;
#[allow(unused_imports, reason = "each test uses its part")]
pub(crate) use raw::*;

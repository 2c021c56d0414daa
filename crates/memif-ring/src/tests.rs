//! Tests that need more than one part: both ends of a ring, honest and hostile.

mod any_slot;
mod ends;
mod hostile;
mod in_place;
mod malformed;
mod model;
mod overrun;
mod pair;
mod pool;

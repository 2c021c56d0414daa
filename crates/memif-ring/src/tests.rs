//! Tests that need more than one part: both ends of a ring, honest and hostile.

mod ends;
mod in_place;
mod model;
mod pair;
mod pool;

//! Classes of frames: who is served first where they compete, and what stays in order whoever is.
//!
//! Most of these tests turn the agent themselves, so that all frames are there before it looks at the first.
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

#[path = "../common/mod.rs"]
mod common;

mod buffers;
mod completions;
mod intake;
mod load;
mod tenant;

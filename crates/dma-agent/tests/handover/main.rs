//! An agent whose clients a successor takes over: two agents in one process, clients and heirs by hand.
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

#[path = "../common/mod.rs"]
mod common;

mod dynasty;
mod estates;
mod hand;
mod heirs;
mod load;
mod middle;

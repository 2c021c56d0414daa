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
#[allow(dead_code, reason = "shared with the tests of ports")]
#[path = "../ports/host.rs"]
mod host;
mod load;
mod middle;
mod ports;

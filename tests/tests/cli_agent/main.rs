//! `memwire agent` and the commands that ask it, as a user meets them: real processes, real tenants.

#[allow(dead_code, reason = "shared with the tests of the other commands")]
#[path = "../cli/program.rs"]
mod program;

#[allow(dead_code, reason = "shared with the tests of the agent's library")]
#[allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]
#[path = "../../../crates/dma-agent/tests/common/wire.rs"]
mod wire;

mod capture;
mod commands;
mod daemon;
mod reload;
mod service;
mod take_over;
mod upgrade;
mod users;

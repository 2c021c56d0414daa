//! The agent as a daemon: configured, reloaded, asked and measured, while clients go on.
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

#[path = "../common/mod.rs"]
mod common;

mod callers;
mod control;
mod daemon;
mod lost;
mod metrics;
mod notices;
mod reload;
mod rules;

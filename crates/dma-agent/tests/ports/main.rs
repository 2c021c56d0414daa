//! The ports that are no clients, with real interfaces and real links behind them.
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

#[path = "../common/mod.rs"]
mod common;

mod accounts;
mod capture;
mod host;
mod lost;
mod memif_links;
mod network_interface;
mod ping;
mod recordings;
mod stream;
mod tap_interface;

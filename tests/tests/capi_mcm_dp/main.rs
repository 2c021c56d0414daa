//! `libmcm_dp` from C: each point of what the original gets wrong, every payload, foreign peers.
//!
//! The C programs in `c/mcm_dp` are compiled against the header and the library as they are here, and
//! run as processes of their own:
//!
//! - `puppet` is one side of connections and does what a test tells it, a call at a time;
//! - `both` is both sides in one process, with threads;
//! - `misuse` does what no program should;
//! - `layout` is a list of assertions for the compiler.

mod buffers;
mod death;
mod draining;
mod foreign;
mod holdings;
mod layout;
mod liars;
mod libmemif;
mod many;
mod measure;
mod metadata;
mod misuse;
mod pair;
mod payloads;
mod pollable;
mod programs;
mod protocol;
mod puppet;
mod sanitized;
mod shortage;
mod signals;
mod silence;
mod sizes;
mod socket_file;
mod symbols;
mod threads;
mod timeouts;
mod waiting;

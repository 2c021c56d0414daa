//! Against DPDK's testpmd, both roles, as it comes from Debian.
//!
//! In each test testpmd is one end and a process of our own the other. No frame
//! is lost while both sides keep up: the counters of both have to agree exactly.

mod pair;
mod traffic;
mod trouble;

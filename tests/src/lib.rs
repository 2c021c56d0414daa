//! Memwire from outside: what the tests share.
//!
//! - [`process`]: other programs, with deadlines on everything they are asked;
//! - [`holdings`]: what a process holds open, to show that nothing leaks;
//! - [`testpmd`], [`libmemif`]: foreign peers, driven through their own doors;
//! - [`endpoint`]: our own peer as a process of its own, to be the victim;
//! - [`frames`], [`counters`]: what is sent, and what came of it;
//! - [`built`]: the `memwire` program itself, and the C libraries; [`agent`]: it as an agent;
//! - [`c_library`]: the C libraries with the programs that test them; [`symbols`]: what such a library exports and needs;
//! - [`host`]: another host, to put an interface on;
//! - [`missing`]: how a test says that it did not run.
//!
//! Everything here is for tests: what cannot go on panics with what it saw.

pub mod agent;
pub mod built;
pub mod c_library;
pub mod counters;
pub mod deadline;
pub mod endpoint;
pub mod frames;
pub mod holdings;
pub mod host;
pub mod libmemif;
pub mod missing;
pub mod process;
pub mod symbols;
pub mod testpmd;

/// A directory of its own for one test, gone with it.
pub fn workshop() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("memwire-test-")
        .tempdir()
        .expect("a temporary directory")
}

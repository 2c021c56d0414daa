//! Every interleaving, and every order the memory model allows, of what threads do on a ring. To run it:
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p memif-ring --test loom --release
//! ```
//!
//! with a target directory of its own (`--target-dir target/loom`), as the flag rebuilds everything.
//!
//! # Safety
//!
//! Payload is reached through loom's `UnsafeCell`, which is the point: loom fails the test on every access that is not
//! ordered against a write.
#![cfg(loom)]
#![allow(unsafe_code)]

#[path = "loom/biased.rs"]
mod biased;
#[path = "loom/payload.rs"]
mod payload;
#[path = "loom/ring.rs"]
mod ring;
#[path = "loom/wake.rs"]
mod wake;

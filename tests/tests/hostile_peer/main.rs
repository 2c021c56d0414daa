//! Peers that lie, misbehave, or just stand there.
//!
//! The victim is a process of its own. Beside each liar an honest client works
//! on another id of the same socket and must notice nothing; after each liar
//! the victim still runs, serves an honest peer on the attacked id, and holds
//! exactly as many descriptors, mappings and threads as before.

mod announcements;
mod crowd;
mod fds;
mod handshake;
mod lying_server;
mod lying_server_rings;
mod memory;
mod program;
mod rings;
mod strangers;
mod victim;

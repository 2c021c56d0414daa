//! `libdescsock-client.so`: Ethernet frames from a DMA Agent, for C programs.
//!
//! ```text
//! seed         descsock_*: the documented names, the contract of descsock.h
//! release      descsock_client_*: the names that programs link, the contract of descsock_client.h
//! abi          the structures of both headers, with their layouts asserted;  ifh: labels of a frame
//! spec         what a program asks for, read with care
//! connection   the one connection of the process
//! stats        descsock_client_stats, which a program may have a copy of
//! failure      errno;  cntl, log, signals
//! ```
//!
//! The work is done by `descsock`; what is here is what C needs around it. The contract is in the headers, and the
//! tests are C programs.

mod abi;
mod cntl;
mod connection;
mod failure;
mod ifh;
mod release;
mod seed;
mod signals;
mod spec;
mod stats;

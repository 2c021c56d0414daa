//! `libdescsock-client` from C: each sentence of the documented contract, the answers of the released library, and each
//! defect of the original.
//!
//! The C programs in `c/descsock` are compiled against the headers and the library as they are here, and run as processes
//! of their own; the agent is a thread of the test:
//!
//! - `puppet` makes the calls that a test tells it to, with either set of names, and with the structures of any release;
//! - `idle` polls where system calls are forbidden; `threads` does everything at once;
//! - `cancelled` cancels threads in the middle of calls;
//! - `layout` is a list of assertions for the compiler.

mod agent;
mod cancelled;
mod counters;
mod defects;
mod descriptors;
mod documented_open;
mod documented_poll;
mod documented_recv;
mod documented_send;
mod huge_pages;
mod labels;
mod layout;
mod mute;
mod programs;
mod puppet;
mod released;
mod restart;
mod symbols;
mod versions;

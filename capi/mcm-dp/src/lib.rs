//! `libmcm_dp.so`: the media connection API of `mcm_dp.h`, for C programs.
//!
//! ```text
//! api          the exported functions: null checks, conversion, errors
//! abi          the structures of the header, with their layouts asserted
//! plan         parameters, checked: role, address, id;  payload: sizes and formats
//! create       waiting for the peer;  masters: listening sockets shared within the process
//! connection   dequeue and enqueue;  end: the sender or receiver below
//! buffers      what the program holds;  turn: one thread at a time
//! notifier     the pollable descriptor;  news, signals: sleeping
//! failure      mcm_dp_error, errno and words;  counters
//! ```
//!
//! The work is done by `media`; what is here is what C needs around it. The contract is in the
//! headers, and the tests are C programs.

mod abi;
mod api;
mod buffers;
mod connection;
mod counters;
mod create;
mod end;
mod failure;
mod masters;
mod news;
mod notifier;
mod payload;
mod plan;
mod signals;
mod turn;

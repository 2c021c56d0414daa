//! The client against a real agent, and against agents that lie.

mod agent;
mod batches;
mod death;
mod directed;
mod exchange;
mod lying;
mod memory;
mod misuse;
mod readiness;
mod statistics;

//! The client against a real agent, over rings, as between our own, and against agents that lie.

#[path = "it/agent.rs"]
mod agent;
#[path = "it/batches.rs"]
mod batches;
#[path = "it/death.rs"]
mod death;
#[path = "it/directed.rs"]
mod directed;
#[path = "it/exchange.rs"]
mod exchange;
#[path = "it/harm.rs"]
mod harm;
#[path = "it/lying.rs"]
mod lying;
#[path = "it/memory.rs"]
mod memory;
#[path = "it/misuse.rs"]
mod misuse;
#[path = "it/offer.rs"]
mod offer;
#[path = "it/readiness.rs"]
mod readiness;
#[path = "it/statistics.rs"]
mod statistics;

/// Whether the clients of these tests offer rings.
const RINGS: bool = true;

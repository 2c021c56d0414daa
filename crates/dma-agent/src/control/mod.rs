//! The control socket: asking an agent how it is, and telling it what to do.
//!
//! A stream socket for the agent's own user and root. One request is one line, a JSON object; so is its reply.
//!
//! ```text
//!   {"v":1,"ask":"ports"}                     {"v":1,"ok":{"ports":[…]}}
//!   {"v":1,"ask":{"fdb":{"skip":0}}}          {"v":1,"ok":{"fdb":{…}}}
//!   {"v":1,"ask":{"flush":{"nti":4095}}}      {"v":1,"ok":{"flushed":3}}
//!   {"v":1,"ask":"forty-two"}                 {"v":1,"error":{"code":"request","text":"…"}}
//!   {"v":1,"ask":{"capture":{"port":"cam"}}}  {"v":1,"ok":{"capture":"capture-1"}}, then pcapng until it is closed
//! ```
//!
//! A successor asks here, too, for all that the agent has: `take-over`, and then parcels in a format of their own.
//!
//! The agent never waits for a caller. A request has at most [`MOST_REQUEST`] bytes; whoever does not read is let go of.

mod client;
pub(crate) mod desk;
mod info;
mod message;

pub use client::{Control, ControlError};
pub use info::{
    ClientInfo, DropsInfo, EndpointInfo, FdbEntry, FdbInfo, FdbStatistics, MemberInfo, PortDrops,
    PortInfo, ServiceInfo, Status,
};
pub use message::{Answer, Ask, Code, Failure, FlushWhat, Question, Reply};

/// The version of the requests and replies.
pub const VERSION: u32 = 1;
/// The longest request in bytes, its newline included.
pub const MOST_REQUEST: usize = 4096;
/// Addresses of the FDB in one reply.
pub const FDB_PAGE: usize = 2048;

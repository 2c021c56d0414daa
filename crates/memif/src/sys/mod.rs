//! The operating-system layer: sockets, event descriptors, time. All of it through `rustix`, none
//! of it unsafe but one call in [`credentials`], nothing of it aware of memif beyond the length of a message.
//!
//! | module | owns |
//! |---|---|
//! | [`address`] | where a server listens, as users write it |
//! | [`seqpacket`] | one connection: datagrams, descriptors, credentials |
//! | [`listen`] | the listening socket, [`claim`] the file it lives in, [`lock`] who may replace that file |
//! | [`epoll`], [`timer`], [`bell`], [`waker`] | waiting, deadlines, wake-ups |
//! | [`stream`] | listening sockets for other services, claimed with the same care |
//! | [`clock`] | time since boot |

mod address;
mod bell;
mod claim;
mod clock;
mod credentials;
mod epoll;
#[cfg(test)]
mod harness;
mod listen;
mod lock;
mod seqpacket;
mod stream;
mod timer;
mod waker;

pub use address::{Address, AddressError};
pub use claim::SocketClaim;
pub use credentials::Credentials;
pub use listen::{BindError, SocketFile};
pub use stream::StreamListener;

pub(crate) use bell::{Bell, NotABell};
pub(crate) use clock::{coarse_now, now};
pub(crate) use epoll::{Epoll, Ready, Trigger};
pub(crate) use listen::ListenSocket;
pub(crate) use seqpacket::{Incoming, SeqPacket};
pub(crate) use timer::Timer;
pub(crate) use waker::Waker;

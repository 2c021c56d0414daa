//! What can go wrong between sender and receiver, sorted by whose fault it is.

use memif::{Ended, Misuse};

use crate::CapsTooLong;

/// Why a frame was not sent or received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The link: its time was over, it ended, the peer broke a rule, the system refused, or it was
    /// used wrongly. The inner error tells which.
    #[error(transparent)]
    Link(#[from] memif::Error),
    /// The caller's description of the stream is longer than a trailer carries.
    #[error(transparent)]
    Caps(#[from] CapsTooLong),
}

impl Error {
    /// Whether only the time was over.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Link(error) if error.is_timeout())
    }

    /// Whether the link ended.
    pub fn is_disconnected(&self) -> bool {
        self.ended().is_some()
    }

    /// How the link ended, if that is what happened.
    pub fn ended(&self) -> Option<&Ended> {
        match self {
            Self::Link(memif::Error::Disconnected(ended)) => Some(ended),
            _ => None,
        }
    }
}

impl From<Misuse> for Error {
    fn from(misuse: Misuse) -> Self {
        Self::Link(misuse.into())
    }
}

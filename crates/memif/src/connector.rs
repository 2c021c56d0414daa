//! The client's way to a server.

use std::sync::Arc;
use std::time::Duration;

use crate::control::{Backoff, ClientWork, Hub, Way, Work};
use crate::core::LinkCore;
use crate::{Address, Error, Link, LinkOptions, Role};

/// Time for one handshake, prefaulting included. Generous: some servers look at their sockets once a second.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Where and how a client connects.
#[derive(Clone, Debug)]
pub struct Connector {
    address: Address,
    name: String,
    backoff: Backoff,
    handshake: Duration,
}

impl Connector {
    /// Connects to the server at `address`.
    pub fn new(address: &Address) -> Self {
        let (name, backoff) = ("memwire".to_owned(), Backoff::default());
        Self {
            address: address.clone(),
            name,
            backoff,
            handshake: HANDSHAKE,
        }
    }

    /// The application's name shown to the server, at most 15 bytes.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self
        }
    }

    /// Pauses between attempts: the first, doubling up to the longest. 2 ms and 100 ms unless set.
    #[must_use]
    pub fn backoff(self, first: Duration, longest: Duration) -> Self {
        let first = first.max(Duration::from_millis(1));
        Self {
            backoff: Backoff {
                first,
                longest: longest.max(first),
            },
            ..self
        }
    }

    /// Time for one handshake, 10 s unless set.
    #[must_use]
    pub fn handshake_deadline(self, handshake: Duration) -> Self {
        Self { handshake, ..self }
    }

    /// A link that connects, now and again after the server was gone. Returns at once, whether a server is there or not.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] when the options are impossible, [`Error::Os`] when descriptors run out.
    pub fn link(&self, options: LinkOptions) -> Result<Link, Error> {
        let core = LinkCore::new(options, Role::Client)?;
        let Self {
            address,
            name,
            backoff,
            handshake,
        } = self.clone();
        let hub = Hub::new(|_, hub| {
            let (way, link) = (Way::To(address), Arc::clone(&core));
            Ok(Work::Client(ClientWork::new(
                way, link, &name, backoff, handshake, hub,
            )?))
        })?;
        hub.start()?;
        Link::new(core, hub)
    }
}

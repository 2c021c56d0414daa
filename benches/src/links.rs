//! The Memwire link between the two processes of a run.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use memif::{Address, Connector, Link, LinkOptions, Listener, Role, Traffic};

use crate::exchange::{PATIENCE, Run};

/// Which way frames travel. The measuring process receives in both cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the client, whose memory it is, to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl Direction {
    /// Connects the process that sends.
    pub(crate) fn sending(self, run: &Run, options: LinkOptions) -> Result<Link> {
        let role = match self {
            Self::ToServer => Role::Client,
            Self::ToClient => Role::Server,
        };
        open(role, run, options.traffic(Traffic::Send))
    }

    /// Connects the process that receives.
    pub(crate) fn receiving(self, run: &Run, options: LinkOptions) -> Result<Link> {
        let role = match self {
            Self::ToServer => Role::Server,
            Self::ToClient => Role::Client,
        };
        open(role, run, options.traffic(Traffic::Receive))
    }
}

/// A link that is up.
pub(crate) fn open(role: Role, run: &Run, options: LinkOptions) -> Result<Link> {
    let address: Address = run.socket.parse()?;
    let link = match role {
        Role::Server => Listener::bind(&address)?.link(options)?,
        Role::Client => Connector::new(&address).link(options)?,
    };
    link.wait_up(PATIENCE)
        .context("the two processes could not connect")?;
    Ok(link)
}

/// Closes the link of the process that sends, once everything sent was taken.
pub(crate) fn close(link: Link) -> Result<()> {
    let ended = link.close(PATIENCE.unwrap_or(Duration::MAX));
    let left = ended.undelivered;
    ensure!(left == 0, "{left} buffers were never taken: {ended}");
    Ok(())
}

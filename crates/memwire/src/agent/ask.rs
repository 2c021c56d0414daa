//! Finding the agent that runs, and asking it.

use clap::Args;
use dma_agent::config::places;
use dma_agent::control::{Ask, Control, ControlError, Reply};
use memif::Address;

use crate::exit::misuse;

/// Which agent is asked.
#[derive(Args, Clone, Debug)]
pub(crate) struct At {
    /// The agent's control socket; without it those of this user's agent, of root's and of the system's service are tried
    #[arg(long, value_name = "PATH", value_parser = super::address)]
    control: Option<Address>,
}

impl At {
    /// Connects to the agent that was named, or to the first that answers at a usual place.
    pub(super) fn connect(&self) -> anyhow::Result<Control> {
        if let Some(address) = &self.control {
            return Ok(Control::connect(address)?);
        }
        let places = places::controls();
        for place in &places {
            match Control::connect(place) {
                Ok(control) => return Ok(control),
                Err(ControlError::NoAgent { source, .. }) if nobody(&source) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let places: Vec<_> = places.iter().map(ToString::to_string).collect();
        anyhow::bail!(
            "no agent answers at {}: start one with memwire agent, or name its socket with --control PATH",
            places.join(" or ")
        )
    }

    /// Asks one thing. What the agent cannot find is what the command should not have named.
    pub(super) fn ask(&self, ask: Ask) -> anyhow::Result<Reply> {
        self.connect()?.ask(ask).map_err(told)
    }
}

/// What the agent says: naming what is not there is the caller's mistake.
pub(super) fn told(error: ControlError) -> anyhow::Error {
    use dma_agent::control::Code::NotFound;
    match error {
        ControlError::Refused(failure) if failure.code == NotFound => misuse(failure),
        error => error.into(),
    }
}

/// Another sort of reply than was asked for.
pub(super) fn unexpected() -> anyhow::Error {
    anyhow::anyhow!("the agent's reply is not what was asked for: are both of one version?")
}

fn nobody(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused)
}

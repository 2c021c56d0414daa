//! What two processes do together, once.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Result;

use crate::cli::{PeerArgs, Settings};
use crate::cores::Cores;
use crate::figures::Sample;
use crate::peer::Peer;
use crate::subject::Subject;

/// Waits in a run end after this long with an error: something is broken.
pub(crate) const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));

/// An exchange between two processes, as each of them plays it.
pub(crate) trait Exchange {
    /// Why it cannot be measured on this machine, if it cannot.
    fn unavailable(&self) -> Option<String> {
        None
    }
    /// The half that starts the other process, measures, and verifies what was moved.
    fn measure(&self, run: &Run) -> Result<Sample>;
    /// The half of the second process.
    fn accompany(&self, run: &Run) -> Result<()>;
}

/// One run of one subject; both processes have the same.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// What is measured.
    pub(crate) subject: Subject,
    /// An abstract socket name that no other run has.
    pub(crate) socket: String,
    percent: u64,
    cores: Cores,
}

/// How much there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// Before the measurement starts.
    pub(crate) warm_up: u64,
    /// While it runs.
    pub(crate) measured: u64,
}

impl Run {
    /// The run that this socket name stands for.
    pub(crate) fn new(args: PeerArgs, settings: &Settings, cores: Cores) -> Self {
        let PeerArgs { subject, socket } = args;
        Self {
            subject,
            socket,
            percent: settings.percent,
            cores,
        }
    }

    /// The share of `usual` that was asked for, and an eighth of it before, at least `warm_up`.
    pub(crate) fn work(&self, usual: u64, warm_up: u64) -> Work {
        let measured = (usual * self.percent / 100).max(1);
        Work {
            warm_up: warm_up.max(measured / 8),
            measured,
        }
    }

    /// Starts the second process, with nothing but the socket between the two.
    pub(crate) fn start_peer(&self) -> Result<Peer> {
        self.start_peer_with(Stdio::null(), Stdio::null())
    }

    /// Starts the second process with these descriptors as its standard input and output.
    pub(crate) fn start_peer_with(&self, input: Stdio, output: Stdio) -> Result<Peer> {
        Peer::start(
            self.subject,
            &self.socket,
            self.percent,
            self.cores,
            input,
            output,
        )
    }
}

impl Work {
    /// Both together.
    pub(crate) fn total(self) -> u64 {
        self.warm_up + self.measured
    }
}

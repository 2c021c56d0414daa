//! What can be asked, and what is answered. New fields may be added to replies at any time.

use serde::{Deserialize, Serialize};

use super::VERSION;
use super::info::{ClientInfo, DropsInfo, FdbInfo, PortInfo, ServiceInfo, Status};
use crate::change::Change;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// [`VERSION`].
    pub v: u32,
    /// What is wanted.
    pub ask: Ask,
}

/// What can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// How the agent is.
    Status,
    /// The ports.
    Ports,
    /// Addresses that are known, some at a time.
    Fdb {
        /// How many to pass over.
        #[serde(default)]
        skip: usize,
    },
    /// Who offers what.
    Services,
    /// Frames that were dropped, by reason.
    Drops,
    /// The ports that are clients'.
    Clients,
    /// To forget addresses.
    Flush(FlushWhat),
    /// To read the configuration again.
    Reload,
    /// Copies of frames from now on, on this connection.
    Capture {
        /// Only what this port sends and receives.
        #[serde(default)]
        port: Option<String>,
    },
    /// To start the program that is installed now, so that it takes over.
    Upgrade,
    /// To hand everything over, on this connection.
    TakeOver {
        /// The formats that the successor understands.
        formats: Vec<u32>,
        /// The successor's version.
        version: String,
    },
}

/// Which addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlushWhat {
    /// All.
    All,
    /// Those behind this port.
    Port(String),
    /// Those in this domain.
    Nti(u16),
    /// This one, in all domains.
    Mac(String),
}

/// One reply: one of both is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// [`VERSION`].
    pub v: u32,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<Reply>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

impl From<Result<Reply, Failure>> for Answer {
    fn from(result: Result<Reply, Failure>) -> Self {
        let (ok, error) = match result {
            Ok(reply) => (Some(reply), None),
            Err(failure) => (None, Some(failure)),
        };
        Self {
            v: VERSION,
            ok,
            error,
        }
    }
}

/// Why a request is not fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// For programs.
    pub code: Code,
    /// For people.
    pub text: String,
}

/// The sorts of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The request is none.
    Request,
    /// The request is of another version.
    Version,
    /// The caller may not ask.
    NotAllowed,
    /// There is no such port, address or domain.
    NotFound,
    /// Too many are asking.
    Busy,
    /// It was tried.
    Failed,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// See [`Ask::Status`].
    Status(Box<Status>),
    /// See [`Ask::Ports`].
    Ports(Vec<PortInfo>),
    /// See [`Ask::Fdb`].
    Fdb(FdbInfo),
    /// See [`Ask::Services`].
    Services(Vec<ServiceInfo>),
    /// See [`Ask::Drops`].
    Drops(DropsInfo),
    /// See [`Ask::Clients`].
    Clients(Vec<ClientInfo>),
    /// Addresses that were forgotten.
    Flushed(usize),
    /// What has changed.
    Reloaded(Vec<Change>),
    /// The port that takes the copies. What follows is pcapng.
    Capture(String),
    /// The process that was started. Whether it has taken over, its own status tells.
    Upgrading(u32),
    /// The successor can have it all. What follows are no lines.
    TakeOver {
        /// The format in which it comes.
        format: u32,
        /// The version of the agent that hands over.
        version: String,
    },
}

//! The other end of the control socket, for programs that may wait.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::Duration;

use memif::{Address, Credentials};

use super::VERSION;
use super::info::FdbInfo;
use super::message::{Answer, Ask, Failure, Question, Reply};

/// An agent answers at once; one that does not, hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest reply that is believed, in bytes.
const MOST_REPLY: u64 = 16 << 20;

/// A connection to an agent.
#[derive(Debug)]
pub struct Control {
    stream: BufReader<UnixStream>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// Nobody answers there.
    #[error("no agent answers at {address}: {source}")]
    NoAgent {
        /// Where.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the agent does not answer: {0}")]
    Io(#[from] io::Error),
    /// The agent says no.
    #[error("{0}")]
    Refused(#[from] Failure),
    /// The reply is none.
    #[error("the agent's reply is not understood: {0}")]
    Reply(String),
}

impl Control {
    /// Connects.
    ///
    /// # Errors
    /// [`ControlError::NoAgent`].
    pub fn connect(address: &Address) -> Result<Self, ControlError> {
        let stream = connect(address).map_err(|source| ControlError::NoAgent {
            address: address.to_string(),
            source,
        })?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let stream = BufReader::new(stream);
        Ok(Self { stream })
    }

    /// Asks, and waits for the reply.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub fn ask(&mut self, ask: Ask) -> Result<Reply, ControlError> {
        let question = Question { v: VERSION, ask };
        let mut line = serde_json::to_vec(&question).map_err(io::Error::from)?;
        line.push(b'\n');
        // An agent that turns a caller away has said why before it closed.
        let asked = self.stream.get_mut().write_all(&line);
        let mut line = Vec::new();
        let heard = (&mut self.stream)
            .take(MOST_REPLY)
            .read_until(b'\n', &mut line);
        if line.last() != Some(&b'\n') {
            asked?;
            heard?;
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let answer = serde_json::from_slice::<Answer>(&line);
        let answer = answer.map_err(|error| ControlError::Reply(error.to_string()))?;
        match (answer.ok, answer.error) {
            (Some(reply), _) => Ok(reply),
            (None, Some(failure)) => Err(failure.into()),
            (None, None) => Err(ControlError::Reply("neither ok nor error".to_owned())),
        }
    }

    /// Who answers.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn credentials(&self) -> io::Result<Credentials> {
        Credentials::of(self.stream.get_ref().as_fd())
    }

    /// The connection, for something else than lines. Nothing may have come that was not asked for.
    pub(crate) fn into_socket(self) -> OwnedFd {
        self.stream.into_inner().into()
    }

    /// All addresses that the agent knows, page by page.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub fn fdb(&mut self) -> Result<FdbInfo, ControlError> {
        let mut all = self.fdb_page(0)?;
        while all.more {
            let page = self.fdb_page(all.entries.len())?;
            all.more = page.more && !page.entries.is_empty();
            all.entries.extend(page.entries);
        }
        Ok(all)
    }

    fn fdb_page(&mut self, skip: usize) -> Result<FdbInfo, ControlError> {
        match self.ask(Ask::Fdb { skip })? {
            Reply::Fdb(page) => Ok(page),
            _ => Err(ControlError::Reply(
                "another one than was asked for".to_owned(),
            )),
        }
    }

    /// After [`Ask::Capture`]: what the agent sends from now on. Reading times out after `slice`.
    ///
    /// # Errors
    /// What the system says.
    pub fn into_stream(self, slice: Duration) -> io::Result<impl Read> {
        self.stream.get_ref().set_read_timeout(Some(slice))?;
        Ok(self.stream)
    }
}

fn connect(address: &Address) -> io::Result<UnixStream> {
    match address {
        Address::Path(path) => UnixStream::connect(path),
        Address::Abstract(name) => UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?),
    }
}

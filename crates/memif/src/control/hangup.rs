//! The end of a control connection, and messages on it.

use std::io;

use memif_ring::MapError;
use memif_wire::{Disconnect, MESSAGE_LEN, Message, Violation};

use crate::sys::{Incoming, NotABell, SeqPacket};
use crate::{Misuse, Side};

use std::os::fd::{BorrowedFd, OwnedFd};

/// Why a connection ends.
#[derive(Clone, Debug)]
pub(crate) struct Hangup {
    pub(crate) by: Side,
    /// Whether it was announced by whoever ended it.
    pub(crate) clean: bool,
    /// Whether somebody said no, broke a rule or gave up: more than a mere absence.
    pub(crate) refused: bool,
    pub(crate) reason: String,
    /// The system's error number, if this process lacks something.
    pub(crate) errno: Option<i32>,
}

impl Hangup {
    /// The peer broke a rule.
    pub(crate) fn fault(reason: impl ToString) -> Self {
        Self {
            by: Side::Peer,
            clean: false,
            refused: true,
            reason: reason.to_string(),
            errno: None,
        }
    }

    /// The peer is gone.
    pub(crate) fn vanished(reason: impl ToString) -> Self {
        Self {
            by: Side::Peer,
            clean: false,
            refused: false,
            reason: reason.to_string(),
            errno: None,
        }
    }

    /// The peer said goodbye.
    pub(crate) fn said(disconnect: &Disconnect) -> Self {
        let text = disconnect.text.text();
        let reason = if text.is_empty() {
            "no reason given".to_owned()
        } else {
            text
        };
        Self {
            by: Side::Peer,
            clean: true,
            refused: true,
            reason,
            errno: None,
        }
    }

    /// Something on this side does not work.
    pub(crate) fn ours(reason: impl ToString) -> Self {
        Self {
            by: Side::Us,
            clean: false,
            refused: true,
            reason: reason.to_string(),
            errno: None,
        }
    }

    /// A call of the system failed on this side.
    pub(crate) fn os(call: &str, error: &io::Error) -> Self {
        Self {
            errno: error.raw_os_error(),
            ..Self::ours(format!("{call} failed: {error}"))
        }
    }

    /// This side is done with the link.
    pub(crate) fn closed(reason: &str) -> Self {
        Self {
            clean: true,
            ..Self::ours(reason)
        }
    }

    /// This side breaks down, and leaves as if it had been killed: without a word.
    pub(crate) fn broken(reason: &str) -> Self {
        Self {
            refused: false,
            ..Self::ours(reason)
        }
    }

    /// Whether the other end is to be told, and not gone already.
    pub(crate) fn worth_saying(&self) -> bool {
        self.refused && (self.by == Side::Us || !self.clean)
    }

    /// The reason the peer gave before it vanished, if it did: a message that could not be sent any more hides it.
    pub(crate) fn or_last_words(self, socket: &SeqPacket) -> Self {
        if self.by == Side::Us || self.clean || self.refused {
            return self;
        }
        while let Ok(Some((bytes, len, _))) = receive(socket) {
            if let Ok(Message::Disconnect(disconnect)) = Message::decode(&bytes[..len]) {
                return Self::said(&disconnect);
            }
        }
        self
    }
}

impl From<Violation> for Hangup {
    fn from(violation: Violation) -> Self {
        Self::fault(violation)
    }
}

impl From<MapError> for Hangup {
    fn from(error: MapError) -> Self {
        match error {
            MapError::Os { ref source, .. } | MapError::NoHugePages { ref source, .. } => Self {
                errno: source.raw_os_error(),
                ..Self::ours(error)
            },
            peer => Self::fault(peer),
        }
    }
}

impl From<NotABell> for Hangup {
    fn from(error: NotABell) -> Self {
        match error {
            NotABell::OtherFile => Self::fault(error),
            NotABell::Os { ref source, .. } => Self {
                errno: source.raw_os_error(),
                ..Self::ours(error)
            },
        }
    }
}

impl From<Misuse> for Hangup {
    fn from(misuse: Misuse) -> Self {
        Self::ours(misuse)
    }
}

/// One datagram: its bytes, how many of them there are, and the one descriptor that came along.
pub(crate) type Datagram = ([u8; MESSAGE_LEN], usize, Option<OwnedFd>);

/// The next datagram on a connection, if there is one.
pub(crate) fn receive(socket: &SeqPacket) -> Result<Option<Datagram>, Hangup> {
    let incoming = socket
        .receive()
        .map_err(|error| Hangup::vanished(format!("recvmsg failed: {error}")))?;
    match incoming {
        Incoming::Nothing => Ok(None),
        Incoming::Closed => Err(Hangup::vanished(
            "the peer closed its socket without a word",
        )),
        Incoming::Datagram { lost_fds: true, .. } => Err(Hangup {
            errno: Some(libc::EMFILE),
            ..Hangup::ours("out of file descriptors: raise the limit (ulimit -n)")
        }),
        Incoming::Datagram {
            surplus_fds: surplus @ 1..,
            ..
        } => Err(Hangup::fault(format!(
            "peer sent {} file descriptors with one message, at most 1 is legal",
            surplus + 1
        ))),
        Incoming::Datagram {
            truncated: true, ..
        } => Err(Hangup::fault(format!(
            "peer sent a datagram of more than {MESSAGE_LEN} bytes"
        ))),
        Incoming::Datagram { bytes, len, fd, .. } => Ok(Some((bytes, len, fd))),
    }
}

/// Sends one message. A peer that does not read lock-step messages is at fault.
pub(crate) fn send(
    socket: &SeqPacket,
    message: &Message,
    fd: Option<BorrowedFd<'_>>,
) -> Result<(), Hangup> {
    socket
        .send(&message.encode(), fd)
        .map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => Hangup::fault("peer does not read its messages"),
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                Hangup::vanished("the peer closed its socket")
            }
            _ => Hangup::os("sendmsg", &error),
        })
}

/// Tells the peer why it is being left, if it still listens.
pub(crate) fn say_goodbye(socket: &SeqPacket, reason: &str) {
    let goodbye = Message::Disconnect(Disconnect::because(reason));
    if let Err(error) = send(socket, &goodbye, None) {
        tracing::debug!(reason = error.reason, "no goodbye");
    }
}

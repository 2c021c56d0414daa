//! Those who ask: whom the agent hears, and whom it lets go of.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use memif::Credentials;
use memif::unix::StreamListener;
use switch::PortId;

use super::MOST_REQUEST;
use super::message::{Answer, Code, Failure, Reply};
use crate::reactor::Reactor;
use crate::served::{Connection, Party, Slots, watch};

/// How many may ask at once.
const MOST_CALLERS: usize = 32;
/// Time for a request, for taking a reply, and between requests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of replies that a caller has not taken, beyond which nothing more is heard of it.
const MOST_OWED: usize = 64 << 10;

/// The control socket and its callers.
#[derive(Debug)]
pub(crate) struct Desk {
    listener: Option<StreamListener>,
    pub(crate) callers: Slots<Caller>,
}

/// Somebody who asks.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) connection: Connection,
    /// The port whose copies it gets.
    pub(crate) capture: Option<Capture>,
    /// It was told that it may take over.
    pub(crate) is_heir: bool,
}

/// Copies for a caller.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) port: PortId,
    pub(crate) name: String,
    pub(crate) queue: crate::pcap::CaptureQueue,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            listener: None,
            callers: Slots::new(MOST_CALLERS),
        }
    }
}

impl Desk {
    /// Has callers come by this socket from now on. Those who are there stay.
    pub(crate) fn listen(&mut self, reactor: &Reactor, listener: StreamListener) -> io::Result<()> {
        reactor.watch_input(listener.as_fd(), Party::ControlDoor.token())?;
        self.listener = Some(listener);
        Ok(())
    }

    /// Hears nobody else. Those who are there stay.
    pub(crate) fn close(&mut self) {
        self.listener = None;
    }

    /// The control socket, for a successor.
    pub(crate) fn listener(&self) -> Option<&StreamListener> {
        self.listener.as_ref()
    }

    /// The socket of a predecessor is this agent's own from now on.
    pub(crate) fn keep_file(&mut self) {
        if let Some(listener) = &mut self.listener {
            listener.keep_file();
        }
    }

    /// Leaves the control socket to the successor that has it, and lets go of all callers.
    pub(crate) fn leave(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.leave();
        }
        self.callers = Slots::new(MOST_CALLERS);
    }

    /// Takes in who has come.
    pub(crate) fn accept(&mut self, reactor: &Reactor, now: Duration) {
        for _ in 0..MOST_CALLERS {
            let Some(listener) = &self.listener else {
                return;
            };
            match listener.accept() {
                Ok(Some(socket)) => self.admit(reactor, socket, now),
                Ok(None) => return,
                Err(error) => return tracing::warn!(%error, "nobody can ask"),
            }
        }
    }

    fn admit(&mut self, reactor: &Reactor, socket: OwnedFd, now: Duration) {
        let allowed = allowed(&socket);
        let mut connection = Connection::new(socket, now + PATIENCE);
        let place = match (allowed, self.callers.free()) {
            (Err(failure), _) => return turn_away(&mut connection, failure),
            (Ok(()), None) => return turn_away(&mut connection, crowded()),
            (Ok(()), Some(place)) => place,
        };
        match watch(reactor, &connection, Party::Caller(place)) {
            Ok(()) => {
                let caller = Caller {
                    connection,
                    capture: None,
                    is_heir: false,
                };
                self.callers.put(place, caller);
            }
            Err(error) => tracing::warn!(%error, "a caller cannot be watched"),
        }
    }

    /// Takes those out whose time is up, or who are gone.
    pub(crate) fn expire(&mut self, now: Duration) -> Vec<Caller> {
        let late = |caller: &Caller| {
            caller
                .connection
                .deadline
                .is_some_and(|deadline| deadline <= now)
        };
        self.callers.take_if(late)
    }
}

impl Caller {
    /// The next request, if it is whole. A line without an end is answered, and is the last.
    pub(crate) fn next_line(&mut self) -> Option<Vec<u8>> {
        let connection = &mut self.connection;
        if connection.is_closing || connection.outbox.waiting() > MOST_OWED {
            return None;
        }
        let input = &mut connection.input;
        if let Some(end) = input.iter().position(|byte| *byte == b'\n') {
            if end < MOST_REQUEST {
                return Some(input.drain(..=end).collect());
            }
        } else if input.len() < MOST_REQUEST {
            // Who says no more has said its last.
            connection.is_closing |= connection.has_ended;
            return None;
        }
        let text = format!("a request has at most {MOST_REQUEST} bytes");
        self.say(Err(Failure {
            code: Code::Request,
            text,
        }));
        self.connection.input = Vec::new();
        self.connection.is_closing = true;
        None
    }

    /// Whether another request is there already.
    pub(crate) fn has_more(&self) -> bool {
        !self.connection.is_closing && self.connection.input.contains(&b'\n')
    }

    pub(crate) fn say(&mut self, reply: Result<Reply, Failure>) {
        // Numbers and texts: they can always be written.
        if let Ok(mut line) = serde_json::to_vec(&Answer::from(reply)) {
            line.push(b'\n');
            self.connection.outbox.push(&line);
        }
    }
}

fn allowed(socket: &OwnedFd) -> Result<(), Failure> {
    let failure = |text: String| Failure {
        code: Code::NotAllowed,
        text,
    };
    let who = Credentials::of(socket.as_fd());
    let who = who.map_err(|error| failure(format!("getsockopt(SO_PEERCRED) failed: {error}")))?;
    let own = rustix::process::geteuid().as_raw();
    if who.uid == own || who.uid == 0 {
        return Ok(());
    }
    tracing::warn!(uid = who.uid, pid = who.pid, "caller refused");
    Err(failure(format!(
        "uid {} may not ask: only uid {own} and root may",
        who.uid
    )))
}

fn crowded() -> Failure {
    let text = format!("{MOST_CALLERS} others are asking: try again");
    Failure {
        code: Code::Busy,
        text,
    }
}

/// Says no. Whether it hears that or not, it is let go of.
fn turn_away(connection: &mut Connection, failure: Failure) {
    if let Ok(mut line) = serde_json::to_vec(&Answer::from(Err(failure))) {
        line.push(b'\n');
        connection.outbox.push(&line);
        connection.flush();
    }
}

//! Metrics for whoever collects them: `GET /metrics` over HTTP/1.1, answered in the format of OpenMetrics 1.0.
//!
//! One request, one answer, and the connection is closed. A request has 8 KiB and 5 seconds; 16 may be open at once.

mod http;
mod text;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::time::Duration;

use crate::reactor::Reactor;
use crate::served::{Connection, Party, Slots, watch};

const MOST_SCRAPERS: usize = 16;
const MOST_REQUEST: usize = 8 << 10;
const PATIENCE: Duration = Duration::from_secs(5);

/// What answers.
#[derive(Debug)]
pub(crate) struct Metrics {
    listener: Option<TcpListener>,
    pub(crate) scrapers: Slots<Scraper>,
}

/// Somebody who reads.
#[derive(Debug)]
pub(crate) struct Scraper {
    pub(crate) connection: Connection,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            listener: None,
            scrapers: Slots::new(MOST_SCRAPERS),
        }
    }
}

impl Metrics {
    /// Answers at this address from now on, and no more at another.
    pub(crate) fn listen(&mut self, reactor: &Reactor, listener: TcpListener) -> io::Result<()> {
        reactor.watch_input(listener.as_fd(), Party::MetricsDoor.token())?;
        self.listener = Some(listener);
        Ok(())
    }

    /// Answers nowhere.
    pub(crate) fn close(&mut self) {
        self.listener = None;
    }

    /// The socket, for a successor.
    pub(crate) fn listener(&self) -> Option<&TcpListener> {
        self.listener.as_ref()
    }

    /// Where it answers, a port that the system has chosen included.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref()?.local_addr().ok()
    }

    /// Takes in who has come. Whoever is one too many is let go of.
    pub(crate) fn accept(&mut self, reactor: &Reactor, now: Duration) {
        for _ in 0..MOST_SCRAPERS {
            let Some(listener) = &self.listener else {
                return;
            };
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => return tracing::warn!(%error, "nobody can read metrics"),
            };
            let Some(place) = self.scrapers.free() else {
                continue;
            };
            let connection = Connection::new(stream.into(), now + PATIENCE);
            match watch(reactor, &connection, Party::Scraper(place)) {
                Ok(()) => self.scrapers.put(place, Scraper { connection }),
                Err(error) => tracing::warn!(%error, "a reader of metrics cannot be watched"),
            }
        }
    }

    /// Lets go of those whose time is up.
    pub(crate) fn expire(&mut self, now: Duration) {
        let late = |one: &Scraper| {
            one.connection
                .deadline
                .is_some_and(|deadline| deadline <= now)
        };
        drop(self.scrapers.take_if(late));
    }
}

impl Scraper {
    /// Whether it has asked for the metrics by now. Whoever asks for something else is answered at once.
    pub(crate) fn wants_text(&mut self, ended: bool, now: Duration) -> bool {
        let connection = &mut self.connection;
        connection.notice(ended);
        if connection.is_closing || connection.read(MOST_REQUEST).is_err() {
            connection.is_closing = true;
            return false;
        }
        let asked = http::judge(&connection.input, MOST_REQUEST, connection.has_ended);
        let wants_text = asked == http::Asked::Metrics;
        match asked {
            http::Asked::NotYet => return false,
            http::Asked::Metrics => {}
            http::Asked::Other(answer) => connection.outbox.push(answer.as_bytes()),
        }
        connection.input = Vec::new();
        connection.is_closing = true;
        connection.deadline = Some(now + PATIENCE);
        wants_text
    }

    pub(crate) fn give(&mut self, text: &str) {
        let outbox = &mut self.connection.outbox;
        outbox.push(http::head(text.len()).as_bytes());
        outbox.push(text.as_bytes());
    }
}

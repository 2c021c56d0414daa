//! What a client asks for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use descsock_wire::MAX_FRAME;

use crate::Counters;

/// Time for an agent to answer a registration.
const ANSWER: Duration = Duration::from_secs(5);
/// Time for queued frames to leave when a client closes.
const LINGER: Duration = Duration::from_secs(1);
/// Buffers of each direction: 8 MiB of both, in buffers of 2048 bytes.
const BUFFERS: u32 = 2048;

/// How long a call may wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// Not at all: [`Error::WouldBlock`](crate::Error::WouldBlock).
    Never,
    /// So long: then [`Error::Timeout`](crate::Error::Timeout).
    For(Duration),
    /// Until it can be done.
    #[default]
    Forever,
}

impl Wait {
    /// When the waiting ends; `None` is never.
    pub(crate) fn deadline(self) -> Option<Instant> {
        match self {
            Wait::Never => Some(Instant::now()),
            Wait::For(time) => Instant::now().checked_add(time),
            Wait::Forever => None,
        }
    }
}

/// What [`Client::open`](crate::Client::open) needs to know. All but the first three have defaults.
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) doorbell: PathBuf,
    pub(crate) memory: PathBuf,
    pub(crate) service: u32,
    pub(crate) tenant: OsString,
    pub(crate) wait: Wait,
    pub(crate) frame_capacity: u16,
    pub(crate) receive_buffers: u32,
    pub(crate) send_buffers: u32,
    pub(crate) every_tier: bool,
    pub(crate) rings: bool,
    pub(crate) patience: Duration,
    pub(crate) answer: Duration,
    pub(crate) linger: Duration,
    pub(crate) counters: Option<&'static Counters>,
    pub(crate) on_worker_start: Option<fn()>,
}

impl Options {
    /// A client of the agent behind the socket `doorbell` (`@NAME` is an abstract one), registered with `service`.
    ///
    /// `memory` is a directory, in which the client makes its file, best below a mount of huge pages or in `/dev/shm`;
    /// or the path of the file itself. A file that is there is emptied. It is removed when the client closes.
    pub fn new(doorbell: impl Into<PathBuf>, memory: impl Into<PathBuf>, service: u32) -> Self {
        Self {
            doorbell: doorbell.into(),
            memory: memory.into(),
            service,
            tenant: OsString::new(),
            wait: Wait::default(),
            frame_capacity: MAX_FRAME,
            receive_buffers: BUFFERS,
            send_buffers: BUFFERS,
            every_tier: false,
            rings: true,
            patience: Duration::ZERO,
            answer: ANSWER,
            linger: LINGER,
            counters: None,
            on_worker_start: None,
        }
    }

    /// The tenant's name, at most 63 bytes: the agent shows it, and the file in a directory is called
    /// `descsock.NAME`. Without one, it is called `descsock.000`, or the next number that is free.
    #[must_use]
    pub fn tenant(mut self, name: impl Into<OsString>) -> Self {
        self.tenant = name.into();
        self
    }

    /// How long calls wait that do not say it themselves; for ever by default.
    #[must_use]
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// The longest frame, in bytes without CRC, both ways: 2044, or up to 9600 between agents and clients of this
    /// project.
    #[must_use]
    pub fn frame_capacity(mut self, bytes: u16) -> Self {
        self.frame_capacity = bytes;
        self
    }

    /// How many frames can be waiting to be received, at least, and to be sent: 2048 each, a power of two or not. By rings
    /// it may be twice as many.
    #[must_use]
    pub fn buffers(mut self, receive: u32, send: u32) -> Self {
        (self.receive_buffers, self.send_buffers) = (receive, send);
        self
    }

    /// Receives on all four tiers, a quarter of the buffers for each, or a ring. Without, everything comes on tier 0. Frames can be
    /// sent on every tier either way.
    #[must_use]
    pub fn every_tier(mut self, every: bool) -> Self {
        self.every_tier = every;
        self
    }

    /// Whether frames go by shared-memory rings where the agent is one of ours, which takes no system call for a frame;
    /// true by default. By the sockets of all agents otherwise.
    #[must_use]
    pub fn rings(mut self, wanted: bool) -> Self {
        self.rings = wanted;
        self
    }

    /// How long to wait for an agent that is not there yet; not at all by default.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// How long an agent may take to answer; 5 s by default.
    #[must_use]
    pub fn answer_deadline(mut self, time: Duration) -> Self {
        self.answer = time;
        self
    }

    /// How long closing may take until what was sent has left; 1 s by default.
    #[must_use]
    pub fn linger(mut self, time: Duration) -> Self {
        self.linger = time;
        self
    }

    /// Counts here instead of in a place of its own, so that others can watch.
    #[must_use]
    pub fn counters(mut self, counters: &'static Counters) -> Self {
        self.counters = Some(counters);
        self
    }

    /// What the worker thread does first, such as to leave the program's signals to the program's threads.
    #[must_use]
    pub fn on_worker_start(mut self, hook: fn()) -> Self {
        self.on_worker_start = Some(hook);
        self
    }
}

//! The command line of the endpoint.

use std::time::Duration;

use memif::{LinkOptions, Mode, Seals, Secret, Wait};

/// What to do with frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Send back.
    Echo,
    /// Check.
    Sink,
}

/// Which end to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Listen.
    Server,
    /// Connect.
    Client,
}

/// Everything asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) role: Role,
    pub(crate) address: String,
    pub(crate) ids: Vec<u32>,
    pub(crate) queues: u16,
    pub(crate) half_open: usize,
    /// Most frames of one queue that are sent and have not come back.
    pub(crate) window: u64,
    /// Time for a handshake, if not the usual.
    pub(crate) handshake: Option<Duration>,
    link: LinkSettings,
}

/// What is asked of every link.
#[derive(Clone, Debug, Default)]
struct LinkSettings {
    slots: Option<u16>,
    buffer: Option<u32>,
    wait: Option<Wait>,
    seals: Option<Seals>,
    mode: Option<Mode>,
    secret: Option<Secret>,
}

impl Options {
    /// Panics on what it does not understand: only tests start this program.
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Options {
        let mut next = || arguments.next().expect("echo|sink server|client ADDRESS");
        let task = match next().as_str() {
            "echo" => Task::Echo,
            "sink" => Task::Sink,
            other => panic!("no such task: {other}"),
        };
        let role = match next().as_str() {
            "server" => Role::Server,
            "client" => Role::Client,
            other => panic!("no such role: {other}"),
        };
        let mut options = Options {
            task,
            role,
            address: next(),
            ids: vec![0],
            queues: 1,
            half_open: 128,
            window: u64::MAX,
            handshake: None,
            link: LinkSettings::default(),
        };
        for argument in arguments {
            let (key, value) = argument.split_once('=').expect("key=value");
            options.set(key, value);
        }
        options
    }

    /// The options of the link with this id.
    pub(crate) fn link(&self, id: u32) -> LinkOptions {
        let LinkSettings {
            slots,
            buffer,
            wait,
            seals,
            mode,
            secret,
        } = self.link.clone();
        let link = LinkOptions::new(id).queues(self.queues);
        let link = slots.into_iter().fold(link, LinkOptions::slots);
        let link = buffer.into_iter().fold(link, LinkOptions::buffer_size);
        let link = wait.into_iter().fold(link, LinkOptions::wait);
        let link = seals.into_iter().fold(link, LinkOptions::seals);
        let link = mode.into_iter().fold(link, LinkOptions::mode);
        secret.into_iter().fold(link, LinkOptions::secret)
    }

    fn set(&mut self, key: &str, value: &str) {
        match key {
            "ids" => self.ids = value.split(',').map(number).collect(),
            "queues" => self.queues = number(value),
            "half_open" => self.half_open = number(value),
            "window" => self.window = number(value),
            "handshake_ms" => self.handshake = Some(Duration::from_millis(number(value))),
            "slots" => self.link.slots = Some(number(value)),
            "buffer" => self.link.buffer = Some(number(value)),
            "wait" => self.link.wait = Some(wait(value)),
            "seals" => self.link.seals = Some(seals(value)),
            "mode" => self.link.mode = Some(mode(value)),
            "secret" => self.link.secret = Secret::new(value.as_bytes()).ok(),
            other => panic!("no such option: {other}"),
        }
    }
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|_| panic!("not a number: {text}"))
}

fn wait(text: &str) -> Wait {
    match text {
        "poll" => Wait::Poll,
        "interrupt" => Wait::Interrupt,
        "adaptive" => Wait::Adaptive(Duration::from_micros(20)),
        other => panic!("no such wait: {other}"),
    }
}

fn seals(text: &str) -> Seals {
    match text {
        "required" => Seals::Required,
        "waived" => Seals::Waived,
        other => panic!("no such seals: {other}"),
    }
}

fn mode(text: &str) -> Mode {
    text.parse()
        .unwrap_or_else(|_| panic!("no such mode: {text}"))
}

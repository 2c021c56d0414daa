//! A process that makes the calls it is told to, and says what came of each. See `c/descsock/puppet.c` for the words.

use std::fmt::Write;
use std::process::Command;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::holdings::Holdings;
use memwire_tests::process::Running;
use rustix::io::Errno;

use crate::agent::Place;
use crate::programs::program;

/// `DESCSOCK_NONBLOCK`.
pub(crate) const NONBLOCK: i64 = 1;
/// `DESCSOCK_POLLIN`, `DESCSOCK_POLLOUT`, `DESCSOCK_POLLERR`.
pub(crate) const IN: i64 = 1;
pub(crate) const OUT: i64 = 2;
pub(crate) const ERR: i64 = i32::MIN as i64;

/// A running puppet.
#[derive(Debug)]
pub(crate) struct Puppet {
    pub(crate) running: Running,
    mark: usize,
}

/// What came of one call.
#[derive(Debug)]
pub(crate) struct Reply {
    line: String,
}

impl Puppet {
    /// One that uses the documented names.
    pub(crate) fn documented() -> Self {
        Self::compiled(&["-DSEED"])
    }

    /// One that uses the released names.
    pub(crate) fn released() -> Self {
        Self::compiled(&[])
    }

    /// One compiled with these words.
    pub(crate) fn compiled(words: &[&str]) -> Self {
        let mut command = Command::new(program("puppet", words));
        Self::from(command.env_remove("MEMWIRE_LOG"))
    }

    /// Whatever this command starts, when it is there.
    pub(crate) fn from(command: &mut Command) -> Self {
        let running = Running::start("puppet", command);
        let ready = |line: &str| (line == "ready").then_some(());
        running.hear(0, SOON, "start", ready);
        Self { running, mark: 1 }
    }

    /// Tells it to make a call.
    pub(crate) fn begin(&mut self, command: &str) {
        self.mark = self.running.mark();
        self.running.say(command);
    }

    /// What came of the call that was begun.
    pub(crate) fn answer(&self) -> Reply {
        let found = |line: &str| line.strip_prefix("= ").map(str::to_owned);
        let line = self.running.hear(self.mark, SOON, "answer", found);
        Reply { line }
    }

    /// Whether there is an answer already.
    pub(crate) fn has_answered(&self) -> bool {
        !self.running.lines_since(self.mark).is_empty()
    }

    /// Tells it to make a call; what came of it.
    pub(crate) fn ask(&mut self, command: &str) -> Reply {
        self.begin(command);
        self.answer()
    }

    /// Opens with a file of this name at the place.
    pub(crate) fn open(&mut self, place: &Place, file: &str, flags: i64) -> Reply {
        let (file, doorbell) = (place.file(file), place.doorbell());
        let (file, doorbell) = (file.display(), doorbell.display());
        self.ask(&format!("open {file} {doorbell} 8 {flags}"))
    }

    pub(crate) fn send(&mut self, flags: i64, bytes: &[u8]) -> Reply {
        self.ask(&format!("send {flags} {}", hex(bytes)))
    }

    pub(crate) fn recv(&mut self, flags: i64, bytes: usize) -> Reply {
        self.ask(&format!("recv {flags} {bytes}"))
    }

    pub(crate) fn poll(&mut self, mask: i64) -> i64 {
        self.ask(&format!("poll {mask}")).result()
    }

    /// Polls until this is the answer.
    pub(crate) fn polls(&mut self, mask: i64, expected: i64) {
        eventually(&format!("poll {mask} is {expected}"), SOON, || {
            (self.poll(mask) == expected).then_some(())
        });
    }

    /// What it holds open.
    pub(crate) fn holdings(&self) -> Holdings {
        Holdings::of(self.running.pid())
    }
}

impl Reply {
    /// What the call returned.
    #[track_caller]
    pub(crate) fn result(&self) -> i64 {
        let result = self
            .line
            .split(' ')
            .next()
            .and_then(|word| word.parse().ok());
        result.unwrap_or_else(|| panic!("no result: {}", self.line))
    }

    /// It returned this.
    #[track_caller]
    pub(crate) fn is(self, expected: i64) -> Self {
        assert_eq!(self.result(), expected, "{}", self.line);
        self
    }

    /// And set `errno` to this.
    #[track_caller]
    pub(crate) fn because(self, expected: Errno) {
        let errno = self
            .line
            .split(' ')
            .nth(1)
            .and_then(|word| word.parse().ok());
        let errno = errno.map(Errno::from_raw_os_error);
        assert_eq!(errno, Some(expected), "{}", self.line);
    }

    /// What else it said.
    pub(crate) fn more(&self) -> &str {
        self.line.splitn(3, ' ').nth(2).unwrap_or_default()
    }

    /// The bytes that it received.
    #[track_caller]
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let digits = self.more().as_bytes().chunks(2);
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        };
        let bytes: Option<Vec<u8>> = digits.map(byte).collect();
        bytes.unwrap_or_else(|| panic!("no bytes: {}", self.line))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

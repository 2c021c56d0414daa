//! A process that makes the calls it is told to, and says what came of each.
//!
//! See `c/mcm_dp/puppet.c` for the words.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::holdings::Holdings;
use memwire_tests::process::Running;
use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use crate::programs::{Flavour, program, quiet};

/// How long any answer may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// A running puppet.
#[derive(Debug)]
pub(crate) struct Puppet {
    running: Running,
    mark: usize,
}

/// What came of one call: a word, and numbers by name.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    command: String,
    line: String,
}

impl Puppet {
    /// One compiled as C.
    pub(crate) fn start() -> Puppet {
        Puppet::with(&[])
    }

    /// The same with these variables in its environment.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Puppet {
        let mut command = Command::new(program("puppet", Flavour::Plain));
        quiet(&mut command).envs(variables.iter().copied());
        Puppet::from(&mut command)
    }

    /// Whatever this command starts, when it is there.
    pub(crate) fn from(command: &mut Command) -> Puppet {
        let running = Running::start("puppet", command);
        let mut puppet = Puppet { running, mark: 0 };
        // Until it answers, what it holds is the loader's.
        puppet.ask("error").is("error");
        puppet
    }

    /// Tells it to do something, and waits until it has begun.
    pub(crate) fn begin(&mut self, command: &str) {
        self.mark = self.running.mark();
        self.running.say(command);
        let echo = format!("> {}", command.trim_end());
        let begun = |line: &str| (line == echo).then_some(());
        self.running.hear(self.mark, PATIENCE, &echo, begun);
    }

    /// What came of what was begun.
    pub(crate) fn answer(&self) -> Reply {
        let lines = self.running.lines_since(self.mark);
        let command = lines.first().cloned().unwrap_or_default();
        let what = format!("answer to {command}");
        let line = self.running.hear(self.mark, PATIENCE, &what, |line| {
            line.strip_prefix("= ").map(str::to_owned)
        });
        Reply { command, line }
    }

    /// Tells it to do something; what came of it.
    pub(crate) fn ask(&mut self, command: &str) -> Reply {
        self.begin(command);
        self.answer()
    }

    /// Whether what was begun is done.
    pub(crate) fn has_answered(&self) -> bool {
        let lines = self.running.lines_since(self.mark);
        lines.iter().any(|line| line.starts_with("= "))
    }

    /// Waits until it sleeps in what was begun.
    pub(crate) fn is_waiting(&self) {
        eventually("the puppet sleeps in its call", SOON, || {
            (state(self.pid()) == Some('S')).then_some(())
        });
        let lines = self.running.lines_since(self.mark);
        assert_eq!(lines.len(), 1, "it does not wait: {lines:?}");
    }

    /// Waits until its connection 0 knows that the peer is gone.
    pub(crate) fn notices_the_end(&mut self) {
        eventually("the end of the peer is noticed", SOON, || {
            (self.ask("stats 0").number("connected") == 0).then_some(())
        });
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        self.running.pid()
    }

    /// What it holds open.
    pub(crate) fn holdings(&self) -> Holdings {
        Holdings::of(self.pid())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// The process.
    pub(crate) fn process(&mut self) -> &mut Running {
        &mut self.running
    }

    /// Ends it; it has to end well.
    pub(crate) fn quit(mut self) {
        self.running.say("quit");
        let status = self.running.exit(PATIENCE);
        let transcript = self.running.transcript();
        assert!(status.success(), "puppet: {status}\n{transcript}");
    }
}

impl Reply {
    /// It begins with this word.
    #[track_caller]
    pub(crate) fn is(self, word: &str) -> Reply {
        let first = self.line.split(' ').next();
        assert_eq!(first, Some(word), "{}: {}", self.command, self.line);
        self
    }

    /// The number of this name.
    #[track_caller]
    pub(crate) fn number(&self, name: &str) -> i64 {
        let pairs = self.line.split(' ');
        let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(key, _)| *key == name);
        let value = found.and_then(|(_, value)| value.parse().ok());
        value.unwrap_or_else(|| panic!("no {name} in \"{}\"", self.line))
    }

    /// The number of this name is so much.
    #[track_caller]
    pub(crate) fn has(self, name: &str, expected: i64) -> Reply {
        let number = self.number(name);
        assert_eq!(number, expected, "{name}: {}: {}", self.command, self.line);
        self
    }

    /// `errno` was this.
    #[track_caller]
    pub(crate) fn errno(self, expected: Errno) -> Reply {
        self.has("errno", expected.raw_os_error().into())
    }

    /// The time it took.
    #[track_caller]
    pub(crate) fn took(&self) -> Duration {
        self.duration("us")
    }

    /// A number of microseconds.
    #[track_caller]
    pub(crate) fn duration(&self, name: &str) -> Duration {
        Duration::from_micros(self.number(name).unsigned_abs())
    }

    /// The whole line.
    pub(crate) fn text(&self) -> &str {
        &self.line
    }
}

/// R, S, D and so on, of the main thread: the field behind the name, which is in parentheses.
fn state(pid: Pid) -> Option<char> {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let stat = std::fs::read_to_string(Path::new(&path)).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

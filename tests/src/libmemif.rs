//! Somebody else's libmemif as a peer.
//!
//! The library is named by `MEMWIRE_LIBMEMIF=/path/to/libmemif.so`; our own C
//! program, `c/libmemif_peer.c`, is compiled beside the socket and loads it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::counters::Counters;
use crate::deadline::SOON;
use crate::missing;
use crate::process::Running;
use crate::testpmd::Role;

/// What the peer does with frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Counts them and checks that they are numbered frames, whole.
    Sink,
    /// Sends them back where they came from.
    Echo,
}

/// How the peer waits for frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Looks all the time, with the mask set.
    Poll,
    /// Sleeps until rung.
    Interrupt,
}

/// How to start one.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Which end it is.
    pub role: Role,
    /// What it does.
    pub task: Task,
    /// Rings each way.
    pub queues: u16,
    /// Slots of a ring as a power of two; the client decides.
    pub log2_slots: u8,
    /// Bytes of a buffer; the client decides.
    pub buffer_size: u16,
    /// How it waits.
    pub waits: Waits,
}

/// A running peer.
#[derive(Debug)]
pub struct LibmemifPeer(Running);

impl Plan {
    /// One polled queue.
    pub fn new(role: Role, task: Task) -> Plan {
        Plan {
            role,
            task,
            queues: 1,
            log2_slots: 10,
            buffer_size: 2048,
            waits: Waits::Poll,
        }
    }

    /// The same with as many rings each way.
    pub fn queues(self, queues: u16) -> Plan {
        Plan { queues, ..self }
    }

    /// The same, asleep until rung.
    pub fn interrupts(self) -> Plan {
        let waits = Waits::Interrupt;
        Plan { waits, ..self }
    }

    /// Starts it at a socket path. `None` where no library is named; `test`
    /// then did not run.
    pub fn start(&self, socket: &Path, test: &str) -> Option<LibmemifPeer> {
        let library = missing::optional_file("MEMWIRE_LIBMEMIF", test)?;
        let peer = Running::start("libmemif", &mut self.command(&library, socket));
        let peer = LibmemifPeer(peer);
        peer.hear(0, "ready");
        Some(peer)
    }

    fn command(&self, library: &Path, socket: &Path) -> Command {
        let mut command = Command::new(program(socket.parent().unwrap_or(Path::new("."))));
        command.arg(library);
        command.arg(match self.role {
            Role::Server => "server",
            Role::Client => "client",
        });
        command.arg(match self.task {
            Task::Sink => "sink",
            Task::Echo => "echo",
        });
        command.arg(socket).arg("0").arg(self.queues.to_string());
        command.arg(self.log2_slots.to_string());
        command.arg(self.buffer_size.to_string());
        command.arg(match self.waits {
            Waits::Poll => "poll",
            Waits::Interrupt => "interrupt",
        });
        command
    }
}

impl LibmemifPeer {
    /// Waits until it says that its link is up.
    pub fn wait_up(&self) {
        self.hear(0, "up");
    }

    /// Has it send numbered frames over all its queues in turn.
    pub fn send(&mut self, count: u64, bytes: u16) {
        self.0.say(&format!("send {count} {bytes}"));
    }

    /// Its counters.
    pub fn counters(&mut self) -> Counters {
        let mark = self.0.mark();
        self.0.say("stats");
        self.0.hear(mark, SOON, "counters", Counters::read)
    }

    /// Asks it to end and waits.
    pub fn quit(mut self) {
        self.0.say("quit");
        let status = self.0.exit(SOON);
        assert!(
            status.success(),
            "libmemif peer: {status}\n{}",
            self.0.transcript()
        );
    }

    /// The process.
    pub fn process(&mut self) -> &mut Running {
        &mut self.0
    }

    fn hear(&self, mark: usize, word: &str) {
        let timeout: Duration = SOON;
        self.0
            .hear(mark, timeout, word, |line| (line == word).then_some(()));
    }
}

/// Compiles our C program into the directory of the socket.
fn program(directory: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let program = directory.join(format!("libmemif_peer-{number}"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/c/libmemif_peer.c");
    compile(Path::new(source), &program);
    program
}

fn compile(source: &Path, program: &Path) {
    let mut compiler = Command::new("cc");
    compiler.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o"]);
    let done = compiler.arg(program).arg(source).arg("-ldl").output();
    let done = done.unwrap_or_else(|error| panic!("cannot start cc: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{}: {said}", source.display());
}

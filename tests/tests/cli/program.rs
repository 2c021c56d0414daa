//! The built program, run with its streams kept apart.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::Duration;

use memwire_tests::deadline::eventually;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How long any of the programs here may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `memwire`; killed when dropped.
pub(crate) struct Program {
    child: Child,
    words: String,
    /// What it says on standard output and on standard error.
    said: Option<[JoinHandle<Vec<u8>>; 2]>,
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) words: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// The command with no arguments yet and no input, and a clean environment for it.
pub(crate) fn memwire() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(BUILT.get_or_init(build));
    command.env_remove("MEMWIRE_LOG").stdin(Stdio::null());
    command
}

/// Starts the program with these words.
pub(crate) fn start<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Program {
    Program::spawn(memwire().args(words))
}

/// Runs the program to its end.
pub(crate) fn run<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Outcome {
    start(words).wait()
}

impl Program {
    /// Starts a prepared command, and collects what it says.
    pub(crate) fn spawn(command: &mut Command) -> Program {
        let words = command
            .get_args()
            .map(OsStr::to_string_lossy)
            .collect::<Vec<_>>()
            .join(" ");
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("memwire starts");
        let said = Some([collect(child.stdout.take()), collect(child.stderr.take())]);
        Program { child, words, said }
    }

    /// Waits for the end.
    pub(crate) fn wait(mut self) -> Outcome {
        let words = std::mem::take(&mut self.words);
        let what = format!("memwire {words} ends");
        let status = eventually(&what, PATIENCE, || {
            self.child.try_wait().expect("a child of ours")
        });
        let said = self.said.take().expect("it is waited for once");
        let [stdout, stderr] = said.map(|stream| stream.join().expect("no panic"));
        let stderr = String::from_utf8(stderr).expect("talk is text");
        Outcome {
            words,
            code: status.code(),
            stdout,
            stderr,
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the program runs");
    }

    /// The id of the process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Whether it has not ended yet.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_none()
    }

    /// Whether it ends within this time.
    pub(crate) fn wait_briefly(&mut self, time: Duration) -> bool {
        eventually("the program ends", time, || (!self.runs()).then_some(true))
    }

    /// Its standard input, if that was piped.
    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("standard input is a pipe")
    }

    /// Kills it at once and waits until it is gone.
    pub(crate) fn kill(mut self) {
        assert!(self.runs(), "{} has ended before it was killed", self.words);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only for a program that has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Outcome {
    /// The last line of standard output, or of standard error, as an object.
    pub(crate) fn json(&self) -> Value {
        let line = |bytes: &[u8]| {
            let last = bytes
                .split(|byte| *byte == b'\n')
                .rfind(|line| !line.is_empty())?;
            serde_json::from_slice(last).ok()
        };
        line(&self.stdout)
            .or_else(|| line(self.stderr.as_bytes()))
            .unwrap_or_else(|| panic!("no object: {self:?}"))
    }

    /// The object of a program that must have ended well.
    pub(crate) fn success(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}: {}", self.words, self.stderr);
        self.json()
    }

    /// Asserts that it failed with this code, and with one line that has all these parts.
    pub(crate) fn failed(&self, code: i32, parts: &[&str]) {
        let Outcome { words, stderr, .. } = self;
        assert_eq!(self.code, Some(code), "{words}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{words}: {stderr}");
        assert!(stderr.starts_with("memwire: "), "{words}: {stderr}");
        for part in parts {
            assert!(stderr.contains(part), "{words}: no \"{part}\" in: {stderr}");
        }
    }
}

/// Waits until a server listens on the socket.
pub(crate) fn listening(socket: &Path) {
    eventually("the server's socket is there", PATIENCE, || {
        socket.exists().then_some(())
    });
}

/// Writes everything in the background; a reader that goes away early is not our business.
pub(crate) fn feed(mut to: ChildStdin, bytes: Vec<u8>) {
    std::thread::spawn(move || drop(to.write_all(&bytes)));
}

/// Keeps reading, so that the program never waits for us.
fn collect(stream: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            stream.read_to_end(&mut bytes).expect("a pipe can be read");
        }
        bytes
    })
}

/// Builds the program with the profile of this test, and says where it is.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("this program has a file");
    let profile = test
        .parent()
        .and_then(Path::parent)
        .expect("tests run from target/PROFILE/deps");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "memwire"]);
    cargo.args(profile.ends_with("release").then_some("--release"));
    cargo.env(
        "CARGO_TARGET_DIR",
        profile
            .parent()
            .expect("a profile is in a target directory"),
    );
    assert!(
        cargo.status().expect("cargo runs").success(),
        "memwire does not build"
    );
    profile.join("memwire")
}

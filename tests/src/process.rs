//! Other programs: started, spoken to, watched, and never left behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::deadline::eventually;

/// A running program whose output is kept line by line. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    said: Arc<Said>,
}

/// Runs a command without input to its end, which has to come in time.
pub fn run_to_end(command: &mut Command, timeout: Duration) -> Output {
    let piped = command.stdin(Stdio::null());
    let piped = piped.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = piped.spawn();
    let child = child.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let pid = Pid::from_child(&child);
    let (ended, end) = mpsc::channel();
    let waiting = std::thread::spawn(move || ended.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(timeout) else {
        // Not reaped yet, so the number is still its own.
        let _ = kill_process(pid, Signal::KILL);
        let _ = waiting.join();
        let output = end.recv().map(|output| said(&output.expect("output")));
        panic!("{command:?} does not end within {timeout:?}\n{output:?}");
    };
    output.expect("the output of a program")
}

/// All that a program wrote.
pub fn said(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    format!("{stdout}{stderr}")
}

/// Everything written to stdout and stderr so far.
#[derive(Debug, Default)]
struct Said {
    heard: Mutex<Heard>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Heard {
    lines: Vec<String>,
    /// Streams that have not ended yet.
    open: usize,
}

impl Running {
    /// Starts a program with all its streams connected to us.
    pub fn start(name: &str, command: &mut Command) -> Running {
        let piped = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = piped
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let said = Arc::new(Said::default());
        said.lock().open = 2;
        collect(child.stdout.take(), &said);
        collect(child.stderr.take(), &said);
        Running {
            name: name.to_owned(),
            stdin: child.stdin.take(),
            child,
            said,
        }
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Writes one line to its standard input.
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is still open");
        let written = stdin.write_all(format!("{line}\n").as_bytes());
        if let Err(error) = written.and_then(|()| stdin.flush()) {
            panic!(
                "cannot tell {} \"{line}\": {error}\n{}",
                self.name,
                self.transcript()
            );
        }
    }

    /// How many lines it has written; a starting point for [`Running::hear`].
    pub fn mark(&self) -> usize {
        self.said.lock().lines.len()
    }

    /// Waits for the first line from `mark` on that `find` accepts. Panics when it does not come in
    /// time, or cannot come any more.
    pub fn hear<T>(
        &self,
        mark: usize,
        timeout: Duration,
        what: &str,
        find: impl Fn(&str) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + timeout;
        let mut heard = self.said.lock();
        loop {
            let mut fresh = heard.lines.iter().skip(mark);
            if let Some(found) = fresh.find_map(|line| find(line)) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || heard.open == 0 {
                let ended = if heard.open == 0 {
                    "before its end, "
                } else {
                    ""
                };
                drop(heard);
                let (name, transcript) = (&self.name, self.transcript());
                panic!("{name}: no {what} {ended}within {timeout:?}\n{transcript}");
            }
            let waited = self.said.changed.wait_timeout(heard, left);
            heard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The lines from `mark` on.
    pub fn lines_since(&self, mark: usize) -> Vec<String> {
        self.said.lock().lines.iter().skip(mark).cloned().collect()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Closes its standard input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Waits for its end.
    pub fn exit(&mut self, timeout: Duration) -> ExitStatus {
        let what = format!("{} ends\n{}", self.name, self.transcript());
        let child = &mut self.child;
        eventually(&what, timeout, || child.try_wait().expect("our own child"))
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("our own child can be signalled");
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The last hundred lines it has written.
    pub fn transcript(&self) -> String {
        let heard = self.said.lock();
        let lines = &heard.lines;
        let last = &lines[lines.len().saturating_sub(100)..];
        format!("--- {} said:\n{}\n---", self.name, last.join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "{}", self.transcript());
        }
    }
}

impl Said {
    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: Vec<u8>) {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        self.lock().lines.push(line);
        self.changed.notify_all();
    }

    fn ended(&self) {
        self.lock().open -= 1;
        self.changed.notify_all();
    }
}

/// Keeps what a stream brings until it ends.
fn collect(stream: Option<impl Read + Send + 'static>, said: &Arc<Said>) {
    let Some(stream) = stream else { return };
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            said.push(line);
        }
        said.ended();
    });
}

//! Hosts of their own: threads in network namespaces that nobody else has.
//!
//! # Safety
//!
//! `unshare` is asked for a network namespace alone, which has to do with no memory and no descriptor of this process.
#![allow(unsafe_code)]

use std::any::Any;
use std::io::Write;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use rustix::thread::UnshareFlags;

type Job = Box<dyn FnOnce() + Send>;

/// A thread in a network namespace. What it makes there, sockets and interfaces, can be used everywhere.
pub(crate) struct Host {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    namespace: String,
}

impl Host {
    /// `None`, having said so loudly, where this process may not have hosts.
    pub(crate) fn new(test: &str) -> Option<Self> {
        match Self::try_new() {
            Ok(host) => Some(host),
            Err(why) => {
                did_not_run(test, &why);
                None
            }
        }
    }

    fn try_new() -> Result<Self, String> {
        if Command::new("ip").arg("-V").output().is_err() {
            return Err("no ip here; install Debian's iproute2".to_owned());
        }
        if !std::path::Path::new("/dev/net/tun").exists() {
            return Err("there is no /dev/net/tun".to_owned());
        }
        let (jobs, todo) = channel::<Job>();
        let (said, hear) = channel();
        let thread = std::thread::spawn(move || {
            let entered = enter();
            let ready = entered.is_ok();
            let _ = said.send(entered);
            if ready {
                todo.iter().for_each(|job| job());
            }
        });
        let namespace = hear.recv().map_err(|error| error.to_string())??;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            namespace,
        })
    }

    /// Does something there.
    pub(crate) fn run<R: Any + Send>(&self, job: impl FnOnce() -> R + Send + 'static) -> R {
        let (done, result) = channel();
        let job: Job = Box::new(move || drop(done.send(job())));
        let jobs = self.jobs.as_ref().expect("the host is up");
        jobs.send(job).expect("the host is up");
        result.recv().expect("it was done")
    }

    /// Runs `ip` there; what it says.
    pub(crate) fn ip(&self, arguments: &str) -> String {
        let arguments = arguments.to_owned();
        self.run(move || ip(&arguments)).expect("ip does it")
    }

    /// The namespace as `ip link set netns` takes it.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "a job panicked");
        }
    }
}

/// Says loudly that `test` did not run, past the capture of the test runner.
pub(crate) fn did_not_run(test: &str, why: &str) {
    let line = format!("\n*** DID NOT RUN: {test}: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Has this thread be a host of its own, without the chatter of IPv6.
fn enter() -> Result<String, String> {
    // SAFETY: of a network namespace alone (module doc).
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }
        .map_err(|error| format!("no network namespace of its own: {error}"))?;
    std::fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1").ok();
    ip("link set lo up")?;
    let process = std::process::id();
    let thread = rustix::thread::gettid().as_raw_nonzero();
    Ok(format!("/proc/{process}/task/{thread}/ns/net"))
}

/// Runs `ip` in this thread's namespace; what it says.
pub(crate) fn ip(arguments: &str) -> Result<String, String> {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.map_err(|error| error.to_string())?;
    let said = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(said(&output.stdout)),
        false => Err(said(&output.stderr)),
    }
}

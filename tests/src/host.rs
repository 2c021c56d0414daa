//! Another host: a network namespace with a name of its own.

use std::ffi::OsStr;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::deadline::{SOON, eventually};
use crate::missing::did_not_run;

/// How many there were in this process.
static HOSTS: AtomicU32 = AtomicU32::new(0);

/// A network namespace, gone again at the end.
#[derive(Debug)]
pub struct Host {
    name: String,
    /// Its address in the network that hosts have in common.
    pub address: &'static str,
    /// What it is called as a tenant.
    pub tenant: &'static str,
}

impl Host {
    /// A new one. Says loudly that `test` did not run where that is not allowed.
    pub fn new(test: &str, tenant: &'static str, address: &'static str) -> Option<Host> {
        let number = HOSTS.fetch_add(1, Ordering::Relaxed);
        let name = format!("mwtest-{}-{number}", std::process::id());
        let made = Command::new("ip").args(["netns", "add", &name]).output();
        let made = made.expect("ip runs");
        if !made.status.success() {
            let why = String::from_utf8_lossy(&made.stderr);
            did_not_run(test, &format!("no network namespaces here: {why}"));
            return None;
        }
        let host = Host {
            name,
            address,
            tenant,
        };
        host.run("ip", &["link", "set", "lo", "up"]);
        Some(host)
    }

    /// A command that runs there.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// Runs a program there to its end.
    pub fn run(&self, program: &str, words: &[&str]) -> Output {
        let output = self.command(program).args(words).output();
        output.expect("ip runs")
    }

    /// Pings until one comes back, and then five that all have to.
    pub fn reaches(&self, other: &Host) {
        let ping = |count| {
            self.run(
                "ping",
                &["-c", count, "-i", "0.1", "-W", "2", other.address],
            )
        };
        eventually("a ping comes back", 2 * SOON, || {
            ping("1").status.success().then_some(())
        });
        let said = ping("5");
        let said = String::from_utf8_lossy(&said.stdout);
        assert!(said.contains(" 0% packet loss"), "{said}");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = Command::new("ip")
            .args(["netns", "del", &self.name])
            .output();
    }
}

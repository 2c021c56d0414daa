//! `memwire agent` as a process.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::built::memwire;
use crate::deadline::{SOON, eventually};
use crate::process::Running;

/// The doorbell of an agent in this directory.
pub fn doorbell(directory: &Path) -> PathBuf {
    directory.join("bell.sock")
}

/// The socket at which such an agent is asked.
pub fn control(directory: &Path) -> PathBuf {
    directory.join("ask.sock")
}

/// Starts an agent without a configuration in a directory, and waits until it is there.
pub fn start(directory: &Path) -> Running {
    let mut command = memwire();
    command
        .args(["agent", "--doorbell"])
        .arg(doorbell(directory));
    command.arg("--control").arg(control(directory));
    let agent = Running::start("agent", &mut command);
    eventually("the doorbell is there", SOON, || {
        UnixStream::connect(doorbell(directory)).ok()
    });
    agent
}

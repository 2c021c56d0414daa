//! Where things are when nobody says where.
//!
//! | | doorbell | control socket |
//! |---|---|---|
//! | root | `/run/dmaa_doorbell.sock` | `/run/memwire-agent.sock` |
//! | others | `$XDG_RUNTIME_DIR/dmaa_doorbell.sock` | `$XDG_RUNTIME_DIR/memwire-agent.sock` |
//!
//! A user without `XDG_RUNTIME_DIR` has no such place: there is no other directory that is surely the user's own.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use memif::Address;
use rustix::fs::{Mode, OFlags};

const DOORBELL: &str = "dmaa_doorbell.sock";
const CONTROL: &str = "memwire-agent.sock";
/// Where the packaged service has its control socket.
const SERVICE: &str = "/run/memwire/control.sock";

/// The doorbell of an agent that was told none.
pub fn doorbell() -> Option<Address> {
    directory().map(|directory| Address::Path(directory.join(DOORBELL)))
}

/// The control socket of an agent that was told none.
pub fn control() -> Option<Address> {
    directory().map(|directory| Address::Path(directory.join(CONTROL)))
}

/// Where an agent is looked for that somebody on this machine may have started, in this order: the user's own, root's,
/// the system's service.
pub fn controls() -> Vec<Address> {
    let own = control();
    let others = [Path::new("/run").join(CONTROL), PathBuf::from(SERVICE)];
    let mut all: Vec<_> = own.into_iter().collect();
    for other in others.map(Address::Path) {
        if !all.contains(&other) {
            all.push(other);
        }
    }
    all
}

fn directory() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Some(PathBuf::from("/run"));
    }
    let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    own.filter(|path| path.is_absolute())
}

/// The text of a regular file of at most so many bytes. Never waits, as a named pipe would have it.
pub(crate) fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = String::new();
    file.take(most + 1).read_to_string(&mut text)?;
    match text.len() as u64 > most {
        true => Err(io::Error::other(format!("longer than {most} bytes"))),
        false => Ok(text),
    }
}

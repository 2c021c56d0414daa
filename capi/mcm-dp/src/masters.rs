//! The sockets that masters of this process listen on, shared by all connections of one path.

use std::collections::HashMap;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use memif::{Address, Listener};

use crate::failure::Failure;

/// Where sockets are that programs name no directory for. Made when it is missing, and no other is.
const DIRECTORY: &str = "/run/mcm";

static LISTENING: Mutex<Option<HashMap<Address, Shared>>> = Mutex::new(None);

#[derive(Debug)]
struct Shared {
    listener: Listener,
    users: usize,
}

/// One connection's share of a listening socket. The last one removes the socket.
#[derive(Debug)]
pub(crate) struct Share(Address);

/// One address for one socket, however it is written and wherever this process is.
fn key(address: &Address) -> Address {
    match address {
        Address::Path(path) => Address::Path(std::path::absolute(path).unwrap_or(path.clone())),
        Address::Abstract(_) => address.clone(),
    }
}

impl Share {
    /// Listens, showing `name` to clients, or joins those who do.
    pub(crate) fn of(address: &Address, name: &str) -> Result<(Self, Listener), Failure> {
        let mut table = table();
        let sockets = table.get_or_insert_default();
        let key = key(address);
        if let Some(shared) = sockets.get_mut(&key) {
            shared.users += 1;
            return Ok((Self(key), shared.listener.clone()));
        }
        let listener = listen(address, name)?;
        let shared = Shared {
            listener: listener.clone(),
            users: 1,
        };
        sockets.insert(key.clone(), shared);
        Ok((Self(key), listener))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut table = table();
        let Some(sockets) = table.as_mut() else {
            return;
        };
        let left = sockets.get_mut(&self.0).map(|shared| {
            shared.users -= 1;
            shared.users
        });
        if left == Some(0) {
            // Under the lock: whoever comes next finds the path free.
            sockets.remove(&self.0);
        }
        if sockets.is_empty() {
            *table = None;
        }
    }
}

fn table() -> MutexGuard<'static, Option<HashMap<Address, Shared>>> {
    LISTENING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(address: &Address, name: &str) -> Result<Listener, Failure> {
    let builder = Listener::builder(address).name(name);
    let builder = match address {
        Address::Path(path) => {
            make_directory(path)?;
            builder.file_mode(0o777 & !umask())
        }
        Address::Abstract(_) => builder,
    };
    Ok(builder.bind()?)
}

fn make_directory(socket: &Path) -> Result<(), Failure> {
    if socket.parent() != Some(Path::new(DIRECTORY)) {
        return Ok(());
    }
    match DirBuilder::new().mode(0o755).create(DIRECTORY) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let failure = Failure::os("mkdir", &error);
            let text = format!(
                "the directory {DIRECTORY} cannot be made ({error}): \
                 make it as root, or give a socket_path in a directory of your own"
            );
            Err(Failure::new(failure.code, failure.errno, text))
        }
        _ => Ok(()),
    }
}

/// The permissions that this process wants off its files: those of a socket are as of any other file.
/// Asking the system with `umask` would change it for a moment, in all threads.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    let mask = line.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok());
    mask.unwrap_or(0o077)
}

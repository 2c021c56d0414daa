//! The one connection of the process, used by both sets of names.

use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use descsock::{Client, Options};

use crate::failure::Failure;
use crate::log;

static CURRENT: RwLock<Option<Connection>> = RwLock::new(None);

/// Held by the thread that opens.
static OPENING: Mutex<()> = Mutex::new(());

/// The client, and what was said about it when it was opened.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) client: Arc<Client>,
    /// Calls do not wait, unless they say otherwise.
    pub(crate) is_nonblocking: bool,
}

/// Opens the connection. What fails leaves everything as it was.
pub(crate) fn open(options: Options, is_nonblocking: bool) -> Result<(), Failure> {
    log::start();
    let _opening = match OPENING.try_lock() {
        Ok(opening) => opening,
        Err(TryLockError::Poisoned(opening)) => opening.into_inner(),
        Err(TryLockError::WouldBlock) => return Err(Failure(libc::EALREADY)),
    };
    if current().is_ok() {
        return Err(Failure(libc::EISCONN));
    }
    let opened = Client::open(options);
    let client = opened.inspect_err(|error| tracing::error!(%error, "not opened"))?;
    let client = Arc::new(client);
    *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = Some(Connection {
        client,
        is_nonblocking,
    });
    Ok(())
}

/// The connection. It lives on until the call is over, also if it is closed meanwhile.
pub(crate) fn current() -> Result<Connection, Failure> {
    let current = CURRENT.read().unwrap_or_else(PoisonError::into_inner);
    current.clone().ok_or(Failure::NOT_OPEN)
}

/// Closes the connection, and ends the calls that wait for it.
pub(crate) fn close() -> Result<(), Failure> {
    let taken = CURRENT
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    Ok(taken.ok_or(Failure::NOT_OPEN)?.client.close()?)
}

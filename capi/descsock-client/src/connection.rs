//! The one connection of the process, used by both sets of names.

use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use descsock::{Client, Options};

use crate::failure::Failure;

static CURRENT: RwLock<Option<Connection>> = RwLock::new(None);

/// Held by the thread that opens or closes.
static CHANGING: Mutex<()> = Mutex::new(());

/// The client, and what was said about it when it was opened.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) client: Arc<Client>,
    /// Calls do not wait, unless they say otherwise.
    pub(crate) is_nonblocking: bool,
}

/// Opens the connection. What fails leaves everything as it was.
pub(crate) fn open(options: Options, is_nonblocking: bool) -> Result<(), Failure> {
    capi_door::start_log("libdescsock-client");
    let _changing = match CHANGING.try_lock() {
        Ok(changing) => changing,
        Err(TryLockError::Poisoned(changing)) => changing.into_inner(),
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

/// Closes the connection, and ends the calls that wait for it. Until it is closed another cannot be opened.
pub(crate) fn close() -> Result<(), Failure> {
    current()?;
    let _changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut current = CURRENT.write().unwrap_or_else(PoisonError::into_inner);
    let taken = current.take().ok_or(Failure::NOT_OPEN)?;
    drop(current);
    Ok(taken.client.close()?)
}

//! Waiting in tokio instead of in a thread.
//!
//! # Safety
//!
//! tokio asks that a registered object keeps its descriptor until it is deregistered; [`OwnedFd`] does.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::task::consume_budget;
use tokio::time::timeout;

use crate::error::os;
use crate::{Error, Frame, Loan, Rx, Tx};

/// An [`Rx`] in a tokio task.
#[derive(Debug)]
pub struct AsyncRx {
    rx: Rx,
    news: AsyncFd<OwnedFd>,
}

/// A [`Tx`] in a tokio task.
#[derive(Debug)]
pub struct AsyncTx {
    tx: Tx,
    news: AsyncFd<OwnedFd>,
}

impl AsyncRx {
    /// Takes over a receiving end.
    ///
    /// # Errors
    ///
    /// [`Error::Os`] when descriptors run out.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime that has I/O enabled. Waiting needs time enabled, too.
    pub fn new(rx: Rx) -> Result<Self, Error> {
        let news = watch(&rx)?;
        Ok(Self { rx, news })
    }

    /// The next frame. Cancel-safe: no frame is lost when the future is dropped.
    ///
    /// # Errors
    ///
    /// As [`Rx::recv`], without the timeout.
    pub async fn recv(&mut self) -> Result<Frame, Error> {
        loop {
            consume_budget().await; // a stream that never pauses leaves time for other tasks
            if let Some(frame) = self.rx.try_recv()? {
                return Ok(frame);
            }
            if !self.rx.arm()? {
                wait(&self.news, self.rx.look_again()).await?;
            }
        }
    }

    /// Back to the blocking kind.
    pub fn into_inner(self) -> Rx {
        self.rx
    }
}

impl AsyncTx {
    /// Takes over a sending end.
    ///
    /// # Errors
    ///
    /// [`Error::Os`] when descriptors run out.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime that has I/O enabled. Waiting needs time enabled, too.
    pub fn new(tx: Tx) -> Result<Self, Error> {
        let news = watch(&tx)?;
        Ok(Self { tx, news })
    }

    /// Room for a frame of `len` bytes. Cancel-safe.
    ///
    /// # Errors
    ///
    /// As [`Tx::loan`], without the timeout.
    pub async fn loan(&mut self, len: usize) -> Result<Loan, Error> {
        loop {
            consume_budget().await;
            if let Some(loan) = self.tx.try_loan(len)? {
                return Ok(loan);
            }
            if !self.tx.arm_for(len)? {
                wait(&self.news, self.tx.look_again()).await?;
            }
        }
    }

    /// Sends a frame by copy. Cancel-safe: the frame was sent, or not at all.
    ///
    /// # Errors
    ///
    /// As [`Tx::send`], without the timeout.
    pub async fn send(&mut self, frame: &[u8]) -> Result<(), Error> {
        let mut loan = self.loan(frame.len()).await?;
        loan.write_at(0, frame)?;
        loan.send()
    }

    /// Back to the blocking kind.
    pub fn into_inner(self) -> Tx {
        self.tx
    }
}

/// Waits for news, at most for `nap`.
async fn wait(news: &AsyncFd<OwnedFd>, nap: Option<Duration>) -> Result<(), Error> {
    let ready = match nap {
        None => news.readable().await,
        Some(nap) => match timeout(nap, news.readable()).await {
            Ok(ready) => ready,
            Err(_) => return Ok(()),
        },
    };
    ready.map_err(os("epoll_wait"))?.clear_ready();
    Ok(())
}

fn watch(object: &impl AsFd) -> Result<AsyncFd<OwnedFd>, Error> {
    let own = object.as_fd().try_clone_to_owned().map_err(os("dup"))?;
    // SAFETY: an `OwnedFd` refers to one open file and closes it only when dropped.
    let registered = unsafe { AsyncFd::register(own) };
    registered.map_err(|error| os("epoll_ctl")(error.into()))
}

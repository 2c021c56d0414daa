//! Waiting in tokio instead of in a thread.
//!
//! # Safety
//!
//! tokio asks that a registered object keeps its descriptor until it is deregistered; [`OwnedFd`] does.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use tokio::io::unix::AsyncFd;

use crate::error::os;
use crate::{Error, Frame, Loan, Rx, Tx};

/// How long to wait for room beside a stranger, who does not say when it gives buffers back.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

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
    /// Takes over a receiving end. Must be called within a runtime that has I/O enabled.
    ///
    /// # Errors
    ///
    /// [`Error::Os`] when descriptors run out.
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
            if let Some(frame) = self.rx.try_recv()? {
                return Ok(frame);
            }
            if !self.rx.arm()? {
                self.news
                    .readable()
                    .await
                    .map_err(os("epoll_wait"))?
                    .clear_ready();
            }
        }
    }

    /// Back to the blocking kind.
    pub fn into_inner(self) -> Rx {
        self.rx
    }
}

impl AsyncTx {
    /// Takes over a sending end. Must be called within a runtime that has I/O and time enabled.
    ///
    /// # Errors
    ///
    /// [`Error::Os`] when descriptors run out.
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
            if let Some(loan) = self.tx.try_loan(len)? {
                return Ok(loan);
            }
            if !self.tx.arm()? {
                // Time is the only news of a stranger's buffers.
                let news = tokio::time::timeout(LOOK_AGAIN, self.news.readable()).await;
                if let Ok(ready) = news {
                    ready.map_err(os("epoll_wait"))?.clear_ready();
                }
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

fn watch(object: &impl AsFd) -> Result<AsyncFd<OwnedFd>, Error> {
    let own = object.as_fd().try_clone_to_owned().map_err(os("dup"))?;
    // SAFETY: an `OwnedFd` refers to one open file and closes it only when dropped.
    let registered = unsafe { AsyncFd::register(own) };
    registered.map_err(|error| os("epoll_ctl")(error.into()))
}

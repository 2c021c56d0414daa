//! Wake-ups by a byte on a socket.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::net::{SendFlags, send};

use super::Bell;

/// How a peer is woken.
#[derive(Clone, Debug)]
pub(crate) enum Waker {
    /// By the eventfd of its ring. A peer with bad intentions can make whoever rings it wait: see [`Bell`].
    Bell(Arc<Bell>),
    /// By a byte on a stream that it watches besides: this never waits, whatever the peer does.
    Socket(Arc<OwnedFd>),
}

impl Waker {
    /// Wakes the peer.
    pub(crate) fn wake(&self) {
        match self {
            // Fails only if the descriptor is none, which was checked when it came.
            Self::Bell(bell) => {
                let _ = bell.ring();
            }
            // Fails only if the peer has bytes enough to be woken by, or is gone.
            Self::Socket(socket) => {
                let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
                let _ = send(socket, &[0], flags);
            }
        }
    }
}

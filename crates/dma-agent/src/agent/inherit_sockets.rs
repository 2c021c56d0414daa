//! Where a predecessor listens, a successor does: the same sockets, at the same addresses.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use memif::Address;
use memif::unix::{SocketClaim, SocketFile, StreamListener};
use rustix::net::{AddressFamily, sockopt};

use super::Agent;
use crate::config::{Config, SocketAt};
use crate::handover::state::{SocketRole, SocketState};
use crate::handover::{HandoverError, os, out_of_range};

impl Agent {
    /// Listens where the predecessor does.
    pub(super) fn inherit_socket(
        &mut self,
        config: &Config,
        state: SocketState,
        socket: OwnedFd,
    ) -> Result<(), HandoverError> {
        if state.role == SocketRole::Metrics {
            return self.inherit_metrics(&state, socket);
        }
        let role = state.role;
        let Some((at, listener)) = adopt(config, state, &socket)? else {
            return Ok(());
        };
        let reactor = &self.reactor;
        let watched = match role {
            SocketRole::Control => self.desk.listen(reactor, listener),
            _ => self.reception.add(listener, &at.address, |fd, token| {
                reactor.watch_input(fd, token)
            }),
        };
        watched.map_err(|source| HandoverError::Os {
            call: "epoll_ctl",
            source,
        })?;
        match role {
            SocketRole::Control => self.setup.control = Some(at),
            _ => self.setup.doorbells.push(at),
        }
        Ok(())
    }

    fn inherit_metrics(
        &mut self,
        state: &SocketState,
        socket: OwnedFd,
    ) -> Result<(), HandoverError> {
        let address = String::from_utf8_lossy(&state.address.0);
        let address: SocketAddr = address.parse().map_err(out_of_range)?;
        let domain = sockopt::socket_domain(&socket).map_err(os("getsockopt(SO_DOMAIN)"))?;
        let is_internet = matches!(domain, AddressFamily::INET | AddressFamily::INET6);
        if !is_internet || sockopt::socket_acceptconn(&socket) != Ok(true) {
            return Err(out_of_range("a socket for metrics on which nobody listens"));
        }
        let listener = TcpListener::from(socket);
        let heard = self.metrics.listen(&self.reactor, listener);
        heard.map_err(|source| HandoverError::Os {
            call: "epoll_ctl",
            source,
        })?;
        self.setup.metrics = Some(address);
        Ok(())
    }
}

/// The socket, at the address that the configuration or the predecessor has for it. `None` if its file is gone: then
/// nobody can find it anyway.
fn adopt(
    config: &Config,
    state: SocketState,
    socket: &OwnedFd,
) -> Result<Option<(SocketAt, StreamListener)>, HandoverError> {
    let bytes = OsString::from_vec(state.address.0);
    let own = match state.is_abstract {
        true => Address::Abstract(bytes.into_vec()),
        false => Address::Path(PathBuf::from(bytes)),
    };
    let claim = state.claim;
    let claim = claim.map(|(device, inode)| SocketClaim { device, inode });
    let wanted = config.doorbells.iter().chain(&config.control);
    let wanted = wanted.map(|one| &one.address).filter(|one| **one != own);
    for address in [&own].into_iter().chain(wanted) {
        let copy = socket.try_clone().map_err(|source| HandoverError::Os {
            call: "dup",
            source,
        })?;
        if let Ok(Some(listener)) = StreamListener::adopt(copy, address, claim) {
            let file = SocketFile {
                mode: state.mode,
                owner: state.owner,
                backlog: state.backlog,
            };
            let address = address.clone();
            return Ok(Some((SocketAt { address, file }, listener)));
        }
    }
    tracing::warn!(address = %own, "the socket of the predecessor is not there any more");
    Ok(None)
}

//! A client that passes from one agent to the next, in the middle of its streams.

use std::os::fd::{AsFd, OwnedFd};

use descsock_wire::{Layout, Mapping, TIERS};
use memif::Credentials;
use rustix::net::{AddressFamily, SocketType, sockopt};
use switch::{Endpoint, Sep, Svc};

use super::queue::Queue;
use super::rx_tier::RxTier;
use super::tx_tier::TxTier;
use super::{Client, Tenant};
use crate::file;
use crate::handover::state::{Behind, ClientState, LayoutState};
use crate::handover::{HandoverError, Legacy, os, out_of_range};

/// Doorbell, file, and the sockets.
const DESCRIPTORS: usize = 2 + 2 * TIERS;

impl Client {
    /// All that a successor needs.
    pub(super) fn bequeath(&self) -> Legacy<'_> {
        let state = ClientState {
            // As whom it registered, the agent knows.
            service_name: String::new(),
            svc: self.endpoint.svc.raw(),
            sep: self.endpoint.sep.raw(),
            base: self.memory.mapping.base(),
            length: self.memory.mapping.length(),
            layout: self.layout.map(|layout| match layout {
                Layout::A => LayoutState::A,
                Layout::B => LayoutState::B,
            }),
            rx: self.rx.tiers.each_ref().map(RxTier::state),
            waiting: self.rx.waiting.each_ref().map(Queue::state),
            tx: self.tx.tiers.each_ref().map(TxTier::state),
        };
        let mut descriptors = vec![self.doorbell.as_fd(), self.memory.file.as_fd()];
        descriptors.extend(self.rx.tiers.iter().map(RxTier::socket));
        descriptors.extend(self.tx.tiers.iter().map(TxTier::socket));
        let behind = Behind::Client(Box::new(state));
        Legacy {
            behind,
            descriptors,
        }
    }

    /// Goes on with the client of a predecessor, and says who it is.
    ///
    /// # Errors
    /// What of it cannot be.
    pub(crate) fn inherit(
        state: ClientState,
        descriptors: Vec<OwnedFd>,
    ) -> Result<(Self, Credentials), HandoverError> {
        let (doorbell, file, sockets) = sort(descriptors)?;
        let who = Credentials::of(doorbell.as_fd());
        let who = who.map_err(|source| HandoverError::Os {
            call: "getsockopt(SO_PEERCRED)",
            source,
        })?;
        let mapping = Mapping::new(state.base, state.length)?;
        let mut client = Self::new(Tenant {
            doorbell,
            sockets,
            memory: file::map_again(file, mapping, who.uid)?,
            layout: state.layout.map(|layout| match layout {
                LayoutState::A => Layout::A,
                LayoutState::B => Layout::B,
            }),
            endpoint: Endpoint {
                svc: Svc::new(state.svc).map_err(out_of_range)?,
                sep: Sep::new(state.sep).map_err(out_of_range)?,
            },
        });
        for (tier, state) in client.rx.tiers.iter_mut().zip(state.rx) {
            tier.restore(state, &mapping)?;
        }
        for (queue, state) in client.rx.waiting.iter_mut().zip(state.waiting) {
            queue.restore(state)?;
        }
        for (tier, state) in client.tx.tiers.iter_mut().zip(state.tx) {
            tier.restore(state)?;
        }
        Ok((client, who))
    }
}

/// Which descriptor is which; sockets have to be such as the agent gives to a client.
fn sort(
    descriptors: Vec<OwnedFd>,
) -> Result<(OwnedFd, OwnedFd, [OwnedFd; 2 * TIERS]), HandoverError> {
    let got = descriptors.len();
    let due = DESCRIPTORS;
    let all = <[OwnedFd; DESCRIPTORS]>::try_from(descriptors);
    let all = all.map_err(|_| HandoverError::Descriptors { got, due })?;
    let [doorbell, file, rx0, rx1, rx2, rx3, tx0, tx1, tx2, tx3] = all;
    let sockets = [rx0, rx1, rx2, rx3, tx0, tx1, tx2, tx3];
    for socket in sockets.iter().chain([&doorbell]) {
        let domain = sockopt::socket_domain(socket).map_err(os("getsockopt(SO_DOMAIN)"))?;
        let kind = sockopt::socket_type(socket).map_err(os("getsockopt(SO_TYPE)"))?;
        if domain != AddressFamily::UNIX || kind != SocketType::STREAM {
            return Err(out_of_range("a socket that is no stream on this host"));
        }
    }
    Ok((doorbell, file, sockets))
}

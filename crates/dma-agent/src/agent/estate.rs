//! All that a predecessor hands over, as it came.

use std::os::fd::OwnedFd;

use switch::MAX_PORTS;

use crate::handover::parcel::{Channel, check};
use crate::handover::state::{AddressState, AgentState, Part, PortState, SocketState};
use crate::handover::{HandoverError, MOST_ADDRESSES};

/// Sockets that an agent listens on, at most.
const MOST_SOCKETS: usize = 1024;

/// All that came.
#[derive(Debug)]
pub(super) struct Estate {
    pub(super) agent: AgentState,
    pub(super) sockets: Vec<(SocketState, OwnedFd)>,
    pub(super) ports: Vec<(PortState, Vec<OwnedFd>)>,
    pub(super) addresses: Vec<AddressState>,
}

impl Estate {
    /// Takes it in, as far as it may be that large.
    pub(super) fn receive(channel: &mut Channel) -> Result<Self, HandoverError> {
        let (Part::Agent(agent), _) = channel.receive()? else {
            return Err(HandoverError::Parcel("the agent is due".to_owned()));
        };
        let mut estate = Estate {
            agent: *agent,
            sockets: Vec::new(),
            ports: Vec::new(),
            addresses: Vec::new(),
        };
        for parts in 1.. {
            let (part, descriptors) = channel.receive::<Part>()?;
            match part {
                Part::End(announced) if announced == parts => break,
                part => estate.add(part, descriptors)?,
            }
        }
        Ok(estate)
    }

    fn add(&mut self, part: Part, mut descriptors: Vec<OwnedFd>) -> Result<(), HandoverError> {
        match part {
            Part::Socket(state) => {
                let (got, due) = (descriptors.len(), 1);
                let socket = descriptors.pop().filter(|_| got == due);
                let socket = socket.ok_or(HandoverError::Descriptors { got, due })?;
                self.sockets.push((state, socket));
                check("sockets", self.sockets.len(), MOST_SOCKETS)
            }
            Part::Port(state) => {
                self.ports.push((*state, descriptors));
                check("ports", self.ports.len(), MAX_PORTS)
            }
            Part::Addresses(some) => {
                self.addresses.extend(some);
                check("addresses", self.addresses.len(), MOST_ADDRESSES)
            }
            Part::Agent(_) | Part::End(_) => {
                Err(HandoverError::Parcel("parts are missing".to_owned()))
            }
        }
    }
}

//! Frames for the link-local groups, which are meant for the next bridge and go through none.
//!
//! ```text
//!   01:80:c2:00:00:00         spanning tree         ──► the owners of service 3
//!                  02  8809   LACP                  ──► the owners of service 1
//!                  0e  88cc   LLDP                  ──► the owners of service 4
//!                  00 to 0f   pause, EAPOL, PTP, …  ──► nobody
//! ```
//!
//! The services are those that existing tenants register for. An owner of this switch may have some groups flooded all the
//! same, as Linux does with `group_fwd_mask`.

use crate::{Arrival, DropReason, Mac, Nti, PortSet, Svc, Switch};

const FIRST: u64 = Mac([0x01, 0x80, 0xC2, 0, 0, 0]).bits();
/// Both addresses of the slow protocols and of LLDP are shared with others: the type tells.
const SLOW_PROTOCOLS: u16 = 0x8809;
const LLDP: u16 = 0x88CC;

impl Switch {
    /// Has some link-local groups flooded as other groups are: bit 14 stands for 01:80:c2:00:00:0e, and so on. None of
    /// them without being told.
    pub fn flood_link_local(&mut self, groups: u16) {
        self.flooded_groups = groups;
    }

    /// The link-local groups that are flooded.
    pub fn flooded_link_local(&self) -> u16 {
        self.flooded_groups
    }

    /// Who gets a frame for a group.
    pub(crate) fn group(&self, frame: &Arrival<'_>, nti: Nti) -> Result<PortSet, DropReason> {
        match number(frame.header.destination()) {
            Some(number) if self.flooded_groups >> number & 1 == 0 => {
                self.protocol(frame, nti, number)
            }
            _ => self.flood(frame.port, nti),
        }
    }

    /// The owners of the service that speaks this protocol, where the sender reaches them.
    fn protocol(&self, frame: &Arrival<'_>, nti: Nti, number: u64) -> Result<PortSet, DropReason> {
        let svc = service(number, frame.header.ethertype()).ok_or(DropReason::LinkLocal)?;
        let owners = self.ports.services.members(svc).map(|(_, port)| port);
        let reached = owners.filter(|to| self.ports.reach(frame.port, *to, nti).is_ok());
        let reached: PortSet = reached.collect();
        match reached.is_empty() {
            true => Err(DropReason::LinkLocal),
            false => Ok(reached),
        }
    }
}

/// The last digit of a link-local group.
fn number(destination: Mac) -> Option<u64> {
    let number = destination.bits() ^ FIRST;
    (number < 16).then_some(number)
}

fn service(number: u64, ethertype: u16) -> Option<Svc> {
    let svc = match (number, ethertype) {
        (0x0, _) => 3,
        (0x2, SLOW_PROTOCOLS) => 1,
        (0xE, LLDP) => 4,
        _ => return None,
    };
    Svc::new(svc).ok()
}

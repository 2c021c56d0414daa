//! Who owns which service: the members of each, by sep.

use alloc::collections::BTreeMap;

use crate::hash::Seed;
use crate::{Endpoint, PortId, Sep, Svc};

const MOST_MEMBERS: usize = Sep::ANY.raw() as usize;

type Members = [Option<PortId>; MOST_MEMBERS];

/// All memberships of all ports.
#[derive(Default)]
pub(crate) struct Services(BTreeMap<Svc, Members>);

impl Services {
    /// The port that has this membership.
    pub(crate) fn owner(&self, endpoint: Endpoint) -> Option<PortId> {
        let members = self.0.get(&endpoint.svc)?;
        *members.get(usize::from(endpoint.sep.raw()))?
    }

    /// The members of a service, by ascending sep.
    pub(crate) fn members(&self, svc: Svc) -> impl Iterator<Item = (Sep, PortId)> + '_ {
        let seps = self.0.get(&svc).into_iter().flatten().zip(Sep::fixed());
        seps.filter_map(|(port, sep)| Some((sep, (*port)?)))
    }

    /// The lowest sep that nobody has in this service.
    pub(crate) fn free_sep(&self, svc: Svc) -> Option<Sep> {
        Sep::fixed().find(|sep| self.owner(Endpoint { svc, sep: *sep }).is_none())
    }

    pub(crate) fn join(&mut self, endpoint: Endpoint, port: PortId) {
        let members = self.0.entry(endpoint.svc).or_default();
        if let Some(member) = members.get_mut(usize::from(endpoint.sep.raw())) {
            *member = Some(port);
        }
    }

    pub(crate) fn leave(&mut self, endpoint: Endpoint) {
        let Some(members) = self.0.get_mut(&endpoint.svc) else {
            return;
        };
        if let Some(member) = members.get_mut(usize::from(endpoint.sep.raw())) {
            *member = None;
        }
        if members.iter().all(Option::is_none) {
            self.0.remove(&endpoint.svc);
        }
    }
}

/// The member that a flow belongs to: each member draws a number from the flow's hash, and the highest wins. Who
/// joins or leaves moves only the flows that it wins or had.
pub(crate) fn choose(
    members: impl Iterator<Item = (Sep, PortId)>,
    flow: u64,
    seed: &Seed,
) -> Option<(Sep, PortId)> {
    members.max_by_key(|(sep, _)| seed.mix(flow, u64::from(sep.raw())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const LLDP: Svc = match Svc::new(4) {
        Ok(svc) => svc,
        Err(_) => Svc::MIN,
    };

    fn with_members(seps: impl IntoIterator<Item = u8>) -> Services {
        let mut services = Services::default();
        for raw in seps {
            let endpoint = Endpoint {
                svc: LLDP,
                sep: Sep::new(raw).unwrap(),
            };
            services.join(endpoint, PortId::at(usize::from(raw)).unwrap());
        }
        services
    }

    fn winners(services: &Services) -> Vec<Sep> {
        let seed = Seed::new(3);
        let winner = |flow| choose(services.members(LLDP), flow, &seed).unwrap().0;
        (0..3000).map(winner).collect()
    }

    #[test]
    fn a_service_gives_out_its_lowest_free_sep_until_it_has_fifteen_members() {
        assert_eq!(with_members([0, 1, 3]).free_sep(LLDP), Sep::new(2).ok());
        assert_eq!(with_members(0..15).free_sep(LLDP), None);
        assert_eq!(with_members([]).free_sep(LLDP), Some(Sep::MIN));
    }

    #[test]
    fn a_service_that_everybody_left_has_no_members() {
        let mut services = with_members([2]);
        services.leave(Endpoint {
            svc: LLDP,
            sep: Sep::new(2).unwrap(),
        });
        assert_eq!(services.members(LLDP).count(), 0);
        assert!(services.0.is_empty());
    }

    #[test]
    fn flows_spread_over_the_members() {
        let winners = winners(&with_members([0, 4, 14]));
        for raw in [0, 4, 14] {
            let won = winners.iter().filter(|sep| sep.raw() == raw).count();
            assert!((800..1200).contains(&won), "sep {raw} won {won} of 3000");
        }
    }

    #[test]
    fn a_member_that_joins_only_takes_flows_and_moves_none() {
        let before = winners(&with_members([0, 4]));
        let after = winners(&with_members([0, 4, 9]));
        let mut both = before.iter().zip(&after);
        assert!(both.all(|(before, after)| before == after || after.raw() == 9));
    }
}

//! The decision: where one frame goes.
//!
//! ```text
//!   sender exists, may use the domain ─┬─ not directed, or alias "learn": learn source ── known ──► its port
//!                                      │                                              └─ else ───► flood the domain,
//!                                      │                                                  but for link-local groups
//!                                      ├─ did of an uplink ──────────────────────────────────────► out there
//!                                      └─ did of a port, other alias ── svc: owners, sep: member ► its port
//!   then, for all: what is too long for a port is kept from it, and mirrors get their copies
//! ```

use core::time::Duration;

use crate::services::choose;
use crate::slot::Key;
use crate::{
    Alias, Arrival, Directed, DropReason, Endpoint, Flags, Learned, Mac, Nti, Policy, PortId,
    PortSet, Refusal, Role, Sep, Stamp, Switch, Verdict,
};

/// Where a frame goes before MTUs and mirrors are looked at.
struct Way {
    to: PortSet,
    endpoint: Option<Endpoint>,
    flags: Flags,
    learned: Learned,
}

/// What a descriptor directs its frame to, once its did is understood.
struct Target {
    /// The port that the did names; without one, any port of this host that owns the service.
    port: Option<PortId>,
    endpoint: Endpoint,
}

impl Switch {
    /// Decides where a frame goes, and learns from it unless it is directed. Allocates nothing.
    ///
    /// # Errors
    /// The reason for which it goes nowhere. The table may have learned from it all the same.
    #[inline]
    pub fn decide(&mut self, frame: &Arrival<'_>, now: Duration) -> Result<Verdict, DropReason> {
        let sender = self.ports.get(frame.port).ok_or(DropReason::PortGone)?;
        let nti = admitted(sender, frame.nti)?;
        let (did, cap) = (sender.did, sender.learn_cap);
        let target = frame.directed.map(|directed| self.target(directed));
        let way = match target.transpose()?.flatten() {
            Some(target) => self.direct(frame, nti, &target)?,
            None => self.look_up(frame, nti, cap, now)?,
        };
        let stamp = Stamp {
            did,
            sid: did,
            endpoint: way.endpoint,
            nti,
            tier: frame.tier,
            flags: way.flags | multicast(frame.header.destination()),
        };
        Ok(self.finish(frame, way, stamp))
    }

    /// What a did and a service stand for; `None` if the frame is to be looked up all the same.
    fn target(&self, directed: Directed) -> Result<Option<Target>, DropReason> {
        let Directed { did, svc, sep } = directed;
        let meaning = self.ports.dids.meaning(did);
        let (port, svc) = match meaning.ok_or(DropReason::UnknownDid)? {
            Alias::Learn => return Ok(None),
            Alias::Port(port) => (Some(port), svc),
            Alias::Owners => (None, svc),
            Alias::Service(instead) => (None, instead),
        };
        let endpoint = Endpoint { svc, sep };
        Ok(Some(Target { port, endpoint }))
    }

    /// The way of a frame that is not directed.
    #[inline]
    fn look_up(
        &mut self,
        frame: &Arrival<'_>,
        nti: Nti,
        cap: usize,
        now: Duration,
    ) -> Result<Way, DropReason> {
        let learned = self.learn(frame, nti, cap, now);
        let destination = frame.header.destination();
        let key = Key::new(nti, frame.header.vlan(), destination);
        let (to, flags) = match destination.is_group() {
            true => (self.group(frame, nti)?, Flags::empty()),
            false => match self.fdb.look_up(key, now) {
                None => (self.flood(frame.port, nti)?, Flags::LOOKUP_FAILED),
                Some(port) => {
                    self.ports.reach(frame.port, port, nti)?;
                    (PortSet::only(port), Flags::empty())
                }
            },
        };
        Ok(Way {
            to,
            endpoint: None,
            flags,
            learned,
        })
    }

    /// All others in the domain, if there are any.
    pub(crate) fn flood(&self, from: PortId, nti: Nti) -> Result<PortSet, DropReason> {
        let to = self.ports.flood(from, nti);
        match to.is_empty() {
            true => Err(DropReason::NoOtherPort),
            false => Ok(to),
        }
    }

    #[inline]
    fn learn(&mut self, frame: &Arrival<'_>, nti: Nti, cap: usize, now: Duration) -> Learned {
        let source = frame.header.source();
        if source.is_group() || source == Mac::ZERO {
            return Learned::Refused(Refusal::NotAHost);
        }
        let key = Key::new(nti, frame.header.vlan(), source);
        self.fdb.learn(key, frame.port, cap, now)
    }

    /// The way of a directed frame.
    fn direct(&self, frame: &Arrival<'_>, nti: Nti, target: &Target) -> Result<Way, DropReason> {
        let (port, sep) = match target.port {
            Some(port) if self.takes_all(port) => (port, target.endpoint.sep),
            _ => self.member(frame, nti, target)?,
        };
        self.ports.reach(frame.port, port, nti)?;
        Ok(Way {
            to: PortSet::only(port),
            endpoint: Some(Endpoint {
                sep,
                ..target.endpoint
            }),
            flags: Flags::DIRECTED,
            learned: Learned::No,
        })
    }

    /// Whether a port gets what is directed to its did whatever the service: an uplink, or a port that offers none.
    fn takes_all(&self, port: PortId) -> bool {
        let policy = self.ports.get(port);
        policy.is_some_and(|policy| policy.role == Role::Uplink || policy.services.is_empty())
    }

    /// The member of a service that a frame goes to, with its sep. A flow chooses among those it can reach.
    fn member(
        &self,
        frame: &Arrival<'_>,
        nti: Nti,
        target: &Target,
    ) -> Result<(PortId, Sep), DropReason> {
        let Endpoint { svc, sep: asked } = target.endpoint;
        let members = || {
            let all = self.ports.services.members(svc);
            all.filter(|(_, port)| target.port.is_none_or(|only| only == *port))
        };
        let first = members().next().ok_or(DropReason::NoSuchService)?;
        let found = match asked {
            Sep::ANY => {
                let flow = frame.header.flow().hash(&self.seed);
                let reached = members().filter(|(_, to)| self.reaches(frame.port, *to, nti));
                choose(reached, flow, &self.seed).unwrap_or(first)
            }
            fixed => {
                let named = members().find(|(sep, _)| *sep == fixed);
                named.ok_or(DropReason::NoSuchMember)?
            }
        };
        Ok((found.1, found.0))
    }

    fn reaches(&self, from: PortId, to: PortId, nti: Nti) -> bool {
        self.ports.reach(from, to, nti).is_ok()
    }

    /// Keeps the frame from ports it is too long for, and adds the mirrors.
    #[inline]
    fn finish(&self, frame: &Arrival<'_>, way: Way, stamp: Stamp) -> Verdict {
        let payload = frame.length.saturating_sub(frame.header.size());
        let mut verdict = Verdict {
            to: way.to,
            too_long: PortSet::EMPTY,
            stamp,
            learned: way.learned,
        };
        if self.ports.any_mirrors() {
            verdict.to = way.to.or(&self.ports.mirrors(frame.port, &way.to));
        }
        if self.ports.any_below(payload) {
            verdict.too_long = self.ports.too_small(&verdict.to, payload);
            verdict.to = verdict.to.without(&verdict.too_long);
        }
        verdict
    }
}

/// The domain that a frame is in: the one it asks for, or the port's own.
fn admitted(sender: &Policy, asked: Option<Nti>) -> Result<Nti, DropReason> {
    if sender.is_mirror() {
        return Err(DropReason::MirrorPort);
    }
    match asked {
        None => Ok(sender.default_nti),
        Some(nti) if sender.ntis.contains(nti) => Ok(nti),
        Some(_) => Err(DropReason::NtiNotAllowed),
    }
}

fn multicast(destination: Mac) -> Flags {
    match destination.is_group() {
        true => Flags::MULTICAST,
        false => Flags::empty(),
    }
}

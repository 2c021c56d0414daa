//! `dsk_ifh_fields_t`: what a frame carries besides its bytes.

use descsock::{Did, Directed, Dm, Labels, Nti, Route, Sep, Svc, Tier};

use crate::abi::{Ifh, IfhWithoutSid};
use crate::failure::Failure;

impl Ifh {
    /// How a frame is to go. Of a frame that is not directed, tier and domain count.
    pub(crate) fn route(&self) -> Result<Route, Failure> {
        Ok(Route {
            to: match self.directed {
                0 => None,
                _ => Some(self.destination()?),
            },
            nti: Nti::new(self.nti).map_err(|_| Failure::INVALID)?,
            tier: Tier::new(self.qos_tier).map_err(|_| Failure::INVALID)?,
        })
    }

    fn destination(&self) -> Result<Directed, Failure> {
        let all = || {
            Ok(Directed {
                did: Did::new(self.did)?,
                sep: Sep::new(self.sep)?,
                svc: Svc::new(self.svc)?,
                nti: Nti::new(self.nti)?,
                dm: Dm::new(self.dm)?,
            })
        };
        all().map_err(|_: descsock::OutOfRange| Failure::INVALID)
    }
}

impl From<Labels> for Ifh {
    /// Of a received frame the wire has the source only, which older programs know as `did`.
    fn from(labels: Labels) -> Self {
        let from = labels.from;
        Self {
            did: from.did.into(),
            sid: from.did.into(),
            sep: from.sep.into(),
            svc: from.svc.into(),
            qos_tier: labels.tier.into(),
            nti: from.nti.into(),
            dm: from.dm.into(),
            directed: labels.is_directed().into(),
        }
    }
}

impl From<IfhWithoutSid> for Ifh {
    fn from(old: IfhWithoutSid) -> Self {
        Self {
            did: old.did,
            sid: 0,
            sep: old.sep,
            svc: old.svc,
            qos_tier: old.qos_tier,
            nti: old.nti,
            dm: old.dm,
            directed: old.directed,
        }
    }
}

impl From<Ifh> for IfhWithoutSid {
    fn from(new: Ifh) -> Self {
        Self {
            did: new.did,
            sep: new.sep,
            svc: new.svc,
            qos_tier: new.qos_tier,
            nti: new.nti,
            dm: new.dm,
            directed: new.directed,
        }
    }
}

//! One client's handshake, with all it has brought so far.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use memif_ring::{LineSize, MappedRing, RING_COOKIE, Region, Regions, ring_bytes};
use memif_wire::{AddRing, Message, Name, ServerEvent};

use super::assemble::RingParts;
use super::hangup::Hangup;
use crate::Peer;
use crate::core::LinkCore;
use crate::sys::{Bell, Credentials};

/// A client on its way in.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) machine: memif_wire::Server,
    /// The link it asked for; it is let in unless `machine` says otherwise.
    pub(super) link: Option<Arc<LinkCore>>,
    name: Name,
    regions: Vec<Arc<Region>>,
    rings: Vec<(AddRing, Arc<Bell>)>,
    answer: Option<Message>,
}

impl Arrival {
    pub(super) fn new(machine: memif_wire::Server) -> Self {
        let (regions, rings) = (Vec::new(), Vec::new());
        Self {
            machine,
            link: None,
            name: Name::default(),
            regions,
            rings,
            answer: None,
        }
    }

    /// Whether it is on its way to this link.
    pub(super) fn is_for(&self, link: &Arc<LinkCore>) -> bool {
        self.link.as_ref().is_some_and(|own| Arc::ptr_eq(own, link))
    }

    /// Takes what an accepted message brought.
    pub(super) fn keep(&mut self, event: ServerEvent, fd: Option<OwnedFd>) -> Result<(), Hangup> {
        match (event, fd) {
            (ServerEvent::Admitted { peer, .. }, _) => self.name = peer,
            (ServerEvent::Region { size, .. }, Some(file)) => {
                let seals = self.link.as_ref().map(|link| link.options.seals);
                let region = Region::from_peer(file, size, seals.unwrap_or_default())?;
                self.regions.push(Arc::new(region));
            }
            (ServerEvent::Ring(ring), Some(fd)) => {
                self.rings.push((ring, Arc::new(Bell::from_peer(fd)?)));
            }
            _ => {
                return Err(Hangup::fault(
                    "peer sent a message without its file descriptor",
                ));
            }
        }
        Ok(())
    }

    /// Holds CONNECTED back until the epoch has begun here.
    pub(super) fn keep_answer(&mut self, answer: Option<Message>) {
        self.answer = answer;
    }

    pub(super) fn connected(&mut self) -> Option<Message> {
        self.answer.take()
    }

    pub(super) fn regions(&self) -> Regions {
        Regions::new(self.regions.clone())
    }

    pub(super) fn peer(&self, if_name: &Name, credentials: Option<Credentials>) -> Peer {
        Peer::new(&self.name, if_name, credentials)
    }

    /// The rings, mapped.
    pub(super) fn parts(&self) -> Result<Vec<RingParts>, Hangup> {
        let line = self.line_size();
        let parts = |(ring, bell): &(AddRing, Arc<Bell>)| {
            let region = self.regions.get(usize::from(ring.region));
            let mapped = region.and_then(|region| {
                MappedRing::new(region, ring.offset.into(), ring.log2_slots, line)
            });
            let (direction, index, bell) = (ring.direction, ring.index, Arc::clone(bell));
            let id = ring.id();
            match mapped {
                Some(ring) if ring.cookie() != RING_COOKIE => Err(Hangup::fault(format!(
                    "peer's ring {} begins with {:#010x}, a memif ring begins with {RING_COOKIE:#010x}",
                    id,
                    ring.cookie()
                ))),
                Some(ring) => Ok(RingParts {
                    direction,
                    index,
                    ring,
                    bell,
                    pool: None,
                }),
                None => Err(Hangup::fault(format!(
                    "peer's ring {id} does not fit its region"
                ))),
            }
        };
        self.rings.iter().map(parts).collect()
    }

    /// The cache-line size the client was built for, told from how far apart it put its rings.
    fn line_size(&self) -> LineSize {
        let mut places: Vec<_> = self
            .rings
            .iter()
            .map(|(ring, _)| (ring.region, ring.offset, ring.log2_slots))
            .collect();
        places.sort_unstable();
        let wide = places
            .windows(2)
            .filter(|pair| pair[0].0 == pair[1].0)
            .all(|pair| {
                let spacing = u64::from(pair[1].1 - pair[0].1);
                spacing >= ring_bytes(1 << pair[0].2, LineSize::Bytes128) as u64
            });
        let exact = places
            .windows(2)
            .filter(|pair| pair[0].0 == pair[1].0)
            .any(|pair| {
                let spacing = u64::from(pair[1].1 - pair[0].1);
                LineSize::from_spacing(spacing, 1 << pair[0].2) == LineSize::Bytes128
            });
        if wide && exact {
            LineSize::Bytes128
        } else {
            LineSize::Bytes64
        }
    }
}

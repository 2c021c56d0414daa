//! The forwarding table (FDB): which address was last seen behind which port, and for how long that counts.

use core::time::Duration;

use alloc::vec;
use alloc::vec::Vec;

use crate::hash::Seed;
use crate::slot::{Key, Place};
use crate::table::{Found, Table};
use crate::{Entry, Learned, MAX_PORTS, PortId, Refusal, Settings, Statistics};

/// The table, the limits it keeps, and what it counts.
pub(crate) struct Fdb {
    table: Table,
    settings: Settings,
    /// [`Settings::ageing`] in ticks.
    ageing: u32,
    /// How many addresses are behind each port.
    behind: Vec<usize>,
    /// The slot at which ageing goes on.
    hand: usize,
    statistics: Statistics,
}

impl Fdb {
    pub(crate) fn new(settings: Settings, seed: Seed) -> Fdb {
        let settings = settings.bounded();
        Fdb {
            table: Table::new(settings.capacity, seed),
            settings,
            ageing: whole_ticks(settings.ageing),
            behind: vec![0; MAX_PORTS],
            hand: 0,
            statistics: Statistics::default(),
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        self.settings
    }

    /// Keeps other limits from now on. What is in the table stays, even if it is more than may come in.
    pub(crate) fn change(&mut self, settings: Settings) {
        let settings = settings.bounded();
        if settings.capacity != self.settings.capacity {
            let room = settings.capacity.max(self.table.used());
            self.table = self.table.resized(room);
            self.hand = 0;
        }
        self.ageing = whole_ticks(settings.ageing);
        self.settings = settings;
    }

    /// The port behind which an address was seen, if that is not too long ago.
    #[inline]
    pub(crate) fn look_up(&self, key: Key, now: Duration) -> Option<PortId> {
        match self.table.find(key) {
            Found::Taken(_, place) if !self.is_stale(place, ticks(now)) => Some(place.port),
            _ => None,
        }
    }

    /// Notes that an address was seen behind a port that may have `cap` of them.
    #[inline]
    pub(crate) fn learn(&mut self, key: Key, port: PortId, cap: usize, now: Duration) -> Learned {
        let seen = ticks(now);
        let place = Place { port, seen };
        match self.table.find(key) {
            Found::Taken(at, old) if old.port == port => self.see_again(at, old, place),
            Found::Taken(at, old) => self.see_elsewhere(at, old, place, cap),
            Found::Free(at) => self.see_first(at, key, place, cap),
        }
    }

    /// Puts an address in that another table knew, as long as there is room; what is known here already stays.
    pub(crate) fn restore(&mut self, key: Key, place: Place, cap: usize) -> Result<(), Refusal> {
        let Found::Free(at) = self.table.find(key) else {
            return Ok(());
        };
        if self.behind(place.port) >= cap {
            return Err(Refusal::PortCap);
        }
        if self.table.used() >= self.settings.capacity {
            return Err(Refusal::Capacity);
        }
        self.table.insert(at, key, place);
        self.behind[place.port.index()] += 1;
        Ok(())
    }

    /// Counts on from what another table has counted.
    pub(crate) fn restore_statistics(&mut self, statistics: Statistics) {
        self.statistics = statistics;
    }

    /// What a look-up would find now.
    pub(crate) fn entries(&self, now: Duration) -> impl Iterator<Item = Entry> + '_ {
        let now = ticks(now);
        self.table
            .iter()
            .filter(move |(_, place)| !self.is_stale(*place, now))
            .map(move |(key, place)| Entry {
                nti: key.nti(),
                vlan: key.vlan(),
                mac: key.mac(),
                port: place.port,
                age: duration(now.saturating_sub(place.seen)),
            })
    }

    /// Looks at the next `slots` slots, once round the table at most, and removes what is too old. Returns how many
    /// addresses that were.
    pub(crate) fn age(&mut self, now: Duration, slots: usize) -> usize {
        let now = ticks(now);
        let (mut aged, mut passed) = (0, 0);
        for _ in 0..slots {
            if passed == self.table.slots() {
                break;
            }
            match self.table.get(self.hand) {
                // Another may have moved into the slot, so it is looked at again.
                Some((_, place)) if self.is_stale(place, now) => {
                    self.forget(self.hand, place);
                    aged += 1;
                }
                _ => {
                    self.hand = (self.hand + 1) % self.table.slots();
                    passed += 1;
                }
            }
        }
        self.statistics.aged += aged as u64;
        aged
    }

    /// Forgets every address that `unwanted` picks by its key and port, and returns how many.
    pub(crate) fn flush(&mut self, unwanted: impl Fn(Key, PortId) -> bool) -> usize {
        let (mut at, mut flushed) = (0, 0);
        while at < self.table.slots() {
            match self.table.get(at) {
                Some((key, place)) if unwanted(key, place.port) => {
                    self.forget(at, place);
                    flushed += 1;
                }
                _ => at += 1,
            }
        }
        self.statistics.flushed += flushed as u64;
        flushed
    }

    /// How many addresses are behind a port, including those that are too old and not removed yet.
    pub(crate) fn behind(&self, port: PortId) -> usize {
        self.behind[port.index()]
    }

    pub(crate) fn statistics(&self) -> Statistics {
        Statistics {
            entries: self.table.used(),
            ..self.statistics
        }
    }

    fn see_again(&mut self, at: usize, old: Place, new: Place) -> Learned {
        if new.seen != old.seen {
            self.table.update(at, new); // rarely: the line stays clean otherwise
        }
        match self.is_stale(old, new.seen) {
            true => self.count_revival(),
            false => Learned::Refreshed,
        }
    }

    fn see_elsewhere(&mut self, at: usize, old: Place, new: Place, cap: usize) -> Learned {
        if self.behind(new.port) >= cap {
            return self.refuse(Refusal::PortCap);
        }
        self.table.update(at, new);
        self.behind[old.port.index()] -= 1;
        self.behind[new.port.index()] += 1;
        if self.is_stale(old, new.seen) {
            return self.count_revival();
        }
        self.statistics.moved += 1;
        Learned::Moved { from: old.port }
    }

    fn see_first(&mut self, at: usize, key: Key, place: Place, cap: usize) -> Learned {
        if self.behind(place.port) >= cap {
            return self.refuse(Refusal::PortCap);
        }
        if self.table.used() >= self.settings.capacity {
            return self.refuse(Refusal::Capacity);
        }
        self.table.insert(at, key, place);
        self.behind[place.port.index()] += 1;
        self.statistics.learned += 1;
        Learned::New
    }

    /// An address came back that was too old already: as if it had been removed in time.
    fn count_revival(&mut self) -> Learned {
        self.statistics.aged += 1;
        self.statistics.learned += 1;
        Learned::New
    }

    fn refuse(&mut self, why: Refusal) -> Learned {
        match why {
            Refusal::PortCap => self.statistics.refused_by_port_cap += 1,
            Refusal::Capacity => self.statistics.refused_by_capacity += 1,
            Refusal::NotAHost => {}
        }
        Learned::Refused(why)
    }

    fn forget(&mut self, at: usize, place: Place) {
        self.table.remove(at);
        self.behind[place.port.index()] -= 1;
    }

    fn is_stale(&self, place: Place, now: u32) -> bool {
        now.saturating_sub(place.seen) >= self.ageing
    }
}

const TICKS_PER_SECOND: u32 = 10;
const MILLIS_PER_TICK: u32 = 1000 / TICKS_PER_SECOND;

/// Where an address was seen that long ago.
pub(crate) fn seen_before(port: PortId, now: Duration, age: Duration) -> Place {
    let seen = ticks(now).saturating_sub(ticks(age));
    Place { port, seen }
}

/// Tenths of a second, which 32 bits hold for 13 years; then time stands still.
fn ticks(time: Duration) -> u32 {
    let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    let tenths = time.subsec_millis() / MILLIS_PER_TICK;
    seconds
        .saturating_mul(TICKS_PER_SECOND)
        .saturating_add(tenths)
}

/// The same rounded up: a span that is not zero stays so.
fn whole_ticks(span: Duration) -> u32 {
    ticks(span.saturating_add(Duration::from_millis(99)))
}

fn duration(ticks: u32) -> Duration {
    Duration::from_millis(u64::from(ticks) * u64::from(MILLIS_PER_TICK))
}

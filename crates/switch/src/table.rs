//! The memory of the forwarding table: open addressing, at most half full, nothing allocated after it was made.
//!
//! An address lies at the place its hash names, or at the next free one after it. Removing closes the gap: what
//! follows and may lie nearer to its own place moves back, so a search can always stop at the first free slot.

use alloc::boxed::Box;
use alloc::vec;

use crate::hash::Seed;
use crate::slot::{Key, Place, Slot};

/// What a search found: the slot of the address, or the free one that it would take.
pub(crate) enum Found {
    Taken(usize, Place),
    Free(usize),
}

/// Slots for addresses.
pub(crate) struct Table {
    slots: Box<[Slot]>,
    used: usize,
    seed: Seed,
}

impl Table {
    /// A table that stays at most half full with `capacity` addresses: 32 to 64 bytes each, taken at once.
    pub(crate) fn new(capacity: usize, seed: Seed) -> Table {
        let slots = (capacity * 2).max(2).next_power_of_two();
        Table {
            slots: vec![Slot::FREE; slots].into_boxed_slice(),
            used: 0,
            seed,
        }
    }

    /// How many addresses there are.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// How many slots there are.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub(crate) fn find(&self, key: Key) -> Found {
        let mut at = self.home(key);
        loop {
            let slot = &self.slots[at];
            if slot.key() == key {
                return Found::Taken(at, slot.place());
            }
            if slot.is_free() {
                return Found::Free(at);
            }
            at = self.next(at);
        }
    }

    /// What lies in slot `at`.
    pub(crate) fn get(&self, at: usize) -> Option<(Key, Place)> {
        let slot = self.slots.get(at)?;
        (!slot.is_free()).then_some((slot.key(), slot.place()))
    }

    /// All addresses, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, Place)> + '_ {
        let taken = self.slots.iter().filter(|slot| !slot.is_free());
        taken.map(|slot| (slot.key(), slot.place()))
    }

    /// The same addresses in a table for `capacity` of them, which is at least as many as there are.
    pub(crate) fn resized(&self, capacity: usize) -> Table {
        let mut table = Table::new(capacity, self.seed);
        for (key, place) in self.iter() {
            if let Found::Free(at) = table.find(key) {
                table.insert(at, key, place);
            }
        }
        table
    }

    /// Puts a new address into the free slot that [`Table::find`] gave for it.
    pub(crate) fn insert(&mut self, at: usize, key: Key, place: Place) {
        self.slots[at] = Slot::new(key, place);
        self.used += 1;
    }

    /// Changes where the address in slot `at` is.
    pub(crate) fn update(&mut self, at: usize, place: Place) {
        let slot = &mut self.slots[at];
        *slot = Slot::new(slot.key(), place);
    }

    /// Frees slot `at`, and moves into it what could not lie there before.
    pub(crate) fn remove(&mut self, at: usize) {
        let mut gap = at;
        let mut from = self.next(at);
        while !self.slots[from].is_free() {
            let home = self.home(self.slots[from].key());
            if self.steps(home, from) >= self.steps(gap, from) {
                self.slots[gap] = self.slots[from];
                gap = from;
            }
            from = self.next(from);
        }
        self.slots[gap] = Slot::FREE;
        self.used -= 1;
    }

    #[inline]
    fn home(&self, key: Key) -> usize {
        let hash = self.seed.mix(key.address(), u64::from(key.vlan()));
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
        let low = hash as usize;
        low & self.mask()
    }

    fn next(&self, at: usize) -> usize {
        (at + 1) & self.mask()
    }

    /// How far `to` lies after `from`, round the end.
    fn steps(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    fn mask(&self) -> usize {
        self.slots.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mac, Nti, PortId};
    use alloc::collections::BTreeSet;

    fn key(number: u16) -> Key {
        let [high, low] = number.to_be_bytes();
        Key::new(Nti::DEFAULT, number % 3, Mac([2, 0, 0, 0, high, low]))
    }

    fn place(port: usize) -> Place {
        Place {
            port: PortId::at(port).unwrap(),
            seen: 1,
        }
    }

    fn put(table: &mut Table, number: u16) {
        if let Found::Free(at) = table.find(key(number)) {
            table.insert(at, key(number), place(usize::from(number % 256)));
        }
    }

    fn take(table: &mut Table, number: u16) {
        if let Found::Taken(at, _) = table.find(key(number)) {
            table.remove(at);
        }
    }

    fn holds(table: &Table, number: u16) -> bool {
        matches!(table.find(key(number)),
            Found::Taken(_, place) if place.port.index() == usize::from(number % 256))
    }

    #[test]
    fn whatever_is_removed_the_rest_is_found() {
        for random in 0..20 {
            let mut table = Table::new(100, Seed::new(random));
            let mut expected: BTreeSet<u16> = (0..100).collect();
            (0..100).for_each(|number| put(&mut table, number));
            for step in 0..100 {
                let number = step * 37 % 100;
                take(&mut table, number);
                expected.remove(&number);
                assert!((0..100).all(|one| holds(&table, one) == expected.contains(&one)));
                assert_eq!(table.used(), expected.len());
            }
        }
    }

    #[test]
    fn a_table_for_no_address_can_still_be_searched() {
        let table = Table::new(0, Seed::new(0));
        assert!(!holds(&table, 1));
    }
}

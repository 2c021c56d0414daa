//! Ports by number, and sets of them: where a frame goes, without allocation.

use core::fmt;

const WORDS: usize = 4;

/// How many ports a switch has at most.
pub const MAX_PORTS: usize = WORDS * 64;

/// A port of one switch: small, stable while the port exists, and given to another port some time after it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId(u16);

impl PortId {
    /// The port at index 0.
    pub(crate) const FIRST: PortId = PortId(0);

    /// Below [`MAX_PORTS`]: fit to index an array of the caller's.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The port at `index`, if it can exist.
    pub(crate) fn at(index: usize) -> Option<PortId> {
        let number = u16::try_from(index).ok()?;
        (index < MAX_PORTS).then_some(PortId(number))
    }

    fn place(self) -> (usize, u64) {
        (usize::from(self.0 / 64), 1 << (self.0 % 64))
    }
}

impl fmt::Display for PortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "port {}", self.0)
    }
}

/// A set of ports: one bit each.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PortSet([u64; WORDS]);

impl PortSet {
    /// No port.
    pub const EMPTY: PortSet = PortSet([0; WORDS]);

    /// Just `port`.
    #[inline]
    pub fn only(port: PortId) -> PortSet {
        let (word, bit) = port.place();
        PortSet(core::array::from_fn(|at| match at == word {
            true => bit,
            false => 0,
        }))
    }

    /// Adds `port`.
    #[inline]
    pub fn insert(&mut self, port: PortId) {
        let (word, bit) = port.place();
        self.0[word] |= bit;
    }

    /// Takes `port` out.
    #[inline]
    pub fn remove(&mut self, port: PortId) {
        let (word, bit) = port.place();
        self.0[word] &= !bit;
    }

    /// Whether `port` is one of them.
    #[inline]
    pub fn contains(&self, port: PortId) -> bool {
        let (word, bit) = port.place();
        self.0[word] & bit != 0
    }

    /// Whether there is no port in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// How many ports are in it.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The ports that are in both.
    #[must_use]
    #[inline]
    pub fn and(&self, other: &PortSet) -> PortSet {
        PortSet(core::array::from_fn(|at| self.0[at] & other.0[at]))
    }

    /// The ports that are in either.
    #[must_use]
    #[inline]
    pub fn or(&self, other: &PortSet) -> PortSet {
        PortSet(core::array::from_fn(|at| self.0[at] | other.0[at]))
    }

    /// The ports that are not in `other`.
    #[must_use]
    #[inline]
    pub fn without(&self, other: &PortSet) -> PortSet {
        PortSet(core::array::from_fn(|at| self.0[at] & !other.0[at]))
    }

    /// The ports in ascending order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = PortId> + use<> {
        let words = self.0.into_iter().zip((0..).step_by(64));
        words.flat_map(|(word, first)| Bits(word).map(move |bit| PortId(first + bit)))
    }
}

impl FromIterator<PortId> for PortSet {
    fn from_iter<I: IntoIterator<Item = PortId>>(ports: I) -> PortSet {
        let mut set = PortSet::EMPTY;
        ports.into_iter().for_each(|port| set.insert(port));
        set
    }
}

impl fmt::Debug for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(PortId::index))
            .finish()
    }
}

/// The numbers of the bits that are set, lowest first.
struct Bits(u64);

impl Iterator for Bits {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        let lowest = u16::try_from(self.0.trailing_zeros()).ok()?;
        if self.0 == 0 {
            return None;
        }
        self.0 &= self.0 - 1;
        Some(lowest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    fn set(indexes: &[usize]) -> PortSet {
        indexes
            .iter()
            .filter_map(|index| PortId::at(*index))
            .collect()
    }

    #[test]
    fn a_set_gives_its_ports_back_in_order() {
        let all = set(&[255, 0, 64, 63, 200]);
        let indexes: Vec<usize> = all.iter().map(PortId::index).collect();
        assert_eq!(indexes, [0, 63, 64, 200, 255]);
        assert_eq!((all.len(), PortId::at(MAX_PORTS)), (5, None));
        assert_eq!(format!("{all:?}"), "{0, 63, 64, 200, 255}");
    }

    #[test]
    fn a_port_taken_out_is_gone() {
        let mut both = set(&[7, 130]);
        both.remove(PortId(130));
        assert_eq!(both, PortSet::only(PortId(7)));
        assert!(both.contains(PortId(7)) && !both.contains(PortId(130)));
    }

    #[test]
    fn sets_meet_and_part() {
        let (left, right) = (set(&[1, 2, 100]), set(&[2, 100, 101]));
        assert_eq!(left.and(&right), set(&[2, 100]));
        assert_eq!(left.or(&right), set(&[1, 2, 100, 101]));
        assert_eq!(left.without(&right), set(&[1]));
        assert!(left.without(&left).is_empty());
    }
}

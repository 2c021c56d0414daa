//! Sets of domains: which NTIs a port may use.

use core::fmt;

use crate::Nti;

const WORDS: usize = 64;

/// A set of domains: one bit each, 512 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NtiSet([u64; WORDS]);

impl NtiSet {
    /// No domain.
    pub const EMPTY: NtiSet = NtiSet([0; WORDS]);

    /// Just `nti`.
    pub fn only(nti: Nti) -> NtiSet {
        let mut set = NtiSet::EMPTY;
        set.insert(nti);
        set
    }

    /// Every domain, 1 to 4095: a trunk.
    pub fn all() -> NtiSet {
        let mut set = NtiSet([u64::MAX; WORDS]);
        set.0[0] &= !1; // 0 is no domain
        set
    }

    /// Adds `nti`.
    pub fn insert(&mut self, nti: Nti) {
        let (word, bit) = place(nti);
        self.0[word] |= bit;
    }

    /// Whether `nti` is one of them.
    pub fn contains(&self, nti: Nti) -> bool {
        let (word, bit) = place(nti);
        self.0[word] & bit != 0
    }

    /// Whether every domain of `other` is also one of these.
    pub fn covers(&self, other: &NtiSet) -> bool {
        let mut words = self.0.iter().zip(&other.0);
        words.all(|(ours, theirs)| theirs & !ours == 0)
    }

    /// The domains in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Nti> + '_ {
        let numbers = Nti::MIN.raw()..=Nti::MAX.raw();
        numbers
            .filter_map(|raw| Nti::new(raw).ok())
            .filter(|nti| self.contains(*nti))
    }
}

impl Default for NtiSet {
    fn default() -> NtiSet {
        NtiSet::only(Nti::DEFAULT)
    }
}

impl FromIterator<Nti> for NtiSet {
    fn from_iter<I: IntoIterator<Item = Nti>>(ntis: I) -> NtiSet {
        let mut set = NtiSet::EMPTY;
        ntis.into_iter().for_each(|nti| set.insert(nti));
        set
    }
}

impl fmt::Debug for NtiSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Nti::raw)).finish()
    }
}

fn place(nti: Nti) -> (usize, u64) {
    (usize::from(nti.raw() / 64), 1 << (nti.raw() % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn set(raw: &[u16]) -> NtiSet {
        raw.iter().filter_map(|raw| Nti::new(*raw).ok()).collect()
    }

    #[test]
    fn a_port_that_was_told_nothing_uses_the_default_domain() {
        assert_eq!(format!("{:?}", NtiSet::default()), "{4095}");
    }

    #[test]
    fn all_domains_are_4095() {
        assert_eq!(NtiSet::all().iter().count(), 4095);
        assert_eq!(
            NtiSet::all(),
            set(&(1..=4095).collect::<alloc::vec::Vec<_>>())
        );
    }

    #[test]
    fn a_set_covers_what_is_within_it() {
        assert!(set(&[7, 64, 4095]).covers(&set(&[64])));
        assert!(!set(&[64]).covers(&set(&[7, 64])));
        assert!(set(&[]).covers(&NtiSet::EMPTY));
    }
}

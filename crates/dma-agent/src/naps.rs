//! Ports that want to be looked at after some time, whether there is news of them or not.

use std::time::Duration;

use switch::PortId;

/// When to look at which port. Each is in it once; there are few.
#[derive(Debug, Default)]
pub(crate) struct Naps(Vec<(PortId, Duration)>);

impl Naps {
    /// Looks at this port at `due`, or only when there is news of it.
    pub(crate) fn set(&mut self, id: PortId, due: Option<Duration>) {
        let at = self.0.iter().position(|(port, _)| *port == id);
        match (at, due) {
            (Some(at), Some(due)) => self.0[at].1 = due,
            (None, Some(due)) => self.0.push((id, due)),
            (Some(at), None) => drop(self.0.swap_remove(at)),
            (None, None) => {}
        }
    }

    /// The next time that a port is to be looked at.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.0.iter().map(|(_, due)| *due).min()
    }

    /// A port whose time has come; it is not in here any more.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<PortId> {
        let at = self.0.iter().position(|(_, due)| *due <= now)?;
        Some(self.0.swap_remove(at).0)
    }
}

#[cfg(test)]
mod tests {
    use switch::{Did, Policy, Settings, Switch};

    use super::*;

    #[test]
    fn a_port_is_looked_at_when_its_last_word_says_so() {
        let mut switch = Switch::new(Settings::default(), 1);
        let mut port = |did| {
            let policy = Policy::new(Did::new(did).expect("a did"));
            switch.add_port(policy).expect("room")
        };
        let (one, other) = (port(1), port(2));
        let at = |millis| Some(Duration::from_millis(millis));
        let mut naps = Naps::default();
        naps.set(one, at(5));
        naps.set(other, at(7));
        naps.set(one, at(9));
        assert_eq!(naps.next(), at(7));
        assert_eq!(naps.pop(Duration::from_millis(6)), None);
        assert_eq!(naps.pop(Duration::from_millis(9)), Some(one));
        naps.set(other, None);
        assert_eq!((naps.next(), naps.pop(Duration::MAX)), (None, None));
    }
}

//! Configured ports whose device has died: they stay, deliver nothing, and get another device as soon as there is one.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use switch::{DropReason, PortId, Stamp};

use crate::Frame;
use crate::device::{Delivered, Device, Gone, News, Sink, Source};

/// How long to wait for the first try, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What stands in for a device that has died.
#[derive(Debug)]
pub(crate) struct Absent {
    pub(crate) kind: &'static str,
    pub(crate) largest: usize,
}

/// Which ports have lost their device, and when to try for another one.
#[derive(Debug, Default)]
pub(crate) struct Lost(BTreeMap<PortId, Loss>);

#[derive(Debug)]
struct Loss {
    /// `None` once the port is back: it may not last.
    why: Option<String>,
    pause: Duration,
    /// When to try next, or when it came back. `None`: nothing is tried.
    at: Option<Duration>,
}

impl Lost {
    /// A port has lost its device. Whether that is news: one that has only just come back had been told.
    pub(crate) fn note(&mut self, id: PortId, why: String, now: Duration, tries: bool) -> bool {
        let before = self.0.get(&id).filter(|loss| loss.is_fresh(now));
        let is_news = before.is_none();
        let pause = before.map_or(FIRST_PAUSE, Loss::next_pause);
        let loss = Loss {
            why: Some(why),
            pause,
            at: tries.then_some(now + pause),
        };
        self.0.insert(id, loss);
        is_news
    }

    /// There was no other device for it either.
    pub(crate) fn failed(&mut self, id: PortId, why: String, now: Duration) {
        if let Some(loss) = self.0.get_mut(&id) {
            loss.why = Some(why);
            loss.pause = loss.next_pause();
            loss.at = Some(now + loss.pause);
        }
    }

    /// It has another device.
    pub(crate) fn found(&mut self, id: PortId, now: Duration) {
        if let Some(loss) = self.0.get_mut(&id) {
            (loss.why, loss.at) = (None, Some(now));
        }
    }

    /// Those for which it is time to try.
    pub(crate) fn due(&self, now: Duration) -> Vec<PortId> {
        let is_due = |loss: &Loss| loss.why.is_some() && loss.at.is_some_and(|at| at <= now);
        let due = self.0.iter().filter(|(_, loss)| is_due(loss));
        due.map(|(id, _)| *id).collect()
    }

    /// Why a port has no device, if it has none.
    pub(crate) fn why(&self, id: PortId) -> Option<&str> {
        self.0.get(&id)?.why.as_deref()
    }

    /// The port is gone itself.
    pub(crate) fn forget(&mut self, id: PortId) {
        self.0.remove(&id);
    }
}

impl Loss {
    /// Whether it is lost, or was until a moment ago.
    fn is_fresh(&self, now: Duration) -> bool {
        let since = self.at.map(|at| now.saturating_sub(at));
        self.why.is_some() || since.is_some_and(|since| since < LONGEST_PAUSE)
    }

    fn next_pause(&self) -> Duration {
        (self.pause * 2).min(LONGEST_PAUSE)
    }
}

impl Device for Absent {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn watch(&self, _: &mut dyn FnMut(Source, BorrowedFd<'_>) -> io::Result<()>) -> io::Result<()> {
        Ok(())
    }

    fn notice(&mut self, _: News) {}

    fn receive(&mut self, _: &mut dyn Sink) -> Result<bool, Gone> {
        Ok(false)
    }

    fn deliver(&mut self, _: &Frame<'_>, _: &Stamp) -> Delivered {
        Err(DropReason::LinkDown)
    }

    fn flush(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    fn undelivered(&self) -> u64 {
        0
    }

    fn largest(&self) -> usize {
        self.largest
    }
}

#[cfg(test)]
mod tests {
    use switch::{Did, Policy, Settings, Switch};

    use super::*;

    fn port() -> PortId {
        let policy = Policy::new(Did::new(1).expect("a did"));
        let mut switch = Switch::new(Settings::default(), 1);
        switch.add_port(policy).expect("room")
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn tries_become_rarer_and_go_on() {
        let (mut lost, id) = (Lost::default(), port());
        assert!(lost.note(id, "deleted".into(), at(100), true));
        let mut tried = Vec::new();
        for now in 100..250 {
            if lost.due(at(now)) == [id] {
                tried.push(now - 100);
                lost.failed(id, "still not there".into(), at(now));
            }
        }
        assert_eq!(tried, [1, 3, 7, 15, 31, 61, 91, 121]);
        assert_eq!(lost.why(id), Some("still not there"));
    }

    #[test]
    fn a_port_that_dies_again_at_once_is_no_news_and_waits_longer() {
        let (mut lost, id) = (Lost::default(), port());
        assert!(lost.note(id, "deleted".into(), at(0), true));
        lost.found(id, at(1));
        assert_eq!((lost.why(id), lost.due(at(500))), (None, vec![]));
        assert!(!lost.note(id, "deleted".into(), at(2), true));
        assert_eq!((lost.due(at(3)), lost.due(at(4))), (vec![], vec![id]));
        lost.found(id, at(4));
        assert!(
            lost.note(id, "deleted".into(), at(34), true),
            "it had lasted"
        );
        assert_eq!(lost.due(at(35)), [id]);
    }

    #[test]
    fn what_nobody_is_to_try_again_is_only_known_to_be_lost() {
        let (mut lost, id) = (Lost::default(), port());
        assert!(lost.note(id, "disk full".into(), at(0), false));
        assert_eq!(
            (lost.why(id), lost.due(at(1000))),
            (Some("disk full"), vec![])
        );
        lost.forget(id);
        assert_eq!(lost.why(id), None);
    }
}

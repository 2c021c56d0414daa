//! What is logged of refusals: the first of a kind by one user in full, those that follow as a number.
//!
//! Somebody who is refused a thousand times writes two lines and not a thousand, and pushes nobody else's out of the log.

use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use descsock_wire::Violation;
use memif::Credentials;

use crate::admission::Refusal;
use crate::file::FileRefusal;

/// How long repetitions are only counted.
const PERIOD: Duration = Duration::from_secs(10);
/// Users and kinds that are told apart at a time. Any more share one entry.
const MOST: usize = 64;

/// Refusals of the last seconds.
#[derive(Debug, Default)]
pub(crate) struct RefusalLog {
    /// The time, as of the last look at what is over.
    now: Duration,
    /// Up to [`MOST`], and the one that is shared.
    entries: Vec<Entry>,
}

/// Refusals of one kind.
#[derive(Debug)]
struct Entry {
    key: Key,
    /// As the first of them was told.
    reason: String,
    since: Duration,
    /// How many followed.
    more: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// Of this user, for this reason.
    Of(u32, Kind),
    /// Of whoever is not told apart.
    Shared,
}

/// What sort of refusal it is, whatever its numbers and names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File(Discriminant<FileRefusal>),
    Violation(Discriminant<Violation>),
    Other(Discriminant<Refusal>),
}

impl RefusalLog {
    /// Logs a refusal, or counts it as one more of those that were logged.
    pub(crate) fn note(&mut self, who: Credentials, why: &Refusal) {
        let key = Key::Of(who.uid, kind(why));
        let known = self.entries.iter().any(|entry| entry.key == key);
        let key = match known || self.entries.len() < MOST {
            true => key,
            false => Key::Shared,
        };
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key == key) {
            entry.more += 1;
            return;
        }
        tracing::warn!(uid = who.uid, pid = who.pid, reason = %why, "client refused");
        self.entries.push(Entry {
            key,
            reason: why.to_string(),
            since: self.now,
            more: 0,
        });
    }

    /// Sums up what was only counted for long enough.
    pub(crate) fn expire(&mut self, now: Duration) {
        self.now = now;
        self.entries.retain(|entry| {
            let seconds = now.saturating_sub(entry.since).as_secs();
            let is_over = seconds >= PERIOD.as_secs();
            if is_over {
                entry.sum_up(seconds);
            }
            !is_over
        });
    }
}

impl Drop for RefusalLog {
    /// What was counted is said, also when the agent ends.
    fn drop(&mut self) {
        for entry in &self.entries {
            entry.sum_up(self.now.saturating_sub(entry.since).as_secs());
        }
    }
}

impl Entry {
    fn sum_up(&self, seconds: u64) {
        let Self { reason, more, .. } = self;
        match self.key {
            _ if *more == 0 => {}
            Key::Of(uid, _) => {
                tracing::warn!(uid, first = %reason, "client refused {more} more times in {seconds} s");
            }
            Key::Shared => {
                tracing::warn!(first = %reason, "others refused {more} more times in {seconds} s");
            }
        }
    }
}

fn kind(why: &Refusal) -> Kind {
    match why {
        Refusal::File(file) => Kind::File(discriminant(file)),
        Refusal::Violation(violation) => Kind::Violation(discriminant(violation)),
        other => Kind::Other(discriminant(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(uid: u32) -> Credentials {
        let (gid, pid) = (uid, None);
        Credentials { uid, gid, pid }
    }

    /// What is known of each entry: whether it is shared, and how many followed.
    fn entries(log: &RefusalLog) -> Vec<(bool, u64)> {
        let entries = log.entries.iter();
        entries
            .map(|one| (one.key == Key::Shared, one.more))
            .collect()
    }

    #[test]
    fn a_kind_by_a_user_is_told_again_after_its_period_and_not_before() {
        let mut log = RefusalLog::default();
        log.expire(Duration::from_secs(100));
        for bytes in 0..5 {
            log.note(who(1), &Refusal::BrokenOff { bytes });
        }
        log.note(who(1), &Refusal::NoFile);
        log.note(who(2), &Refusal::NoFile);
        assert_eq!(entries(&log), [(false, 4), (false, 0), (false, 0)]);
        log.expire(Duration::from_millis(109_999));
        assert_eq!(entries(&log).len(), 3);
        log.note(who(2), &Refusal::NoFile);
        log.expire(Duration::from_secs(110));
        assert_eq!(entries(&log), [], "the next is told in full");
    }

    #[test]
    fn however_many_users_are_refused_little_is_kept_and_all_are_counted() {
        let mut log = RefusalLog::default();
        for uid in 0..10_000 {
            log.note(who(uid), &Refusal::NoFile);
        }
        log.note(who(3), &Refusal::NoFile);
        let entries = entries(&log);
        assert_eq!(entries.len(), MOST + 1);
        assert_eq!(
            (entries[3], entries[MOST]),
            ((false, 1), (true, 9999 - MOST as u64))
        );
    }

    #[test]
    fn files_and_messages_that_are_wrong_in_several_ways_are_told_apart() {
        let mut log = RefusalLog::default();
        let path = || "/file".to_owned();
        let found = "a directory";
        log.note(who(1), &FileRefusal::Detour { path: path() }.into());
        log.note(
            who(1),
            &FileRefusal::NotAFile {
                path: path(),
                found,
            }
            .into(),
        );
        log.note(who(1), &Violation::RequestType { got: 9 }.into());
        assert_eq!(entries(&log), [(false, 0); 3]);
    }
}

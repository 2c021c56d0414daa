//! What came in: how much, how long the frames were, and what is missing of it.

use std::time::Duration;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::meter::{Meter, Rates};
use super::stamp::{Framing, Stamp};
use super::tally::{Counts, Tally};
use crate::latency::{Latency, Quantiles};
use crate::report::grouped;

/// A delay beyond this is none: the sender's clock is another machine's.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// Counts received frames.
#[derive(Debug)]
pub(crate) struct Account {
    framing: Framing,
    pub(crate) meter: Meter,
    lengths: Lengths,
    tally: Tally,
    latency: Latency,
}

impl Account {
    pub(crate) fn new(framing: Framing) -> Account {
        Account {
            framing,
            meter: Meter::default(),
            lengths: Lengths::default(),
            tally: Tally::default(),
            latency: Latency::new(),
        }
    }

    /// Counts a frame of `len` bytes that starts with `head` and came just before `now`.
    pub(crate) fn frame(&mut self, len: usize, head: &[u8], now: Duration) {
        self.meter.count(1, len as u64, now);
        self.lengths.count(len);
        let Some(stamp) = Stamp::find(head, self.framing) else {
            return;
        };
        self.tally.count(stamp);
        let delay = now.checked_sub(stamp.sent_at);
        if let Some(delay) = delay.filter(|delay| *delay < LONGEST_DELAY) {
            self.latency.record(delay);
        }
    }

    /// One line about the time since the last.
    pub(crate) fn interval(&mut self, now: Duration) -> String {
        let rates = self.meter.interval(now);
        let counts = self.tally.counts();
        let mut line = format!(
            "{} frames, {}",
            grouped(self.meter.frames()),
            rates.spelled()
        );
        if counts.stamped > 0 {
            line += &format!(", {} lost", grouped(counts.lost));
        }
        line
    }

    pub(crate) fn received(&self) -> Received {
        let counts = self.tally.counts();
        Received {
            rates: self.meter.total(),
            lengths: self.lengths,
            stamped: (counts.stamped > 0).then_some(counts),
            latency_ns: self.latency.quantiles(),
        }
    }
}

/// Everything about received frames. What is told by stamps is there only if frames had some.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Received {
    #[serde(flatten)]
    pub(crate) rates: Rates,
    lengths: Lengths,
    #[serde(flatten)]
    stamped: Option<Counts>,
    latency_ns: Option<Quantiles>,
}

impl Received {
    pub(crate) fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = rate_rows(&self.rates);
        if self.rates.frames > 0 {
            rows.push(("lengths", self.lengths.spelled()));
        }
        if let Some(counts) = self.stamped {
            rows.push(("stamped", grouped(counts.stamped)));
            rows.push(("lost", grouped(counts.lost)));
            rows.push(("reordered", grouped(counts.reordered)));
            rows.push(("duplicate", grouped(counts.duplicate)));
        }
        if let Some(latency) = self.latency_ns {
            rows.push(("latency", latency.spelled()));
        }
        rows
    }
}

/// Rates as every summary shows them.
pub(crate) fn rate_rows(rates: &Rates) -> Vec<(&'static str, String)> {
    vec![
        ("frames", grouped(rates.frames)),
        ("bytes", grouped(rates.bytes)),
        ("rate", rates.spelled()),
    ]
}

/// Upper ends of the length classes that network equipment counts in; the last has no end.
const CLASSES: [(usize, &str); 7] = [
    (64, "to_64"),
    (127, "65_to_127"),
    (255, "128_to_255"),
    (511, "256_to_511"),
    (1023, "512_to_1023"),
    (1518, "1024_to_1518"),
    (usize::MAX, "from_1519"),
];

/// Frames by length class, and the extremes.
#[derive(Debug, Clone, Copy, Default)]
struct Lengths {
    classes: [u64; CLASSES.len()],
    extremes: Option<(usize, usize)>,
}

impl Lengths {
    fn count(&mut self, len: usize) {
        let class = CLASSES.iter().position(|(end, _)| len <= *end);
        self.classes[class.unwrap_or(CLASSES.len() - 1)] += 1;
        let (shortest, longest) = self.extremes.unwrap_or((len, len));
        self.extremes = Some((shortest.min(len), longest.max(len)));
    }

    fn spelled(&self) -> String {
        match self.extremes {
            Some((shortest, longest)) if shortest == longest => format!("{shortest} bytes"),
            Some((shortest, longest)) => format!("{shortest} to {longest} bytes"),
            None => "none".to_owned(),
        }
    }
}

impl Serialize for Lengths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some((shortest, longest)) = self.extremes {
            map.serialize_entry("shortest", &shortest)?;
            map.serialize_entry("longest", &longest)?;
        }
        for ((_, class), frames) in CLASSES.iter().zip(self.classes) {
            map.serialize_entry(class, &frames)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    fn stamped(sequence: u64, sent_at: Duration) -> Vec<u8> {
        let mut frame = Vec::new();
        let packet = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10; 4], [11; 4], 64);
        let stamp = Stamp {
            stream: 1,
            sequence,
            sent_at,
        };
        let written = packet.udp(1, 2).write(&mut frame, &stamp.to_bytes());
        written.expect("fits");
        frame
    }

    fn json(account: &Account) -> serde_json::Value {
        serde_json::to_value(account.received()).expect("serializes")
    }

    #[test]
    fn frames_of_others_are_counted_without_loss_or_delay() {
        let mut account = Account::new(Framing::Ethernet);
        account.frame(60, &[0; 60], NOW);
        account.frame(9000, &[0; 60], NOW);
        let told = json(&account);
        assert_eq!((&told["frames"], &told["bytes"]), (&2.into(), &9060.into()));
        assert_eq!(told["lengths"]["shortest"], 60);
        assert_eq!(told["lengths"]["longest"], 9000);
        assert_eq!(told["lengths"]["to_64"], 1);
        assert_eq!(told["lengths"]["from_1519"], 1);
        assert!(told.get("lost").is_none());
        assert!(told["latency_ns"].is_null());
    }

    #[test]
    fn stamped_frames_tell_loss_and_delay() {
        let mut account = Account::new(Framing::Ethernet);
        for sequence in [0, 1, 3] {
            let frame = stamped(sequence, NOW - Duration::from_micros(5));
            account.frame(frame.len(), &frame, NOW);
        }
        let told = json(&account);
        assert_eq!((&told["stamped"], &told["lost"]), (&3.into(), &1.into()));
        assert!(told["latency_ns"]["max"].as_u64().expect("a number") >= 4_900);
    }

    #[test]
    fn a_clock_of_another_machine_gives_no_delay() {
        let mut account = Account::new(Framing::Ethernet);
        for sent_at in [NOW * 2, Duration::ZERO] {
            let frame = stamped(0, sent_at);
            account.frame(frame.len(), &frame, NOW);
        }
        assert!(json(&account)["latency_ns"].is_null());
    }

    #[test]
    fn the_length_classes_meet_without_gap() {
        for (len, class) in [(64, 0), (65, 1), (127, 1), (128, 2), (1518, 5), (1519, 6)] {
            let mut lengths = Lengths::default();
            lengths.count(len);
            assert_eq!(lengths.classes[class], 1, "{len}");
        }
    }
}

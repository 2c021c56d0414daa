//! What a receiver got.

use serde::Serialize;

use super::take::Taker;
use crate::latency::Quantiles;
use crate::report::{Summary, grouped};
use crate::tally::Gap;

/// The last word of `memwire recv`.
#[derive(Debug, Serialize)]
pub(crate) struct Summed {
    /// What the frames were, if the sender told.
    format: Option<String>,
    frames: u64,
    bytes: u64,
    /// Frames that the sender numbered and that did not come, since the first that came.
    lost: u64,
    corrupt: u64,
    repeated: u64,
    /// The number of the first frame: so many had been sent before.
    joined_at: Option<u64>,
    gaps: Vec<Gap>,
    reconnects: u64,
    fps: Option<f64>,
    gbit_per_s: Option<f64>,
    /// From the moment of sending to that of receiving.
    latency_ns: Option<Quantiles>,
    verified: bool,
    stopped: bool,
}

impl Summed {
    pub(crate) fn new(taker: &Taker, reconnects: u64, stopped: bool) -> Summed {
        let tally = &taker.tally;
        let format = taker.caps().map(ToString::to_string);
        Summed {
            format: format.map(|text| text.lines().next().unwrap_or_default().to_owned()),
            frames: tally.frames,
            bytes: tally.bytes,
            lost: tally.lost,
            corrupt: tally.corrupt,
            repeated: tally.repeated,
            joined_at: tally.joined_at,
            gaps: tally.gaps.clone(),
            reconnects,
            fps: tally.fps(),
            gbit_per_s: tally.gbit_per_s(),
            latency_ns: taker.latency.quantiles(),
            verified: taker.verifies(),
            stopped,
        }
    }

    /// Whether anything has happened that is worth telling.
    pub(crate) fn has_begun(&self) -> bool {
        self.frames > 0
    }
}

impl Summary for Summed {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let verified = if self.verified {
            ", every one verified"
        } else {
            ""
        };
        let mut rows = vec![("frames", format!("{}{verified}", grouped(self.frames)))];
        rows.extend(self.format.clone().map(|format| ("format", format)));
        rows.extend(self.fps.map(|fps| ("frames/s", format!("{fps:.2}"))));
        rows.extend(self.gbit_per_s.map(|gbit| ("Gbit/s", format!("{gbit:.2}"))));
        rows.extend(
            self.latency_ns
                .map(|latency| ("latency", latency.spelled())),
        );
        rows.push(("lost", crate::tally::spelled(self.lost, &self.gaps)));
        rows.push(("corrupt", grouped(self.corrupt)));
        if let Some(before @ 1..) = self.joined_at {
            rows.push((
                "joined at",
                format!("frame {before}: those before it were sent earlier"),
            ));
        }
        rows.extend((self.repeated > 0).then(|| ("repeated", grouped(self.repeated))));
        rows.extend((self.reconnects > 0).then(|| ("reconnects", grouped(self.reconnects))));
        rows
    }
}

//! What a sender did.

use serde::Serialize;

use crate::latency::Quantiles;
use crate::report::{Summary, grouped};
use crate::tally::{Gap, spelled};

/// The last word of `memwire send`. The keys are those of the receiver, as far as they make sense.
#[derive(Debug, Serialize)]
pub(crate) struct Sent {
    pub(crate) format: String,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// Frames that were sent and never taken.
    pub(crate) lost: u64,
    /// Always 0: what is corrupt shows at the receiver.
    pub(crate) corrupt: u64,
    /// Where the frames that were not taken lay.
    pub(crate) gaps: Vec<Gap>,
    pub(crate) reconnects: u64,
    pub(crate) fps: Option<f64>,
    pub(crate) gbit_per_s: Option<f64>,
    /// Always none: the receiver measures it.
    pub(crate) latency_ns: Option<Quantiles>,
    pub(crate) stopped: bool,
}

impl Sent {
    /// Whether anything has happened that is worth telling.
    pub(crate) fn has_begun(&self) -> bool {
        self.frames > 0
    }
}

impl Summary for Sent {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("format", self.format.clone()),
            ("frames", grouped(self.frames)),
        ];
        if let (Some(fps), Some(gbit)) = (self.fps, self.gbit_per_s) {
            rows.push(("frames/s", format!("{fps:.2}")));
            rows.push(("Gbit/s", format!("{gbit:.2}")));
        }
        if self.reconnects > 0 || self.lost > 0 {
            rows.push(("reconnects", grouped(self.reconnects)));
            rows.push(("not taken", spelled(self.lost, &self.gaps)));
        }
        rows
    }
}

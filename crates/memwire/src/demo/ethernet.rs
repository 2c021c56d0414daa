//! The demo's second half: two tenants exchange Ethernet frames through an agent.

use std::ffi::OsString;
use std::path::Path;

use anyhow::bail;
use serde::Serialize;
use serde_json::Value;

use super::child::{self, Child, Ending};
use super::tenant::FRAME;
use super::words;
use crate::latency::Quantiles;
use crate::report::grouped;
use crate::stop::Stop;

/// Frames per second of each tenant.
pub(super) const RATE: u64 = 10_000;

/// What became of the Ethernet frames, both ways together.
#[derive(Debug, Serialize)]
pub(crate) struct Ethernet {
    frame_bytes: usize,
    pub(crate) frames: u64,
    pub(crate) lost: u64,
    pub(crate) corrupt: u64,
    frames_per_s: f64,
    /// Of the tenant that waited longer.
    latency_ns: Option<Quantiles>,
}

/// The processes while they run; dropping them ends them.
#[derive(Debug)]
pub(super) struct Exchange {
    _agent: Child,
    tenants: [Child; 2],
}

impl Exchange {
    /// Starts an agent and two tenants that exchange `frames` frames each way.
    pub(super) fn start(directory: &Path, frames: u64) -> anyhow::Result<Self> {
        let doorbell = directory.join("doorbell.sock");
        let mut serve = words(["agent", "--quiet", "--tied", "--doorbell"]);
        serve.extend([doorbell.clone().into(), "--control".into()]);
        serve.push(directory.join("control.sock").into());
        let agent = Child::start("agent", &serve)?;
        let tenant = |name, side: &str| {
            let [frames, rate] = [frames, RATE].map(|number| OsString::from(number.to_string()));
            let mut play = words(["demo-tenant", "--json", "--quiet", "--tied"]);
            play.extend([
                doorbell.clone().into(),
                directory.into(),
                side.into(),
                frames,
                rate,
            ]);
            Child::start(name, &play)
        };
        Ok(Self {
            _agent: agent,
            tenants: [tenant("first tenant", "0")?, tenant("second tenant", "1")?],
        })
    }

    /// Waits until both tenants are done; none when it was stopped before.
    pub(super) fn finish(mut self, stop: &Stop) -> anyhow::Result<Option<Ethernet>> {
        let [first, second] = &mut self.tenants;
        let both = match child::wait_for_both(first, second, stop)? {
            Ending::Stopped => return Ok(None),
            Ending::Both(first, second) => [first, second],
        };
        match Ethernet::new(&both) {
            Some(ethernet) => Ok(Some(ethernet)),
            None => bail!("the tenants' summaries are not what was expected: {both:?}"),
        }
    }
}

impl Ethernet {
    /// Puts the last words of both tenants together; none if a number is missing.
    pub(crate) fn new(both: &[Value; 2]) -> Option<Self> {
        let sum = |key| Some(both[0][key].as_u64()? + both[1][key].as_u64()?);
        let slower = |name| {
            let of = |tenant: &Value| tenant["latency_ns"][name].as_u64();
            of(&both[0]).max(of(&both[1]))
        };
        let latency = slower("p50").zip(slower("p99")).zip(slower("max"));
        Some(Self {
            frame_bytes: FRAME,
            frames: sum("frames")?,
            lost: sum("lost")?,
            corrupt: sum("corrupt")?,
            frames_per_s: both[0]["frames_per_s"].as_f64()? + both[1]["frames_per_s"].as_f64()?,
            latency_ns: latency.map(|((p50, p99), max)| Quantiles { p50, p99, max }),
        })
    }

    /// The rows of a table.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String)> {
        let latency = self
            .latency_ns
            .map_or_else(|| "unknown".into(), Quantiles::spelled);
        vec![
            (
                "Ethernet",
                format!("frames of {FRAME} bytes between two tenants of an agent, both ways"),
            ),
            (
                "frames",
                format!("{}, every one verified", grouped(self.frames)),
            ),
            ("frames/s", format!("{:.0}", self.frames_per_s)),
            ("latency", latency),
            ("lost", grouped(self.lost)),
            ("corrupt", grouped(self.corrupt)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_ways_are_added_and_the_longer_wait_counts() {
        let tenant = |frames: u64, p50: u64| {
            json!({"frames": frames, "lost": 1, "corrupt": 0, "frames_per_s": 10.0,
                   "latency_ns": {"p50": p50, "p99": 7, "max": 9}})
        };
        let ethernet = Ethernet::new(&[tenant(3, 5), tenant(4, 4)]).unwrap();
        assert_eq!((ethernet.frames, ethernet.lost), (7, 2));
        assert_eq!(ethernet.latency_ns.unwrap().p50, 5);
    }
}

//! What the demo found out.

use anyhow::bail;
use serde::Serialize;
use serde_json::Value;

use super::ethernet::Ethernet;
use crate::latency::Quantiles;
use crate::report::{Summary, grouped};

/// The whole result.
#[derive(Debug, Serialize)]
pub(crate) struct Demo {
    pub(crate) video: Video,
    pub(crate) ethernet: Ethernet,
}

/// What became of the video.
#[derive(Debug, Serialize)]
pub(crate) struct Video {
    format: String,
    frames: u64,
    bytes: u64,
    lost: u64,
    corrupt: u64,
    fps: f64,
    gbit_per_s: f64,
    latency_ns: Option<Quantiles>,
}

impl Video {
    /// Puts the last words of sender and receiver together; none if a number is missing.
    pub(crate) fn new(sent: &Value, received: &Value, format: String) -> Option<Video> {
        let frames = received["frames"].as_u64()?;
        let missing = sent["frames"].as_u64()?.saturating_sub(frames);
        let quantile = |name| received["latency_ns"][name].as_u64();
        let quantiles = |(p50, (p99, max))| Quantiles { p50, p99, max };
        Some(Video {
            format,
            frames,
            bytes: received["bytes"].as_u64()?,
            lost: received["lost"].as_u64()?.max(missing),
            corrupt: received["corrupt"].as_u64()? + received["repeated"].as_u64()?,
            fps: received["fps"].as_f64()?,
            gbit_per_s: received["gbit_per_s"].as_f64()?,
            latency_ns: quantile("p50")
                .zip(quantile("p99").zip(quantile("max")))
                .map(quantiles),
        })
    }
}

impl Demo {
    /// Fails when a frame was lost or corrupt.
    pub(crate) fn verdict(&self) -> anyhow::Result<()> {
        let Self { video, ethernet } = self;
        let kinds = [
            ("video", video.frames, video.lost, video.corrupt),
            ("Ethernet", ethernet.frames, ethernet.lost, ethernet.corrupt),
        ];
        for (kind, frames, lost, corrupt) in kinds {
            if frames == 0 {
                bail!("no {kind} frame arrived");
            }
            if lost + corrupt > 0 {
                bail!("{lost} {kind} frames were lost and {corrupt} were corrupt");
            }
        }
        Ok(())
    }
}

impl Summary for Demo {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let video = &self.video;
        let latency = video
            .latency_ns
            .map_or_else(|| "unknown".into(), Quantiles::spelled);
        let rows = vec![
            (
                "video",
                format!("{}, from one process to another", video.format),
            ),
            (
                "frames",
                format!("{}, every one verified", grouped(video.frames)),
            ),
            ("frames/s", format!("{:.2}", video.fps)),
            ("Gbit/s", format!("{:.2}", video.gbit_per_s)),
            ("latency", latency),
            ("lost", grouped(video.lost)),
            ("corrupt", grouped(video.corrupt)),
        ];
        [rows, self.ethernet.rows()].concat()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn demo(video: Video) -> Demo {
        let tenant = json!({"frames": 1, "lost": 0, "corrupt": 0, "frames_per_s": 1.0});
        let ethernet = Ethernet::new(&[tenant.clone(), tenant]).unwrap();
        Demo { video, ethernet }
    }

    fn received() -> Value {
        json!({"frames": 299, "bytes": 1, "lost": 0, "corrupt": 0, "repeated": 0, "fps": 60.0,
               "gbit_per_s": 4.0, "latency_ns": {"p50": 1, "p99": 2, "max": 3}})
    }

    #[test]
    fn frames_that_never_came_are_lost_though_no_gap_shows_it() {
        let video = Video::new(&json!({"frames": 300}), &received(), String::new()).unwrap();
        assert_eq!(video.lost, 1);
        assert!(demo(video).verdict().is_err());
    }

    #[test]
    fn nothing_lost_and_nothing_corrupt_is_a_success() {
        let video = Video::new(&json!({"frames": 299}), &received(), String::new()).unwrap();
        assert_eq!(
            video.latency_ns,
            Some(Quantiles {
                p50: 1,
                p99: 2,
                max: 3
            })
        );
        demo(video).verdict().unwrap();
    }

    #[test]
    fn a_summary_without_its_numbers_is_none() {
        assert!(Video::new(&json!({}), &received(), String::new()).is_none());
        assert!(Video::new(&json!({"frames": 1}), &json!(null), String::new()).is_none());
    }
}

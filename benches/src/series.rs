//! The runs: one of each subject of a bench, then the next of each.

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};

use crate::cli::{PeerArgs, Settings};
use crate::cores::Cores;
use crate::exchange::Run;
use crate::figures::{Sample, Summary, Target};
use crate::plan::Bench;
use crate::subject::Subject;

/// The figures of one bench.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Which bench.
    pub(crate) bench: &'static Bench,
    /// Its subjects and what they gave, ours first.
    pub(crate) figures: Vec<(Subject, Summary)>,
}

/// Our median over a baseline's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    /// Ours.
    pub(crate) ours: Subject,
    /// The baseline.
    pub(crate) baseline: Subject,
    /// How many times its figure ours is.
    pub(crate) ratio: f64,
    /// What it should be.
    pub(crate) target: Target,
}

/// Measures these benches one after the other.
pub(crate) fn run(
    benches: impl Iterator<Item = &'static Bench>,
    settings: &Settings,
    cores: Cores,
) -> Result<Vec<Outcome>> {
    let mut progress = Progress::new(settings.runs);
    let mut outcomes = Vec::new();
    for bench in benches {
        let mut samples: Vec<(Subject, Vec<Sample>)> = bench
            .subjects()
            .filter(|subject| settings.only.is_empty() || settings.only.contains(subject))
            .filter(|subject| progress.is_available(*subject))
            .map(|subject| (subject, Vec::new()))
            .collect();
        for number in 1..=settings.runs {
            for (subject, samples) in &mut samples {
                progress.show(bench, *subject, number);
                samples.push(once(*subject, settings, cores, progress.serial)?);
            }
        }
        let summarise =
            |(subject, samples): (Subject, Vec<Sample>)| (subject, Summary::of(&samples));
        let figures = samples.into_iter().map(summarise).collect();
        outcomes.push(Outcome { bench, figures });
    }
    progress.end();
    Ok(outcomes)
}

impl Outcome {
    /// Each of ours over each of its baselines.
    pub(crate) fn ratios(&self) -> impl Iterator<Item = Ratio> {
        let ours = self.bench.ours.iter();
        ours.flat_map(move |&ours| {
            let baselines = self.bench.baselines.iter();
            let its = baselines.filter(move |baseline| baseline.of.is_none_or(|of| of == ours));
            its.filter_map(move |baseline| {
                Some(Ratio {
                    ours,
                    baseline: baseline.subject,
                    ratio: self.median(ours)? / self.median(baseline.subject)?,
                    target: baseline.target,
                })
            })
        })
    }

    fn median(&self, subject: Subject) -> Option<f64> {
        let found = self.figures.iter().find(|(other, _)| *other == subject);
        found.map(|(_, summary)| summary.median)
    }
}

/// One run of one subject, on a socket of its own.
fn once(subject: Subject, settings: &Settings, cores: Cores, serial: u32) -> Result<Sample> {
    let socket = format!("@memwire-benches-{}-{serial}", std::process::id());
    let run = Run::new(PeerArgs { subject, socket }, settings, cores);
    let measured = subject.exchange().measure(&run);
    measured.with_context(|| format!("{subject:?} failed"))
}

/// Says on a terminal what is going on.
#[derive(Debug)]
struct Progress {
    runs: u16,
    serial: u32,
    terminal: bool,
}

impl Progress {
    fn new(runs: u16) -> Self {
        Self {
            runs,
            serial: 0,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Whether it can be measured here; says so if not.
    fn is_available(&self, subject: Subject) -> bool {
        let Some(why) = subject.exchange().unavailable() else {
            return true;
        };
        self.line("");
        let _ = writeln!(
            std::io::stderr(),
            "not measured: {}: {why}",
            subject.label()
        );
        false
    }

    fn show(&mut self, bench: &Bench, subject: Subject, number: u16) {
        self.serial += 1;
        let (title, runs, label) = (bench.title, self.runs, subject.label());
        self.line(&format!("{title}: run {number} of {runs}, {label}"));
    }

    fn end(&self) {
        self.line("");
    }

    fn line(&self, text: &str) {
        if self.terminal {
            // Whether anybody sees it changes nothing.
            let _ = write!(std::io::stderr(), "\r\x1b[K{text}");
        }
    }
}

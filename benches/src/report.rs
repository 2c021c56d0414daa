//! The figures, for people and for machines.

use std::io::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::Settings;
use crate::cores::Cores;
use crate::figures::{Summary, Target};
use crate::plan::Unit;
use crate::series::{Outcome, Ratio};
use crate::subject::Subject;

/// Prints a table.
pub(crate) fn table(outcomes: &[Outcome], settings: &Settings, cores: Cores) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "Memwire {}, two processes on cores {} and {}, medians of {} runs each in turn",
        env!("CARGO_PKG_VERSION"),
        cores.here,
        cores.there,
        settings.runs
    )?;
    for outcome in outcomes {
        out.write_all(section(outcome).as_bytes())?;
    }
    Ok(())
}

/// Prints one JSON object: times in nanoseconds, rates per second.
pub(crate) fn json(outcomes: &[Outcome], settings: &Settings, cores: Cores) -> Result<()> {
    let benches: Vec<Value> = outcomes.iter().map(object).collect();
    let report = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "cores": [cores.here, cores.there],
        "runs": settings.runs,
        "percent": settings.percent,
        "benches": benches,
    });
    writeln!(std::io::stdout().lock(), "{report:#}")?;
    Ok(())
}

/// The lines of one bench: a title, a line for each subject, a line for each ratio.
fn section(outcome: &Outcome) -> String {
    let unit = outcome.bench.unit;
    let p99 = if unit == Unit::Nanoseconds { "p99" } else { "" };
    let head = columns(outcome.bench.title, "median", "least … most", p99);
    let figures = outcome.figures.iter();
    let figures = figures.map(|(subject, summary)| line(*subject, summary, unit));
    let ratios = outcome.ratios().map(|ratio| comparison(&ratio));
    format!("\n{head}") + &figures.chain(ratios).collect::<String>()
}

fn line(subject: Subject, summary: &Summary, unit: Unit) -> String {
    let figure = |value| figure(value, unit);
    let label = format!("  {}", subject.label());
    let spread = format!("{} … {}", figure(summary.least), figure(summary.most));
    let p99 = summary.p99.map_or_else(String::new, figure);
    columns(&label, &figure(summary.median), &spread, &p99)
}

fn columns(label: &str, median: &str, spread: &str, p99: &str) -> String {
    let line = format!("{label:<57}{median:>9}   {spread:>21}{p99:>11}");
    format!("{}\n", line.trim_end())
}

fn comparison(compared: &Ratio) -> String {
    let (sign, limit) = match compared.target {
        Target::AtMost(limit) => ('≤', limit),
        Target::AtLeast(limit) => ('≥', limit),
    };
    let verdict = if compared.target.is_met(compared.ratio) {
        "met"
    } else {
        "missed"
    };
    let names = format!("{} : {}", compared.ours.label(), compared.baseline.label());
    let ratio = format!("{:.2} ×", compared.ratio);
    format!("  {names:<55}{ratio:>9}   target {sign} {limit} ×: {verdict}\n")
}

/// A figure with its unit, in at most nine characters.
fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Nanoseconds if value < 10e3 => format!("{value:.0} ns"),
        Unit::Nanoseconds if value < 10e6 => format!("{:.1} µs", value / 1e3),
        Unit::Nanoseconds => format!("{:.1} ms", value / 1e6),
        Unit::PerSecond if value < 1e5 => format!("{value:.1}"),
        Unit::PerSecond => format!("{:.2} M", value / 1e6),
    }
}

fn object(outcome: &Outcome) -> Value {
    let figures: Vec<Value> = outcome.figures.iter().map(subject_object).collect();
    let ratios: Vec<Value> = outcome.ratios().map(ratio_object).collect();
    let unit = match outcome.bench.unit {
        Unit::Nanoseconds => "ns",
        Unit::PerSecond => "1/s",
    };
    json!({ "title": outcome.bench.title, "unit": unit, "subjects": figures, "ratios": ratios })
}

fn subject_object((subject, summary): &(Subject, Summary)) -> Value {
    json!({
        "subject": name(*subject),
        "median": summary.median,
        "least": summary.least,
        "most": summary.most,
        "p99": summary.p99,
        "values": summary.values,
    })
}

fn ratio_object(compared: Ratio) -> Value {
    let (word, limit) = match compared.target {
        Target::AtMost(limit) => ("at_most", limit),
        Target::AtLeast(limit) => ("at_least", limit),
    };
    json!({
        "of": name(compared.ours),
        "against": name(compared.baseline),
        "ratio": compared.ratio,
        "target": { word: limit },
        "met": compared.target.is_met(compared.ratio),
    })
}

/// The name of a subject for machines.
fn name(subject: Subject) -> String {
    use clap::ValueEnum as _;
    let value = subject.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Sample;
    use crate::plan::{Group, benches};

    fn outcome() -> Outcome {
        let bench = benches(Some(Group::RoundTrip)).next().unwrap();
        let sample = |value| Sample {
            value,
            p99: Some(value * 10.0),
        };
        let values = bench.subjects().zip([300.0, 400.0, 100.0]);
        let figures = values.map(|(subject, value)| (subject, Summary::of(&[sample(value)])));
        Outcome {
            bench,
            figures: figures.collect(),
        }
    }

    #[test]
    fn the_table_has_a_line_for_each_subject_and_each_ratio() {
        let lines = section(&outcome());
        assert!(lines.contains("300 ns … 300 ns    3000 ns\n"), "{lines}");
        assert!(lines.contains("3.00 ×   target ≤ 2.5 ×: missed"), "{lines}");
        assert_eq!(lines.trim().lines().count(), 6, "{lines}");
    }

    #[test]
    fn the_json_names_subjects_as_the_command_line_does() {
        let object = object(&outcome());
        assert_eq!(object["subjects"][2]["subject"], "cache-lines");
        assert_eq!(object["ratios"][1]["ratio"], 4.0);
        assert_eq!(object["ratios"][1]["target"]["at_most"], 2.5);
        assert_eq!(object["ratios"][1]["met"], false);
    }

    #[test]
    fn figures_are_short_at_every_size() {
        let shown = |value, unit| figure(value, unit);
        assert_eq!(shown(412.4, Unit::Nanoseconds), "412 ns");
        assert_eq!(shown(12_345.0, Unit::Nanoseconds), "12.3 µs");
        assert_eq!(shown(1043.26, Unit::PerSecond), "1043.3");
        assert_eq!(shown(14_212_345.0, Unit::PerSecond), "14.21 M");
    }
}

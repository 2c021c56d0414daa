//! What a command says: notes and progress while it runs, and one summary at the end.
//!
//! Data goes to standard output and talk to standard error. The summary is a table on standard
//! error, or with `--json` one object on one line: on standard output, unless that carries the data.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::cli::Common;
use crate::exit::ReaderGone;

/// The last word of a command: an object for machines, rows for people.
pub(crate) trait Summary: Serialize {
    /// Label and value, in the order a person wants to read them.
    fn rows(&self) -> Vec<(&'static str, String)>;
}

/// The one place that writes to the terminal.
#[derive(Debug)]
pub(crate) struct Talk {
    json: bool,
    quiet: bool,
    data_on_stdout: bool,
    bar: ProgressBar,
}

impl Talk {
    /// `data_on_stdout` keeps everything else away from standard output.
    pub(crate) fn new(common: &Common, data_on_stdout: bool) -> Talk {
        let Common { json, quiet, .. } = *common;
        Talk {
            json,
            quiet,
            data_on_stdout,
            bar: ProgressBar::hidden(),
        }
    }

    /// Shows progress on a terminal, out of `total` steps if that is known.
    pub(crate) fn start_progress(&mut self, total: Option<u64>) {
        if !self.talks() || !io::stderr().is_terminal() {
            return;
        }
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(style(total.is_some()));
        self.bar = bar;
    }

    /// Moves the progress to `position`, with a word about how it goes.
    pub(crate) fn progress(&self, position: u64, message: impl FnOnce() -> String) {
        if !self.bar.is_hidden() {
            self.bar.set_message(message());
            self.bar.set_position(position);
        }
    }

    /// Says on a terminal what is being waited for.
    pub(crate) fn waiting(&self, message: impl FnOnce() -> String) {
        if !self.bar.is_hidden() {
            self.bar.set_message(message());
            self.bar.tick();
        }
    }

    /// Says one line on standard error.
    pub(crate) fn note(&self, text: impl Display) {
        if self.talks() {
            self.bar.suspend(|| tell(text));
        }
    }

    /// Not when asked to be quiet, and not where a machine expects nothing but an object.
    fn talks(&self) -> bool {
        !(self.quiet || self.json && self.data_on_stdout)
    }

    /// Says the last word.
    pub(crate) fn finish(&self, summary: &impl Summary) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        match (self.json, self.quiet) {
            (true, _) if self.data_on_stdout => object(&mut io::stderr(), summary),
            (true, _) => object(&mut io::stdout(), summary),
            (false, true) => Ok(()),
            (false, false) => {
                // Nobody may be listening on standard error; the work is done all the same.
                let _ = table(&mut io::stderr(), summary);
                Ok(())
            }
        }
    }

    /// Says the last word on standard output also to a person: for commands whose summary is the result.
    pub(crate) fn result(&self, summary: &impl Summary) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        if self.json {
            return object(&mut io::stdout(), summary);
        }
        written(table(&mut io::stdout(), summary))
    }
}

/// A count with its thousands set apart: `1 234 567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A time in the unit that suits it: `31.2 µs`.
pub(crate) fn spell(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match time.as_nanos() {
        0..1_000 => format!("{} ns", time.as_nanos()),
        1_000..1_000_000 => format!("{:.1} µs", seconds * 1e6),
        1_000_000..1_000_000_000 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}

fn style(known_length: bool) -> ProgressStyle {
    let template = if known_length {
        "{bar:30} {human_pos}/{human_len} {msg}"
    } else {
        "{spinner} {human_pos} {msg}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn tell(text: impl Display) {
    // Standard error may be closed; talk is not worth failing for.
    let _ = writeln!(io::stderr(), "memwire: {text}");
}

fn object(to: &mut dyn Write, summary: &impl Summary) -> anyhow::Result<()> {
    let text = serde_json::to_string(summary).context("cannot write the summary")?;
    written(writeln!(to, "{text}").and_then(|()| to.flush()))
}

fn table(to: &mut dyn Write, summary: &impl Summary) -> io::Result<()> {
    let rows = summary.rows();
    let width = rows
        .iter()
        .map(|(label, _)| label.chars().count())
        .max()
        .unwrap_or(0);
    for (label, value) in rows {
        writeln!(to, "{label:width$}  {value}")?;
    }
    to.flush()
}

fn written(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderGone.into()),
        other => other.context("cannot write to standard output"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Two {
        frames: u64,
    }

    impl Summary for Two {
        fn rows(&self) -> Vec<(&'static str, String)> {
            vec![
                ("frames", self.frames.to_string()),
                ("lost frames", "0".into()),
            ]
        }
    }

    #[test]
    fn the_object_is_one_line_and_the_table_is_aligned() {
        let mut json = Vec::new();
        object(&mut json, &Two { frames: 7 }).unwrap();
        assert_eq!(json, b"{\"frames\":7}\n");
        let mut rows = Vec::new();
        table(&mut rows, &Two { frames: 7 }).unwrap();
        assert_eq!(rows, b"frames       7\nlost frames  0\n");
    }

    #[test]
    fn a_reader_that_went_away_is_told_apart_from_a_failure() {
        let gone = written(Err(io::ErrorKind::BrokenPipe.into())).unwrap_err();
        assert!(gone.is::<ReaderGone>());
        let full = written(Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert!(!full.is::<ReaderGone>());
    }

    #[test]
    fn numbers_are_spelled_for_people() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(spell(Duration::from_nanos(31_240)), "31.2 µs");
        assert_eq!(spell(Duration::from_millis(2500)), "2.5 s");
    }
}

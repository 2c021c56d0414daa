//! The ways to show a frame: a line, a JSON object, or a record in a capture file.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use super::capture::Capture;
use super::describe::Line;
use super::hex::Hex;
use crate::exit::{ReaderGone, misuse};
use crate::output::Output;

/// Shows frames, which are gathered until the next flush.
#[derive(Debug)]
pub(crate) enum Show {
    /// A line each, on standard output, and the bytes if wanted.
    Lines { text: String, hex: bool },
    /// An object each, on standard output; `summary` is memory for one frame's.
    Objects { text: Vec<u8>, summary: String },
    /// A capture file.
    Capture(Box<Capture>, Output),
}

/// A frame as it is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    /// When it came, since 1970.
    pub(crate) time: Duration,
    pub(crate) queue: usize,
    pub(crate) line: Line<'a>,
}

/// A frame as JSON.
#[derive(Debug, Serialize)]
struct Object<'a> {
    /// Seconds since 1970.
    time: f64,
    queue: usize,
    length: usize,
    summary: &'a str,
}

impl Show {
    pub(crate) fn lines(hex: bool) -> Show {
        Show::Lines {
            text: String::new(),
            hex,
        }
    }

    pub(crate) fn objects() -> Show {
        Show::Objects {
            text: Vec::new(),
            summary: String::new(),
        }
    }

    /// A capture goes into a file, or to standard output for `-`.
    pub(crate) fn capture(capture: Capture, path: &Path) -> anyhow::Result<Show> {
        if path.as_os_str() == "-" && io::stdout().is_terminal() {
            return Err(misuse(
                "a capture does not belong on a terminal: pipe it (| tcpdump -r -) or name a file",
            ));
        }
        Ok(Show::Capture(Box::new(capture), Output::open(path)?))
    }

    /// Whether standard output is taken.
    pub(crate) fn uses_stdout(&self) -> bool {
        match self {
            Show::Lines { .. } | Show::Objects { .. } => true,
            Show::Capture(_, output) => output.is_stdout(),
        }
    }

    /// Adds a frame to what the next flush shows.
    pub(crate) fn frame(&mut self, shown: Shown<'_>) -> anyhow::Result<()> {
        let Shown { time, queue, line } = shown;
        match self {
            Show::Lines { text, hex } => {
                writeln!(text, "{} {line}", TimeOfDay(time))?;
                if *hex {
                    write!(text, "{}", Hex(line.bytes))?;
                }
            }
            Show::Objects { text, summary } => {
                summary.clear();
                write!(summary, "{line}")?;
                let object = Object {
                    time: time.as_secs_f64(),
                    queue,
                    length: line.len,
                    summary,
                };
                serde_json::to_writer(&mut *text, &object)?;
                text.push(b'\n');
            }
            Show::Capture(capture, _) => capture.frame(time, line.len, line.bytes)?,
        }
        Ok(())
    }

    /// Shows everything so far.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        match self {
            Show::Lines { text, .. } => {
                print(text.as_bytes())?;
                text.clear();
            }
            Show::Objects { text, .. } => {
                print(text)?;
                text.clear();
            }
            Show::Capture(capture, output) => capture.take(|bytes| output.write(bytes))?,
        }
        Ok(())
    }
}

/// `12:34:56.123456`, in UTC.
struct TimeOfDay(Duration);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs() % 86_400;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        let micros = self.0.subsec_micros();
        write!(f, "{hours:02}:{minutes:02}:{:02}.{micros:06}", seconds % 60)
    }
}

fn print(bytes: &[u8]) -> anyhow::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderGone.into()),
        written => written.context("cannot write to standard output"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::stamp::Framing;
    use super::*;

    fn shown(bytes: &[u8]) -> Shown<'_> {
        let line = Line {
            bytes,
            len: 9000,
            framing: Framing::Opaque,
        };
        Shown {
            time: Duration::new(1_700_000_000, 7_654_321),
            queue: 3,
            line,
        }
    }

    #[test]
    fn a_line_starts_with_the_time_of_day() {
        let mut show = Show::lines(true);
        show.frame(shown(b"ab")).expect("shown");
        let Show::Lines { text, .. } = &show else {
            panic!("lines")
        };
        let (line, hex) = text.split_once('\n').expect("two lines");
        assert_eq!(line, "22:13:20.007654 length 9000");
        assert!(hex.ends_with("  ab\n"), "{hex}");
    }

    #[test]
    fn an_object_is_a_line_of_its_own() {
        let mut show = Show::objects();
        for _ in 0..2 {
            show.frame(shown(b"ab")).expect("shown");
        }
        let Show::Objects { text, .. } = &show else {
            panic!("objects")
        };
        let text = std::str::from_utf8(text).expect("text");
        assert_eq!(text.lines().count(), 2);
        let object: serde_json::Value =
            serde_json::from_str(text.lines().next().expect("one")).expect("an object");
        assert_eq!(
            (&object["queue"], &object["length"]),
            (&3.into(), &9000.into())
        );
        assert_eq!(object["summary"], "length 9000");
    }

    #[test]
    fn only_a_capture_file_leaves_standard_output_alone() {
        assert!(Show::lines(false).uses_stdout());
        assert!(Show::objects().uses_stdout());
        let capture = Capture::new(Framing::Ip, 100).expect("starts");
        let mut show = Show::capture(capture, Path::new("/dev/null")).expect("opens");
        assert!(!show.uses_stdout());
        show.flush().expect("written");
    }
}

//! How a command ends: one clear line on standard error, and an exit code.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done; also when stopped by Ctrl-C, and when whoever read our output went away |
//! | 1 | tried and failed |
//! | 2 | misused: the command as it was given cannot work |

use std::fmt;
use std::io::Write as _;

use crate::stop::Stopped;

/// The exit code of a command that was tried and failed.
pub(crate) const FAILURE: u8 = 1;
/// The exit code of a command that cannot work as it was given.
pub(crate) const MISUSE: u8 = 2;

/// The command as given cannot work: the text says why and what to do instead.
#[derive(Debug)]
pub(crate) struct Misuse(String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

/// Whoever read our standard output has gone: nothing more to do, and nothing to complain about.
#[derive(Debug)]
pub(crate) struct ReaderGone;

impl fmt::Display for ReaderGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader of standard output has gone")
    }
}

impl std::error::Error for ReaderGone {}

/// An error that ends the command with code 2.
pub(crate) fn misuse(text: impl fmt::Display) -> anyhow::Error {
    Misuse(text.to_string()).into()
}

/// Says what went wrong, if anything, and returns the exit code.
pub(crate) fn finish(result: anyhow::Result<()>) -> u8 {
    let Err(error) = result else { return 0 };
    if error.is::<ReaderGone>() || error.is::<Stopped>() {
        return 0;
    }
    say(&line(&error));
    code(&error)
}

/// Prints help and version as clap does, and a usage error as one line.
pub(crate) fn usage(error: &clap::Error) -> u8 {
    use clap::error::ErrorKind::{DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    let whole = !error.use_stderr() || error.kind() == DisplayHelpOnMissingArgumentOrSubcommand;
    if whole || error.kind() == DisplayVersion {
        // Nobody left to read the help: nothing to be done about it.
        let _ = error.print();
    } else {
        say(&usage_line(&error.to_string()));
    }
    if error.use_stderr() { MISUSE } else { 0 }
}

fn say(line: &str) {
    // Standard error may be closed or full; the exit code still tells.
    let _ = writeln!(std::io::stderr(), "memwire: {line}");
}

fn code(error: &anyhow::Error) -> u8 {
    if error.is::<Misuse>() {
        MISUSE
    } else {
        FAILURE
    }
}

/// The whole chain of causes on one line, without repeating a cause that its parent already quotes.
fn line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text.split('\n')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The first thing a usage error says, without the usage block below it.
fn usage_line(rendered: &str) -> String {
    let mut said = Vec::new();
    for part in rendered.lines().map(str::trim) {
        if part.starts_with("Usage:") || part.starts_with("For more information") {
            break;
        }
        if !part.is_empty() {
            said.push(part.trim_start_matches("error: "));
        }
    }
    format!("{} (--help explains)", said.join(" "))
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn a_misuse_exits_2_also_below_a_context() {
        let error = misuse("give --video").context("cannot send");
        assert_eq!(code(&error), MISUSE);
        assert_eq!(code(&anyhow!("disk full")), FAILURE);
    }

    #[test]
    fn causes_are_joined_on_one_line_and_not_repeated() {
        let source = std::io::Error::other("no room");
        let error = Err::<(), _>(source)
            .context("cannot write x: no room")
            .unwrap_err();
        assert_eq!(line(&error), "cannot write x: no room");
        assert_eq!(line(&anyhow!("one\n  two")), "one two");
    }

    #[test]
    fn a_usage_error_is_cut_to_what_it_says() {
        let rendered =
            "error: unexpected argument '--x' found\n\n  tip: a\n\nUsage: memwire send\n";
        let said = usage_line(rendered);
        assert_eq!(
            said,
            "unexpected argument '--x' found tip: a (--help explains)"
        );
    }
}

//! What is wrong with a configuration, and where.

use std::fmt;
use std::io;
use std::ops::Range;

use toml::Spanned;

/// What is wrong with a configuration: `agent.toml:12:7: port.mtu: 70000 bytes: from 68 to 65521`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, as it was named.
    pub file: String,
    /// Line and column, both from 1, the column in characters. `None` when the file cannot be read at all.
    pub place: Option<(usize, usize)>,
    /// The key, its tables before it: `port.mtu`. Empty when the text is no TOML.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        match self.key.is_empty() {
            true => write!(f, ": {}", self.problem),
            false => write!(f, ": {}: {}", self.key, self.problem),
        }
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    pub(super) fn unreadable(file: &str, error: &io::Error) -> Self {
        Self {
            file: file.to_owned(),
            place: None,
            key: String::new(),
            problem: error.to_string(),
        }
    }

    /// What the parser says. Its own rendering is the only place where it tells the key.
    pub(super) fn from_toml(mut error: toml::de::Error, text: &str, file: &str) -> Self {
        error.set_input(None);
        let rendered = error.to_string();
        let key = rendered.lines().find_map(|line| {
            let key = line.strip_prefix("in `")?.strip_suffix('`')?;
            Some(key.to_owned())
        });
        Self {
            file: file.to_owned(),
            place: error.span().map(|span| place(text, span.start)),
            key: key.unwrap_or_default(),
            problem: plain(error.message()),
        }
    }
}

/// In the words of people who write the file.
fn plain(message: &str) -> String {
    const WORDS: &[(&str, &str)] = &[
        ("`", "\""),
        ("\n", ", "),
        ("unknown field", "unknown key"),
        ("missing field", "missing key"),
        ("unknown variant", "unknown value"),
        ("a sequence", "a list"),
        ("expected usize", "expected a number from 0"),
        ("expected u32", "expected a number from 0 to 4294967295"),
    ];
    let words = WORDS.iter();
    words.fold(message.to_owned(), |text, (theirs, ours)| {
        text.replace(theirs, ours)
    })
}

/// A problem and the bytes of the text that it is with.
#[derive(Debug)]
pub(super) struct Fault {
    span: Range<usize>,
    key: String,
    problem: String,
}

/// Something is wrong with a value.
pub(super) fn fault<T>(
    at: &Spanned<T>,
    key: impl Into<String>,
    problem: impl fmt::Display,
) -> Fault {
    Fault {
        span: at.span(),
        key: key.into(),
        problem: problem.to_string(),
    }
}

impl Fault {
    pub(super) fn into_error(self, text: &str, file: &str) -> ConfigError {
        ConfigError {
            file: file.to_owned(),
            place: Some(place(text, self.span.start)),
            key: self.key,
            problem: self.problem,
        }
    }
}

/// Line and column of a byte, both from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or(before);
    let lines = before.bytes().filter(|byte| *byte == b'\n').count();
    (lines + 1, line.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_count_from_one_and_in_characters() {
        assert_eq!(place("", 0), (1, 1));
        assert_eq!(place("é = 1\nx", 3), (1, 3));
        assert_eq!(place("é = 1\nx", 7), (2, 1));
        assert_eq!(place("a", 99), (1, 2));
    }
}

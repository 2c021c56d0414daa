//! What a configuration has changed, for people and for programs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that is not as it was: `port vpp: added`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What: doorbell, port, alias, client, allow, caps, fdb, forwarding, qos, control or metrics.
    pub what: String,
    /// Which one; empty where there is only one.
    pub name: String,
    /// What has become of it.
    pub how: How,
    /// Why, or what follows from it; may be empty.
    pub note: String,
}

/// What has become of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It was taken away and made anew.
    Replaced,
    /// It follows other rules, without an interruption.
    Changed,
    /// It does not fit the configuration, and stays all the same.
    Kept,
    /// It is not as the configuration wants it.
    Failed,
}

impl Change {
    pub(crate) fn new(what: &str, name: impl fmt::Display, how: How) -> Self {
        Self {
            what: what.to_owned(),
            name: name.to_string(),
            how,
            note: String::new(),
        }
    }

    /// It did not work.
    pub(crate) fn failed(self, why: impl fmt::Display) -> Self {
        let how = How::Failed;
        Self { how, ..self }.because(why)
    }

    pub(crate) fn because(self, note: impl fmt::Display) -> Self {
        let note = note.to_string();
        Self { note, ..self }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        write!(f, ": {}", self.how)?;
        match self.note.is_empty() {
            true => Ok(()),
            false => write!(f, " ({})", self.note),
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            How::Added => "added",
            How::Removed => "removed",
            How::Replaced => "replaced",
            How::Changed => "changed",
            How::Kept => "kept",
            How::Failed => "failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_reads_as_a_line() {
        let change = Change::new("port", "vpp", How::Failed).because("no such interface");
        assert_eq!(change.to_string(), "port vpp: failed (no such interface)");
        assert_eq!(
            Change::new("fdb", "", How::Changed).to_string(),
            "fdb: changed"
        );
    }
}

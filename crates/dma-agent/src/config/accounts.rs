//! Users and groups by name.

use std::path::Path;

use toml::Spanned;

use super::error::{Fault, fault};
use super::places::read_text;
use super::value::Account;

/// The longest list of accounts that is read, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// The accounts of this machine: those of its own files. Whoever is known elsewhere is named by number.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    pub(super) passwd: String,
    pub(super) group: String,
}

impl Accounts {
    pub(super) fn of_system() -> Self {
        // Without the files nobody is known by name, and errors say so.
        let text = |path: &str| read_text(Path::new(path), MOST_BYTES).unwrap_or_default();
        Self {
            passwd: text("/etc/passwd"),
            group: text("/etc/group"),
        }
    }

    pub(super) fn user(&self, who: &Spanned<Account>, key: &str) -> Result<u32, Fault> {
        number(&self.passwd, who).ok_or_else(|| unknown(who, key, "user", "/etc/passwd"))
    }

    pub(super) fn group(&self, who: &Spanned<Account>, key: &str) -> Result<u32, Fault> {
        number(&self.group, who).ok_or_else(|| unknown(who, key, "group", "/etc/group"))
    }
}

/// Both files have the name first and the number third.
fn number(lines: &str, who: &Spanned<Account>) -> Option<u32> {
    match who.get_ref() {
        Account::Number(number) => Some(*number),
        Account::Name(name) => lines.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?
        }),
    }
}

fn unknown(who: &Spanned<Account>, key: &str, what: &str, file: &str) -> Fault {
    let name = match who.get_ref() {
        Account::Name(name) => name.clone(),
        Account::Number(number) => number.to_string(),
    };
    fault(
        who,
        key,
        format!(
            "no {what} {name:?} in {file}: give the number of a {what} that is known elsewhere"
        ),
    )
}

//! A test that cannot run says so where nobody overlooks it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The program if it is on the `PATH`. Otherwise says loudly that `test` did
/// not run; in CI, where everything is installed, that is a failure.
pub fn tool(name: &str, package: &str, test: &str) -> Option<PathBuf> {
    let found = find(name);
    if found.is_none() {
        let why = format!("no {name} here; install Debian's {package}");
        did_not_run(test, &why);
        assert!(!in_ci(), "{test}: {why}");
    }
    found
}

/// The file an environment variable names. Otherwise says loudly that `test`
/// did not run, which is fine everywhere: nobody ships this file.
pub fn optional_file(variable: &str, test: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    match &found {
        Some(path) => assert!(
            path.exists(),
            "{variable}: no such file: {}",
            path.display()
        ),
        None => did_not_run(test, &format!("{variable} names no library")),
    }
    found
}

/// Says loudly that `test` did not run, because this machine does not allow what it needs. Writes
/// past the capture of the test runner.
pub fn did_not_run(test: &str, why: &str) {
    let line = format!("\n*** DID NOT RUN: {test}: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == OsStr::new("true"))
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut candidates = std::env::split_paths(&path).map(|dir: PathBuf| dir.join(name));
    candidates.find(|file: &PathBuf| Path::is_file(file))
}

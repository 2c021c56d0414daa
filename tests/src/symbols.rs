//! What a library exports, and what it wants from others.

use std::path::Path;
use std::process::Command;

use crate::missing;

/// Libraries of the system.
const SYSTEM: [&str; 6] = [
    "libc.so",
    "libgcc_s.so",
    "libm.so",
    "ld-linux",
    "libpthread",
    "libdl",
];

/// Asserts that a library exports these names, in order, and nothing else; what nm says of them, or `None` without nm.
pub fn are(library: &Path, names: &[&str]) -> Option<String> {
    missing::tool("nm", "binutils", "what a library exports")?;
    let words = ["-D", "--defined-only", "--format=posix"];
    let listed = run("nm", &words, library);
    let found = listed.lines().filter_map(|line| line.split(' ').next());
    let mut found: Vec<_> = found.collect();
    found.sort_unstable();
    assert_eq!(found, names);
    Some(listed)
}

/// Asserts that a library has this soname and needs only the system.
pub fn only_the_system(library: &Path, soname: &str) {
    if missing::tool("readelf", "binutils", "what a library needs").is_none() {
        return;
    }
    let listed = run("readelf", &["-d", "--wide"], library);
    let own = format!("Library soname: [{soname}]");
    assert!(listed.contains(&own), "{listed}");
    let lines = listed.lines();
    for name in lines.filter_map(|line| line.split("Shared library: [").nth(1)) {
        assert!(SYSTEM.iter().any(|start| name.starts_with(start)), "{name}");
    }
}

fn run(tool: &str, words: &[&str], file: &Path) -> String {
    let output = Command::new(tool).args(words).arg(file).output();
    let output = output.unwrap_or_else(|error| panic!("cannot start {tool}: {error}"));
    assert!(output.status.success(), "{tool}: {output:?}");
    String::from_utf8(output.stdout).expect("names")
}

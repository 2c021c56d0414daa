//! What the library exports, and what it wants from others.

use std::path::Path;
use std::process::Command;

use memwire_tests::missing;

use crate::programs::library;

/// All of it.
const EXPORTED: [&str; 9] = [
    "mcm_cancel_buffer",
    "mcm_connection_fd",
    "mcm_connection_stats",
    "mcm_create_connection",
    "mcm_create_connection_timeout",
    "mcm_dequeue_buffer",
    "mcm_destroy_connection",
    "mcm_enqueue_buffer",
    "mcm_last_error",
];

fn run(tool: &str, words: &[&str], file: &Path) -> String {
    let output = Command::new(tool).args(words).arg(file).output();
    let output = output.unwrap_or_else(|error| panic!("cannot start {tool}: {error}"));
    assert!(output.status.success(), "{tool}: {output:?}");
    String::from_utf8(output.stdout).expect("names")
}

#[test]
fn the_library_exports_its_functions_and_nothing_else() {
    if missing::tool("nm", "binutils", "what libmcm_dp exports").is_none() {
        return;
    }
    let words = ["-D", "--defined-only", "--format=posix"];
    let listed = run("nm", &words, &library());
    let mut names: Vec<_> = listed
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    names.sort_unstable();
    assert_eq!(names, EXPORTED);
}

#[test]
fn the_library_has_a_soname_of_its_own_and_needs_only_the_system() {
    if missing::tool("readelf", "binutils", "what libmcm_dp needs").is_none() {
        return;
    }
    let listed = run("readelf", &["-d", "--wide"], &library());
    assert!(
        listed.contains("Library soname: [libmcm_dp.so.1]"),
        "{listed}"
    );
    let needed = listed
        .lines()
        .filter_map(|line| line.split("Shared library: [").nth(1));
    for name in needed {
        let system = [
            "libc.so",
            "libgcc_s.so",
            "libm.so",
            "ld-linux",
            "libpthread",
            "libdl",
        ];
        assert!(system.iter().any(|start| name.starts_with(start)), "{name}");
    }
}

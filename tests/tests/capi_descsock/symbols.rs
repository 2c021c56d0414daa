//! What the library exports, and what it wants from others.

use std::path::Path;
use std::process::Command;

use memwire_tests::missing;

use crate::programs::library;

/// All of it.
const EXPORTED: [&str; 19] = [
    "descsock_client_close",
    "descsock_client_cntl",
    "descsock_client_ctrl",
    "descsock_client_open",
    "descsock_client_open_1028",
    "descsock_client_poll",
    "descsock_client_recv",
    "descsock_client_recv_extended",
    "descsock_client_recv_extended_28",
    "descsock_client_send",
    "descsock_client_send_extended",
    "descsock_client_send_extended_28",
    "descsock_client_stats",
    "descsock_close",
    "descsock_cntl",
    "descsock_open",
    "descsock_poll",
    "descsock_recv",
    "descsock_send",
];

fn run(tool: &str, words: &[&str], file: &Path) -> String {
    let output = Command::new(tool).args(words).arg(file).output();
    let output = output.unwrap_or_else(|error| panic!("cannot start {tool}: {error}"));
    assert!(output.status.success(), "{tool}: {output:?}");
    String::from_utf8(output.stdout).expect("names")
}

#[test]
fn the_library_exports_what_its_headers_name_and_nothing_else() {
    if missing::tool("nm", "binutils", "what libdescsock-client exports").is_none() {
        return;
    }
    let words = ["-D", "--defined-only", "--format=posix"];
    let listed = run("nm", &words, &library());
    let names = listed.lines().filter_map(|line| line.split(' ').next());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    assert_eq!(names, EXPORTED);
    let stats = listed.lines().find(|line| line.contains("_stats "));
    let size = stats.and_then(|line| line.split(' ').nth(3));
    assert_eq!(size.map(|size| u64::from_str_radix(size, 16)), Some(Ok(80)));
}

#[test]
fn the_library_has_a_soname_and_needs_only_the_system() {
    if missing::tool("readelf", "binutils", "what libdescsock-client needs").is_none() {
        return;
    }
    let listed = run("readelf", &["-d", "--wide"], &library());
    let soname = "Library soname: [libdescsock-client.so.1]";
    assert!(listed.contains(soname), "{listed}");
    let lines = listed.lines();
    for name in lines.filter_map(|line| line.split("Shared library: [").nth(1)) {
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

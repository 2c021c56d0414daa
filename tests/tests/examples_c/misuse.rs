//! What cannot work as it is said: one line that says why and what to do, and code 2.

use std::fs;

use memwire_tests::workshop;

use crate::built::{example, output};
use crate::program::Program;

/// A program started so ends with 2 and one line that has all these parts.
fn misused(name: &str, line: &str, parts: &[&str]) {
    fails(name, line, 2, parts);
}

fn fails(name: &str, line: &str, code: i32, parts: &[&str]) {
    let said = Program::start(name, line).ends(code);
    let lines: Vec<_> = said.lines().skip(1).collect();
    let last = lines.last().copied().unwrap_or_default();
    assert!(code != 2 || lines.len() == 1, "{said}");
    assert!(last.starts_with(&format!("{name}: ")), "{said}");
    for part in parts {
        assert!(last.contains(part), "no \"{part}\" in: {said}");
    }
}

fn both(line: &str, parts: &[&str]) {
    for name in ["sender_app", "recver_app"] {
        misused(name, line, parts);
    }
}

#[test]
fn help_shows_every_option_and_a_pair_that_works() {
    for (name, own) in [
        ("sender_app", &["--file", "--number", "--loop"][..]),
        ("recver_app", &["--dumpfile"]),
    ] {
        let short = output(example(name).arg("-H"));
        assert_eq!(short, output(example(name).arg("--help")));
        let common = ["--socketpath", "--master", "--interfaceid", "--type"];
        for part in own.iter().chain(&common) {
            assert!(short.contains(part), "{part}: {short}");
        }
        assert!(short.contains("  recver_app -k /tmp/cam.sock"), "{short}");
        assert!(short.contains("  sender_app -k /tmp/cam.sock"), "{short}");
        assert!(short.lines().all(|line| line.len() <= 100), "{short}");
    }
}

#[test]
fn unknown_words_are_told_with_the_known_ones() {
    both("-t st21", &["--type st21", "st20 st22 st30 st40 rdma"]);
    both(
        "-x yuv420p",
        &["--pix_fmt yuv420p", "yuv422p10le", "v210", "nv12", "rgb8"],
    );
    both("-o quic", &["--protocol quic", "memif auto udp"]);
}

#[test]
fn numbers_are_numbers_within_their_limits() {
    both("-w 0", &["--width 0", "from 1 to 65535"]);
    both("-h 1080p", &["--height 1080p", "not a number"]);
    both("-m 2", &["--master 2", "from 0 to 1"]);
    both("-d -1", &["--interfaceid -1", "4294967295"]);
    both("-d 4294967296", &["--interfaceid"]);
    both("-f 0", &["--fps 0", "59.94"]);
    both("-f fast", &["--fps fast"]);
    both("-i 70000", &["--rcv_port 70000", "65535"]);
    misused("sender_app", "-n many", &["--number many"]);
    misused("sender_app", "-l yes", &["--loop yes"]);
}

#[test]
fn unknown_options_and_missing_values_are_told() {
    both("-z", &["-z", "--help"]);
    both("--colour red", &["--colour", "--help"]);
    both("-k", &["-k", "value"]);
    both("film.raw", &["film.raw", "--help"]);
    misused("recver_app", "-n 5", &["-n"]);
    misused("sender_app", "-l 1", &["--file"]);
    both(&format!("-k {}", "s".repeat(108)), &["--socketpath", "107"]);
}

#[test]
fn files_that_cannot_be_opened_are_told_before_anybody_waits() {
    misused(
        "sender_app",
        "-b /no/such/file",
        &["/no/such/file", "No such file"],
    );
    misused("recver_app", "-b /no/such/dir/copy", &["/no/such/dir/copy"]);
}

#[test]
fn protocols_that_need_a_proxy_are_refused_with_the_one_that_works() {
    for protocol in ["udp", "tcp", "http", "grpc"] {
        let name = format!("PROTO_{}", protocol.to_uppercase());
        let line = format!("-o {protocol}");
        for program in ["sender_app", "recver_app"] {
            fails(program, &line, 1, &["cannot connect", &name, "-o memif"]);
        }
    }
}

#[test]
fn a_socket_that_cannot_be_made_is_told_with_a_way_out() {
    fails(
        "sender_app",
        "-k /no/such/dir/s",
        1,
        &["/no/such/dir", "-k"],
    );
    let shop = workshop();
    let path = shop.path().join("precious");
    fs::write(&path, "do not remove").expect("a file");
    fails(
        "sender_app",
        &format!("-k {}", path.display()),
        1,
        &["precious"],
    );
    assert_eq!(
        fs::read_to_string(path).expect("still there"),
        "do not remove"
    );
}

#[test]
fn a_second_master_is_told_that_there_is_one() {
    let shop = workshop();
    let line = format!("-k {} -m 1", shop.path().join("s").display());
    let first = Program::start("recver_app", &line);
    memwire_tests::deadline::eventually("it listens", crate::program::PATIENCE, || {
        shop.path().join("s").exists().then_some(())
    });
    fails("sender_app", &line, 1, &["cannot connect", "-m 0"]);
    drop(first);
}

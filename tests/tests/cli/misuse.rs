//! Commands that cannot work as they are given: one line that says why and what to do, and code 2.

use std::fs;
use std::path::PathBuf;

use memwire_tests::workshop;

use crate::program::run;

/// A directory with a file of these bytes, and the file's path.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let shop = workshop();
    let path = shop.path().join(name);
    fs::write(&path, bytes).unwrap();
    (shop, path)
}

fn send(words: &str) -> crate::program::Outcome {
    let socket = "@memwire-misuse-test";
    run(["send", socket].into_iter().chain(words.split_whitespace()))
}

#[test]
fn help_teaches_with_examples_and_ends_well() {
    for words in [
        &["--help"][..],
        &["send", "--help"],
        &["recv", "--help"],
        &["demo", "--help"],
    ] {
        let outcome = run(words);
        let help = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(
            outcome.code == Some(0) && help.contains("xample"),
            "{words:?}: {help}"
        );
    }
    assert_eq!(run(["--version"]).code, Some(0));
}

#[test]
fn a_command_that_is_none_is_told_in_one_line() {
    run(["fly"]).failed(2, &["fly", "--help"]);
    run(["send", "@s", "--fly"]).failed(2, &["--fly"]);
    run(["send"]).failed(2, &["SOCKET"]);
    assert_eq!(run::<&str>([]).code, Some(2));
}

#[test]
fn an_input_that_cannot_be_one_is_told() {
    send("/no/such/file").failed(2, &["/no/such/file", "no file"]);
    send("/tmp").failed(2, &["/tmp", "directory"]);
    send("").failed(2, &["INPUT", "--pattern"]);
    send("a --pattern").failed(2, &["--pattern"]);
}

#[test]
fn a_file_that_does_not_divide_into_frames_is_told_with_its_numbers() {
    let (_shop, path) = file("clip.raw", &[0; 1000]);
    let words = format!("{} --video 16x16@25 --format gray", path.display());
    send(&words).failed(
        2,
        &[
            "1000 bytes",
            "256 bytes",
            "232 bytes are left over",
            "--video",
        ],
    );
}

#[test]
fn odd_dimensions_of_a_subsampled_format_are_told() {
    send("--pattern --video 1281x720@25 --format yuv422p").failed(2, &["width 1281", "even"]);
    send("--pattern --video 1280x721@25 --format nv12").failed(2, &["height 721", "even"]);
}

#[test]
fn an_unknown_format_is_told_with_all_that_are_known() {
    send("--pattern --format yuv999").failed(2, &["yuv999", "nv12", "yuv422p10le", "v210", "rgb8"]);
    send("--pattern --video 12x").failed(2, &["12x", "1920x1080@60"]);
}

#[test]
fn bytes_of_unknown_format_need_the_options() {
    let (_shop, path) = file("clip.raw", &[0; 1000]);
    send(&path.display().to_string()).failed(2, &["--video", "--format"]);
    send(&format!("{} --video 16x16@25", path.display())).failed(2, &["--format"]);
}

#[test]
fn a_bad_y4m_header_is_told() {
    let (_shop, path) = file("clip.y4m", b"YUV4MPEG2 W16 F25:1\nFRAME\n");
    send(&path.display().to_string()).failed(2, &["clip.y4m", "no height"]);
    let (_shop, path) = file("odd.y4m", b"YUV4MPEG2 W16 H16 C9\nFRAME\n");
    send(&path.display().to_string()).failed(2, &["unknown colour space", "C422"]);
}

#[test]
fn a_pipe_cannot_be_looped() {
    send("- --loop --video 16x16@25 --format gray").failed(2, &["--loop", "standard input"]);
}

#[test]
fn a_receiver_without_anything_to_do_is_told() {
    run(["recv", "@memwire-misuse-test"]).failed(2, &["OUTPUT", "--verify"]);
    run(["recv", "@memwire-misuse-test", "/tmp"]).failed(2, &["/tmp", "directory"]);
    run(["recv", "@memwire-misuse-test", "/no/such/place"])
        .failed(2, &["/no/such/place", "does not exist"]);
}

#[test]
fn options_out_of_range_are_told_with_the_range() {
    send("--pattern --slots 3").failed(2, &["--slots", "power of two", "16384"]);
    send("--pattern --socket-mode 999").failed(2, &["--socket-mode", "octal"]);
    let (_shop, path) = file("secret", &[b'x'; 25]);
    send(&format!("--pattern --secret-file {}", path.display())).failed(2, &["25 bytes", "24"]);
    run(["send", &"s".repeat(120), "--pattern"]).failed(2, &["120"]);
}

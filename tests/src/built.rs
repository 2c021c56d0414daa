//! The `memwire` program of this workspace, as it is built for the tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A command that runs `memwire`, built first if it is not up to date.
pub fn memwire() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(BUILT.get_or_init(build));
    command.env_remove("MEMWIRE_LOG").stdin(Stdio::null());
    command
}

/// Cargo gives a test the programs of its own package only; this one is another's.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a file");
    // target/PROFILE/deps/TEST
    let profile = test
        .ancestors()
        .nth(2)
        .expect("a test is in target/PROFILE/deps");
    let target = profile
        .parent()
        .expect("a profile is in a target directory");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "--quiet",
        "--package",
        "memwire",
        "--bin",
        "memwire",
    ]);
    cargo.args(profile.ends_with("release").then_some("--release"));
    let status = cargo.env("CARGO_TARGET_DIR", target).status();
    assert!(
        status.expect("cargo runs").success(),
        "memwire does not build"
    );
    existing(profile.join("memwire"))
}

fn existing(program: PathBuf) -> PathBuf {
    assert!(Path::is_file(&program), "no {}", program.display());
    program
}

//! The programs and libraries of this workspace, as they are built for the tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A command that runs `memwire`, built first if it is not up to date.
pub fn memwire() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(BUILT.get_or_init(program));
    command.env_remove("MEMWIRE_LOG").stdin(Stdio::null());
    command
}

/// The directory with `libmcm_dp.so`, built first if it is not up to date.
pub fn libmcm_dp() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        build(&["--package", "mcm-dp"]);
        existing(profile().join("libmcm_dp.so"));
        profile()
    })
}

/// The directory with `libdescsock_client.so`, built first if it is not up to date.
pub fn libdescsock_client() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        build(&["--package", "descsock-client"]);
        existing(profile().join("libdescsock_client.so"));
        profile()
    })
}

fn program() -> PathBuf {
    build(&["--package", "memwire", "--bin", "memwire"]);
    existing(profile().join("memwire"))
}

/// Where the tests themselves are built: target/PROFILE/deps/TEST.
fn profile() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a file");
    let profile = test.ancestors().nth(2);
    profile
        .expect("a test is in target/PROFILE/deps")
        .to_owned()
}

/// Cargo gives a test the programs of its own package only; these are others'.
fn build(what: &[&str]) {
    let profile = profile();
    let target = profile
        .parent()
        .expect("a profile is in a target directory");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet"]).args(what);
    cargo.args(profile.ends_with("release").then_some("--release"));
    let status = cargo.env("CARGO_TARGET_DIR", target).status();
    assert!(
        status.expect("cargo runs").success(),
        "does not build: {what:?}"
    );
}

fn existing(program: PathBuf) -> PathBuf {
    assert!(Path::is_file(&program), "no {}", program.display());
    program
}

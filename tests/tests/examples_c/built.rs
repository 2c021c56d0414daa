//! The example programs and the installed library, made by `make` as a user would.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What of the environment changes how the library behaves, or says that make has started the tests.
const TELLING: [&str; 7] = [
    "MCM_CREATE_TIMEOUT_MS",
    "MCM_MEDIA_PROXY_IP",
    "MCM_MEDIA_PROXY_PORT",
    "MEMWIRE_LOG",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
];

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().expect("the repository")
}

/// A command that runs one of the examples.
pub(crate) fn example(name: &str) -> Command {
    plain(examples().join(name))
}

/// A command in an environment that does not change what it does.
pub(crate) fn plain(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    for name in TELLING {
        command.env_remove(name);
    }
    command
}

/// The directory of the built examples.
pub(crate) fn examples() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        make(["example"]);
        profile_dir().join("examples-c")
    })
}

/// Runs make with the profile and target directory of this test.
pub(crate) fn make<S: AsRef<str>>(words: impl IntoIterator<Item = S>) {
    let target = profile_dir().parent().expect("a target directory");
    let profile = if profile_dir().ends_with("release") {
        "release"
    } else {
        "dev"
    };
    let mut command = plain("make");
    command
        .current_dir(root())
        .arg(format!("CARGO_PROFILE={profile}"))
        .env("CARGO", env!("CARGO"))
        .env("CARGO_TARGET_DIR", target);
    for word in words {
        command.arg(word.as_ref());
    }
    output(&mut command);
}

/// Compiles a program so that no warning goes unseen.
pub(crate) fn compile(source: &Path, flags: &[String], program: &Path) {
    let mut command = plain("cc");
    command
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(program)
        .arg(source)
        .args(flags);
    output(&mut command);
}

/// Runs a command that must succeed; its standard output.
pub(crate) fn output(command: &mut Command) -> String {
    let done = command.output();
    let done = done.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}{errors}");
    said
}

/// target/PROFILE, above deps/TEST.
pub(crate) fn profile_dir() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        let test = std::env::current_exe().expect("a test has a file");
        let mut above = test.ancestors();
        above.nth(2).expect("a test is in deps").to_owned()
    })
}

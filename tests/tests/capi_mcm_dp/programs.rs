//! The C programs of this library, the ways to compile them, and how they are run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use memwire_tests::built;
use memwire_tests::c_library::{About, CLibrary};
use memwire_tests::process::{run_to_end, said};

/// How long a program with a case of its own may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// The library with its headers.
pub(crate) static LIBRARY: CLibrary = CLibrary::new(About {
    name: "mcm_dp",
    headers: "capi/mcm-dp/include",
    built: || built::libmcm_dp().join("libmcm_dp.so"),
    installed: ["libmcm_dp.so", "libmcm_dp.so.1"],
    scratch: env!("CARGO_TARGET_TMPDIR"),
});

/// How a program is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// As C.
    Plain,
    /// As C++.
    Cpp,
    /// As C, with AddressSanitizer.
    Asan,
}

impl Flavour {
    /// The compiler, and words for it.
    fn compiler(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Flavour::Plain => ("cc", &["-std=gnu11"]),
            Flavour::Asan => ("cc", &["-std=gnu11", "-fsanitize=address"]),
            Flavour::Cpp => ("g++", &["-x", "c++", "-std=gnu++17"]),
        }
    }
}

/// The compiled program, `c/mcm_dp/NAME.c`.
pub(crate) fn program(name: &str, flavour: Flavour) -> PathBuf {
    let (compiler, words) = flavour.compiler();
    LIBRARY.program(name, compiler, words)
}

/// A compiler with all warnings.
pub(crate) fn compiler(flavour: Flavour) -> Command {
    let (compiler, words) = flavour.compiler();
    LIBRARY.compiler(compiler, words)
}

/// Runs `PROGRAM CASE PATH [NUMBER]` to its end, which has to be a good one; what it said.
pub(crate) fn run(program: &Path, words: &[&str], directory: &Path) -> String {
    let mut command = Command::new(program);
    command.args(words);
    let output = run_command(&mut command, directory);
    let said = said(&output);
    assert!(
        output.status.success(),
        "{words:?}: {}\n{said}",
        output.status
    );
    said
}

/// Runs a command in a directory to its end, which has to come in time.
pub(crate) fn run_command(command: &mut Command, directory: &Path) -> Output {
    run_to_end(quiet(command).current_dir(directory), PATIENCE)
}

/// Without what a user may have in the environment.
pub(crate) fn quiet(command: &mut Command) -> &mut Command {
    let variables = [
        "MEMWIRE_LOG",
        "RUST_LOG",
        "MCM_CREATE_TIMEOUT_MS",
        "MCM_MEDIA_PROXY_IP",
        "MCM_MEDIA_PROXY_PORT",
    ];
    variables.iter().for_each(|name| {
        command.env_remove(name);
    });
    command
}

//! The C programs: compiled once for each way to compile them, and run with a deadline.

use std::collections::HashMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use memwire_tests::built;
use rustix::process::{Pid, Signal, kill_process};

/// How long a program with a case of its own may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// How a program is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Flavour {
    /// As C.
    Plain,
    /// As C++.
    Cpp,
    /// As C, with AddressSanitizer.
    Asan,
}

/// The compiled program, `c/mcm_dp/NAME.c`.
pub(crate) fn program(name: &str, flavour: Flavour) -> PathBuf {
    static PROGRAMS: Mutex<Option<HashMap<(String, Flavour), PathBuf>>> = Mutex::new(None);
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    let programs = programs.get_or_insert_default();
    let key = (name.to_owned(), flavour);
    let compiled = programs.entry(key).or_insert_with(|| {
        let program = workbench().join(format!("{name}-{flavour:?}"));
        let fresh = fresh(&program);
        let mut compiler = compiler(flavour);
        compiler.arg("-o").arg(&fresh).arg(source(name));
        compile(link(&mut compiler));
        std::fs::rename(fresh, &program).expect("the program in its place");
        program
    });
    compiled.clone()
}

/// A compiler with all warnings, for which every warning is an error, that finds the headers.
pub(crate) fn compiler(flavour: Flavour) -> Command {
    let mut compiler = match flavour {
        Flavour::Cpp => Command::new("g++"),
        Flavour::Plain | Flavour::Asan => Command::new("cc"),
    };
    compiler.args(match flavour {
        Flavour::Plain => ["-std=gnu11", "-g"].as_slice(),
        Flavour::Asan => &["-std=gnu11", "-g", "-fsanitize=address"],
        Flavour::Cpp => &["-x", "c++", "-std=gnu++17"],
    });
    compiler.args(["-O2", "-Wall", "-Wextra", "-Werror"]);
    compiler.arg("-I").arg(headers());
    compiler
}

/// Runs a compiler, which has to be content.
pub(crate) fn compile(compiler: &mut Command) {
    let done = compiler.output();
    let done = done.unwrap_or_else(|error| panic!("cannot start {compiler:?}: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{compiler:?}: {said}");
}

/// The source of a program.
pub(crate) fn source(name: &str) -> PathBuf {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/mcm_dp");
    sources.join(format!("{name}.c"))
}

/// `libmcm_dp.so`, under the name that the programs load it by.
pub(crate) fn library() -> PathBuf {
    workbench().join("libmcm_dp.so.1")
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

/// All that a program wrote.
pub(crate) fn said(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    format!("{stdout}{stderr}")
}

/// Runs a command in a directory to its end, which has to come in time.
pub(crate) fn run_command(command: &mut Command, directory: &Path) -> Output {
    let piped = quiet(command).current_dir(directory).stdin(Stdio::null());
    let piped = piped.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = piped.spawn();
    let child = child.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let pid = Pid::from_child(&child);
    let (ended, end) = mpsc::channel();
    let waiting = std::thread::spawn(move || ended.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(PATIENCE) else {
        // Not reaped yet, so the number is still its own.
        let _ = kill_process(pid, Signal::KILL);
        let _ = waiting.join();
        let output = end.recv().map(|output| said(&output.expect("output")));
        panic!("{command:?} does not end within {PATIENCE:?}\n{output:?}");
    };
    output.expect("the output of a program")
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

fn headers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../capi/mcm-dp/include")
}

fn link(compiler: &mut Command) -> &mut Command {
    let directory = workbench();
    let at_run_time = format!("-Wl,-rpath,{}", directory.display());
    compiler.arg("-L").arg(directory).arg("-lmcm_dp");
    compiler.args([&at_run_time, "-lpthread"])
}

/// A directory with the library, under both its names, and the programs.
fn workbench() -> &'static Path {
    static WORKBENCH: OnceLock<PathBuf> = OnceLock::new();
    WORKBENCH.get_or_init(|| {
        let built = built::libmcm_dp().join("libmcm_dp.so");
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mcm_dp");
        std::fs::create_dir_all(&directory).expect("a directory for the programs");
        for name in ["libmcm_dp.so", "libmcm_dp.so.1"] {
            let fresh = fresh(&directory.join(name));
            symlink(&built, &fresh).expect("a link to the library");
            std::fs::rename(&fresh, directory.join(name)).expect("the link in its place");
        }
        directory
    })
}

/// A name to make a file under that is then put in its place: other tests may use what is there.
fn fresh(path: &Path) -> PathBuf {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    // What an earlier process of the same number left.
    let _ = std::fs::remove_file(&fresh);
    fresh
}

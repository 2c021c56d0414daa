//! The C programs: compiled once for each way to compile them.

use std::collections::HashMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use memwire_tests::built;

/// For the compiler: a program of a release before 1.2.0, which calls the plain names.
pub(crate) const OLD: [&str; 2] = [
    "-DDESCSOCK_CLIENT_API=10000",
    "-DDESCSOCK_CLIENT_LEADS_TO(name)=",
];

/// What the library is called where it is installed.
const NAMES: [&str; 2] = ["libdescsock-client.so", "libdescsock-client.so.1"];

/// The compiled program, `c/descsock/NAME.c`, with these words for the compiler.
pub(crate) fn program(name: &str, words: &[&str]) -> PathBuf {
    static PROGRAMS: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    let programs = programs.get_or_insert_default();
    let key = format!("{name}{}", words.concat());
    let compiled = programs.entry(key.clone()).or_insert_with(|| {
        let program = workbench().join(key.replace('/', "_"));
        let fresh = fresh(&program);
        let mut compiler = compiler("cc", words);
        compiler.arg("-o").arg(&fresh).arg(source(name));
        compile(link(&mut compiler));
        std::fs::rename(fresh, &program).expect("the program in its place");
        program
    });
    compiled.clone()
}

/// The puppet as it was linked with an old library, and runs with this one.
pub(crate) fn old_puppet(words: &[&str]) -> PathBuf {
    let directory = workbench().join(words.concat());
    std::fs::create_dir_all(&directory).expect("a directory for an old library");
    let library = fresh(&directory.join(NAMES[0]));
    let mut maker = compiler("cc", &["-shared", "-fPIC"]);
    let soname = format!("-Wl,-soname,{}", NAMES[1]);
    compile(
        maker
            .args([&soname, "-o"])
            .arg(&library)
            .arg(source("old_library")),
    );
    std::fs::rename(&library, directory.join(NAMES[0])).expect("the library in its place");
    let program = directory.join("puppet");
    let mut maker = compiler("cc", &[words, &OLD].concat());
    maker.arg("-o").arg(&program).arg(source("puppet"));
    compile(link(maker.arg("-L").arg(&directory)));
    program
}

/// A compiler with all warnings, for which every warning is an error, that finds the headers.
pub(crate) fn compiler(name: &str, words: &[&str]) -> Command {
    let mut compiler = Command::new(name);
    compiler.args(["-g", "-O2", "-Wall", "-Wextra", "-Werror"]);
    compiler.args(words).arg("-I").arg(headers());
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
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/descsock");
    sources.join(format!("{name}.c"))
}

/// The library, under the name that programs load it by.
pub(crate) fn library() -> PathBuf {
    workbench().join(NAMES[1])
}

fn headers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../capi/descsock-client/include")
}

fn link(compiler: &mut Command) -> &mut Command {
    let directory = workbench();
    let at_run_time = format!("-Wl,-rpath,{}", directory.display());
    compiler.arg("-L").arg(directory).arg("-ldescsock-client");
    compiler.args([&at_run_time, "-lpthread"])
}

/// A directory with the library, under both its names, and the programs.
fn workbench() -> &'static Path {
    static WORKBENCH: OnceLock<PathBuf> = OnceLock::new();
    WORKBENCH.get_or_init(|| {
        let built = built::libdescsock_client().join("libdescsock_client.so");
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("descsock");
        std::fs::create_dir_all(&directory).expect("a directory for the programs");
        for name in NAMES {
            let fresh = fresh(&directory.join(name));
            symlink(&built, &fresh).expect("a link to the library");
            std::fs::rename(&fresh, directory.join(name)).expect("the link in its place");
        }
        directory
    })
}

/// A name to make a file under that is then put in its place: other tests may use what is there.
fn fresh(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = PathBuf::from(name);
    // What an earlier process of the same number left.
    let _ = std::fs::remove_file(&fresh);
    fresh
}

//! A C library of this workspace, and the C programs that test it: compiled once for each way to compile them.
//!
//! The programs of `c/NAME` are compiled against the header and the library as they are here, with all warnings, each of
//! which is an error.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

/// What is known of a library, and what was made for it.
#[derive(Debug)]
pub struct CLibrary {
    about: About,
    programs: Mutex<BTreeMap<String, PathBuf>>,
    workbench: OnceLock<PathBuf>,
}

/// A library as its tests know it.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The directory of the programs, below `c`.
    pub name: &'static str,
    /// The directory of the headers, below the repository.
    pub headers: &'static str,
    /// Builds the library; where it is.
    pub built: fn() -> PathBuf,
    /// What programs are linked with, and the name that they load it by.
    pub installed: [&'static str; 2],
    /// Where the tests may leave files: `env!("CARGO_TARGET_TMPDIR")`.
    pub scratch: &'static str,
}

impl CLibrary {
    /// One of which nothing is made yet.
    pub const fn new(about: About) -> CLibrary {
        CLibrary {
            about,
            programs: Mutex::new(BTreeMap::new()),
            workbench: OnceLock::new(),
        }
    }

    /// The compiled program, `c/NAME.c` of this library, by this compiler with these words for it.
    pub fn program(&self, name: &str, compiler: &str, words: &[&str]) -> PathBuf {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("{name}{}", words.concat());
        let compiled = programs.entry(key).or_insert_with_key(|key| {
            // A '=' would make an assignment of it for env.
            let program = self.workbench().join(key.replace(['/', '='], "_"));
            let mut compiler = self.compiler(compiler, words);
            self.link(compiler.arg(self.source(name)), &program);
            program
        });
        compiled.clone()
    }

    /// A compiler with these words and all warnings, for which every warning is an error, that finds the headers.
    pub fn compiler(&self, name: &str, words: &[&str]) -> Command {
        let mut compiler = Command::new(name);
        compiler.args(["-g", "-O2", "-Wall", "-Wextra", "-Werror"]);
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let headers = repository.join(self.about.headers);
        compiler.args(words).arg("-I").arg(headers);
        compiler
    }

    /// Has a compiler make a program that loads this library.
    pub fn link(&self, compiler: &mut Command, program: &Path) {
        let [linked, _] = self.about.installed;
        let name = linked.trim_start_matches("lib").trim_end_matches(".so");
        let directory = self.workbench();
        compiler.arg("-L").arg(directory).arg(format!("-l{name}"));
        compiler.arg(format!("-Wl,-rpath,{}", directory.display()));
        put(program, |fresh| {
            compile(compiler.args(["-lpthread", "-o"]).arg(fresh));
        });
    }

    /// The source of a program.
    pub fn source(&self, name: &str) -> PathBuf {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("c");
        sources.join(self.about.name).join(format!("{name}.c"))
    }

    /// The library, under the name that programs load it by.
    pub fn file(&self) -> PathBuf {
        self.workbench().join(self.about.installed[1])
    }

    /// A directory with the library, under both its names, and the programs.
    pub fn workbench(&self) -> &Path {
        self.workbench.get_or_init(|| {
            let built = (self.about.built)();
            let directory = Path::new(self.about.scratch).join(self.about.name);
            std::fs::create_dir_all(&directory).expect("a directory for the programs");
            for name in self.about.installed {
                put(&directory.join(name), |fresh| {
                    symlink(&built, fresh).expect("a link to the library");
                });
            }
            directory
        })
    }
}

/// Runs a compiler, which has to be content.
pub fn compile(compiler: &mut Command) {
    let done = compiler.output();
    let done = done.unwrap_or_else(|error| panic!("cannot start {compiler:?}: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{compiler:?}: {said}");
}

/// Makes a file under another name, and puts it in its place: other tests may use what is there.
pub fn put(path: &Path, make: impl FnOnce(&Path)) {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = PathBuf::from(name);
    // What an earlier process of the same number left.
    let _ = std::fs::remove_file(&fresh);
    make(&fresh);
    std::fs::rename(&fresh, path).expect("the file in its place");
}

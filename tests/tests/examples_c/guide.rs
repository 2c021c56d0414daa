//! A guide below `docs`: its programs and scripts, to be compiled and run as they are written.

use std::env;
use std::ffi::OsString;
use std::fs::{read_to_string, write};
use std::path::{Path, PathBuf};

use memwire_tests::built::memwire;
use memwire_tests::workshop;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::built::{compile, examples, plain, root};
use crate::program::Program;

/// What a guide says.
#[derive(Debug)]
pub(crate) struct Guide {
    text: String,
    /// Where its C finds its headers.
    headers: PathBuf,
}

/// A script with the lines that the guide says come of it.
#[derive(Debug)]
struct Script {
    text: String,
    shown: Vec<String>,
}

impl Guide {
    /// `docs/NAME.md`, about the library of this directory.
    pub(crate) fn new(name: &str, library: &str) -> Guide {
        let path = root().join("docs").join(name).with_extension("md");
        Guide {
            text: read_to_string(path).expect("a guide"),
            headers: root().join(library).join("include"),
        }
    }

    /// The blocks of code in this language.
    pub(crate) fn blocks(&self, language: &str) -> Vec<String> {
        let begin = format!("```{language}\n");
        let found = self.text.split(&begin).skip(1).map(|rest| {
            let (block, _) = rest.split_once("```").expect("a block ends");
            block.to_owned()
        });
        found.collect()
    }

    /// Runs every script in a directory of its own; asserts that it ends well, and says what the guide shows.
    pub(crate) fn every_script_says_what_is_shown(&self, least: usize) {
        let scripts = self.scripts();
        assert!(
            scripts.len() >= least,
            "the search is broken: {}",
            scripts.len()
        );
        for script in scripts {
            let said = script.run();
            let said: Vec<_> = said.lines().map(without_figures).collect();
            for line in script.shown {
                assert!(said.contains(&line), "\"{line}\" is not in {said:#?}");
            }
        }
    }

    /// Asserts that the guide shows this program of `examples/c`, which `make example` compiles, but for its first comment.
    pub(crate) fn shows(&self, example: &str) {
        let path = root().join("examples/c").join(example).with_extension("c");
        let source = read_to_string(path).expect("an example");
        let (_, code) = source.split_once("*/\n").expect("a first comment");
        let blocks = self.blocks("c");
        let found = blocks.iter().any(|block| block.trim() == code.trim());
        assert!(found, "{example}.c differs from the guide");
    }

    /// Compiles the pieces of C that are no programs, from the one with this number on, in a function that begins so.
    pub(crate) fn every_piece_compiles(&self, from: usize, prologue: &str) {
        let shop = workshop();
        let source = shop.path().join("piece.c");
        let pieces = self.blocks("c").into_iter().skip(from);
        let pieces: Vec<_> = pieces.filter(|piece| !piece.contains("int main")).collect();
        assert!(!pieces.is_empty(), "the search is broken");
        for piece in pieces {
            write(&source, format!("{prologue}{piece}}}\n")).expect("written");
            let flags = ["-c".into(), format!("-I{}", self.headers.display())];
            compile(&source, &flags, &shop.path().join("piece.o"));
        }
    }

    /// Asserts that there are the files that the guide links to, and these make commands, which it names.
    pub(crate) fn what_it_names_exists(&self, commands: &[&str]) {
        let links = self.text.split("](").skip(1);
        let links = links.filter_map(|rest| rest.split_once(')'));
        for (target, _) in links.filter(|(target, _)| !target.contains("://")) {
            let file = target.split('#').next().unwrap_or_default();
            assert!(root().join("docs").join(file).exists(), "{target}");
        }
        let makefile = read_to_string(root().join("Makefile")).expect("the Makefile");
        for word in commands {
            assert!(self.text.contains(&format!("make {word}")), "make {word}");
            assert!(makefile.contains(&format!("\n{word}:")), "make {word}");
        }
    }

    /// Asserts that a table has a row for each of so many points.
    pub(crate) fn answers_each_point(&self, points: usize) {
        for number in 1..=points {
            let row = format!("\n| {number} | ");
            assert_eq!(self.text.matches(&row).count(), 1, "point {number}");
        }
        assert!(!self.text.contains(&format!("\n| {} | ", points + 1)));
    }

    /// The text itself.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    fn scripts(&self) -> Vec<Script> {
        let found = self.text.split("```sh\n").skip(1).map(|rest| {
            let (script, after) = rest.split_once("```").expect("a block ends");
            let shown = after.strip_prefix("\n```text\n").unwrap_or_default();
            let shown = shown.split("```").next().unwrap_or_default();
            let lines = shown.lines().filter(|line| !line.trim().is_empty());
            Script {
                text: script.to_owned(),
                shown: lines.map(without_figures).collect(),
            }
        });
        found.collect()
    }
}

impl Script {
    /// What it says on its way to a good end.
    fn run(&self) -> String {
        use std::os::unix::process::CommandExt as _;
        let shop = workshop();
        let mut shell = plain("sh");
        shell.args(["-ec", &self.text]).current_dir(shop.path());
        let shell = Program::spawn(shell.env("PATH", search_path()).process_group(0));
        let _others = Group(shell.pid());
        shell.ends(0)
    }
}

/// What a script has started, and left behind if it failed.
struct Group(Pid);

impl Drop for Group {
    fn drop(&mut self) {
        // Usually there is nobody.
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

/// Times and rates differ from run to run: every number becomes a #.
fn without_figures(line: &str) -> String {
    let mut bare = String::new();
    for letter in line.chars() {
        match letter {
            '0'..='9' | '.' if bare.ends_with('#') => {}
            '0'..='9' => bare.push('#'),
            other => bare.push(other),
        }
    }
    bare
}

/// Where a shell finds the programs that the guides run.
fn search_path() -> OsString {
    let memwire = memwire();
    let memwire = Path::new(memwire.get_program()).parent();
    let ours = [
        examples().to_owned(),
        memwire.expect("a directory").to_owned(),
    ];
    let usual = env::var_os("PATH").unwrap_or_default();
    env::join_paths(ours.into_iter().chain(env::split_paths(&usual))).expect("a path")
}

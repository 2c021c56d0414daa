//! The guide says what is true.

use std::env;
use std::fs::read_to_string;
use std::io::Write;
use std::path::Path;

use memwire_tests::built::memwire;
use memwire_tests::workshop;

use crate::built::{examples, plain, root};
use crate::program::Program;

fn guide() -> String {
    read_to_string(root().join("docs/mcm_dp.md")).expect("the guide")
}

/// The blocks of code in this language.
pub(crate) fn blocks(language: &str) -> Vec<String> {
    let text = guide();
    let mut found = Vec::new();
    for rest in text.split(&format!("```{language}\n")).skip(1) {
        let (block, _) = rest.split_once("```").expect("a block ends");
        found.push(block.to_owned());
    }
    found
}

/// Each script of the guide with the lines that it says come of it.
fn scripts() -> Vec<(String, Vec<String>)> {
    let text = guide();
    let mut found = Vec::new();
    for rest in text.split("```sh\n").skip(1) {
        let (script, after) = rest.split_once("```").expect("a block ends");
        let shown = after.strip_prefix("\n```text\n").unwrap_or_default();
        let shown = shown.split("```").next().unwrap_or_default();
        let lines = shown.lines().filter(|line| !line.trim().is_empty());
        found.push((script.to_owned(), lines.map(without_figures).collect()));
    }
    found
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

/// Where a shell finds the programs that the guide runs.
fn search_path() -> std::ffi::OsString {
    let memwire = memwire();
    let memwire = Path::new(memwire.get_program()).parent();
    let ours = [
        examples().to_owned(),
        memwire.expect("a directory").to_owned(),
    ];
    let usual = env::var_os("PATH").unwrap_or_default();
    env::join_paths(ours.into_iter().chain(env::split_paths(&usual))).expect("a path")
}

#[test]
fn every_script_runs_and_says_what_the_guide_shows() {
    let scripts = scripts();
    assert!(scripts.len() >= 5, "the search is broken: {scripts:?}");
    for (script, shown) in scripts {
        let shop = workshop();
        let mut shell = plain("sh");
        shell.args(["-ec", &script]).current_dir(shop.path());
        let said = Program::spawn(shell.env("PATH", search_path())).ends(0);
        let said: Vec<_> = said.lines().map(without_figures).collect();
        for line in shown {
            assert!(said.contains(&line), "\"{line}\" is not in {said:#?}");
        }
    }
}

#[test]
fn the_program_with_a_poll_loop_is_the_example_that_compiles() {
    let example = read_to_string(root().join("examples/c/poll_receiver.c")).expect("an example");
    let (_, code) = example.split_once("*/\n").expect("a first comment");
    let found = blocks("c").iter().any(|block| block.trim() == code.trim());
    assert!(found, "poll_receiver.c differs from the guide");
}

#[test]
fn every_other_piece_of_c_compiles() {
    let shop = workshop();
    for (number, block) in blocks("c").iter().enumerate() {
        // Snippets of the two programs, and whole programs, are compiled as such.
        if number < 4 || block.contains("int main") {
            continue;
        }
        let source = shop.path().join("piece.c");
        let mut file = std::fs::File::create(&source).expect("a file");
        write!(
            file,
            "#include <errno.h>\n#include <stdio.h>\n#include \"mcm_dp_ext.h\"\n\
             void piece(mcm_conn_context *connection, mcm_conn_param *param);\n\
             void piece(mcm_conn_context *connection, mcm_conn_param *param)\n{{\n\
             (void)connection; (void)param;\n{block}}}\n"
        )
        .expect("written");
        let include = root().join("capi/mcm-dp/include");
        let flags = ["-c".into(), format!("-I{}", include.display())];
        crate::built::compile(&source, &flags, &shop.path().join("piece.o"));
    }
}

#[test]
fn files_and_make_commands_that_the_guide_names_exist() {
    let text = guide();
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    for (target, _) in links.filter(|(target, _)| !target.contains("://")) {
        let file = target.split('#').next().unwrap_or_default();
        assert!(root().join("docs").join(file).exists(), "{target}");
    }
    let makefile = read_to_string(root().join("Makefile")).expect("the Makefile");
    for word in ["example", "install", "uninstall"] {
        assert!(text.contains(&format!("make {word}")), "make {word}");
        assert!(makefile.contains(&format!("\n{word}:")), "make {word}");
    }
}

#[test]
fn the_guide_answers_each_of_the_23_points() {
    let text = guide();
    for number in 1..=23 {
        let row = format!("\n| {number} | ");
        assert_eq!(text.matches(&row).count(), 1, "point {number}");
    }
}

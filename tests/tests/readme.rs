//! The README says what is true.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> String {
    read_to_string(root().join("README.md")).expect("the README")
}

/// An example without its first line, which says what it is.
fn example(name: &str) -> String {
    let path = root().join("examples/rust/src/bin").join(name);
    let source = read_to_string(path).expect("an example");
    let (_, code) = source.split_once('\n').expect("lines");
    code.trim().to_owned()
}

#[test]
fn the_programs_in_the_readme_are_the_examples_that_compile() {
    for name in ["sender.rs", "receiver.rs"] {
        let block = format!("```rust\n{}\n```", example(name));
        assert!(readme().contains(&block), "{name} differs from the README");
    }
}

#[test]
fn every_file_the_readme_links_to_exists() {
    let text = readme();
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    for (target, _) in targets.filter(|(target, _)| !target.contains("://")) {
        assert!(root().join(target).exists(), "{target} does not exist");
    }
}

#[test]
fn every_make_command_the_readme_names_exists() {
    let makefile = read_to_string(root().join("Makefile")).expect("the Makefile");
    let text = readme();
    let words = text
        .split("make ")
        .skip(1)
        .filter_map(|rest| rest.split([' ', '\n', '`']).next());
    for word in
        words.filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()))
    {
        assert!(
            makefile.contains(&format!("\n{word}:")),
            "make {word} does not exist"
        );
    }
}

//! The guide to `libdescsock-client` and the agent says what is true.

use std::fs::read_to_string;

use crate::built::root;
use crate::guide::Guide;

/// What the pieces of C of the guide are pieces of.
const PROLOGUE: &str = "#include <errno.h>\n#include <poll.h>\n#include <stdio.h>\n#include \"descsock.h\"\n\
    void piece(void);\nvoid piece(void)\n{\n";

fn guide() -> Guide {
    Guide::new("descsock", "capi/descsock-client")
}

#[test]
fn every_script_runs_and_says_what_the_guide_shows() {
    guide().every_script_says_what_is_shown(3);
}

#[test]
fn the_program_for_each_interface_is_the_example_that_compiles() {
    guide().shows("greeter");
    guide().shows("listener");
}

#[test]
fn every_other_piece_of_c_compiles() {
    guide().every_piece_compiles(0, PROLOGUE);
}

#[test]
fn files_and_make_commands_that_the_guide_names_exist() {
    guide().what_it_names_exists(&["example", "install", "rpm", "deb"]);
}

#[test]
fn the_guide_answers_each_of_the_16_points() {
    guide().answers_each_point(16);
}

#[test]
fn every_reason_to_drop_a_frame_that_the_guide_names_is_one() {
    let guide = guide();
    let (_, table) = guide.text().split_once("| reason of a drop |").expect("it");
    let (table, _) = table.split_once("\n\n").expect("an end");
    let rows = table.lines().skip(2);
    let names = rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split(','));
    let names: Vec<_> = names.map(|name| name.trim().trim_matches('`')).collect();
    assert!(names.len() > 10, "the search is broken: {names:?}");
    for name in names {
        assert!(name.parse::<switch::DropReason>().is_ok(), "{name}");
    }
}

#[test]
fn every_table_of_the_configuration_that_the_guide_names_is_in_the_example() {
    let example = read_to_string(root().join("packaging/agent.toml")).expect("an example");
    let guide = guide();
    let (_, table) = guide.text().split_once("| table | says |").expect("it");
    let (table, _) = table.split_once("\n\n").expect("an end");
    for name in table.split('`').skip(1).step_by(2) {
        assert!(example.contains(name), "{name}");
    }
}

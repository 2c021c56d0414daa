//! The guide to `libmcm_dp` says what is true.

use crate::guide::Guide;

/// What the pieces of C of the guide are pieces of.
const PROLOGUE: &str = "#include <errno.h>\n#include <stdio.h>\n#include \"mcm_dp_ext.h\"\n\
    void piece(mcm_conn_context *connection, mcm_conn_param *param);\n\
    void piece(mcm_conn_context *connection, mcm_conn_param *param)\n{\n\
    (void)connection; (void)param;\n";

/// The first blocks are snippets of two programs, which are compiled as such.
const SNIPPETS: usize = 4;

pub(crate) fn guide() -> Guide {
    Guide::new("mcm_dp", "capi/mcm-dp")
}

#[test]
fn every_script_runs_and_says_what_the_guide_shows() {
    guide().every_script_says_what_is_shown(5);
}

#[test]
fn the_program_with_a_poll_loop_is_the_example_that_compiles() {
    guide().shows("poll_receiver");
}

#[test]
fn every_other_piece_of_c_compiles() {
    guide().every_piece_compiles(SNIPPETS, PROLOGUE);
}

#[test]
fn files_and_make_commands_that_the_guide_names_exist() {
    guide().what_it_names_exists(&["example", "install", "uninstall"]);
}

#[test]
fn the_guide_answers_each_of_the_23_points() {
    guide().answers_each_point(23);
}

//! What no program should do, with and without a sanitizer.

use memwire_tests::workshop;

use crate::programs::{Flavour, program, run};

fn misuse(words: &[&str]) {
    for flavour in [Flavour::Plain, Flavour::Asan] {
        let directory = workshop();
        let program = program("misuse", flavour);
        run(
            &program,
            &[&words[..1], &["mcm.sock"], &words[1..]].concat(),
            directory.path(),
        );
        let left = std::fs::read_dir(directory.path()).expect("its directory");
        assert_eq!(left.count(), 0, "{words:?} leaves something behind");
    }
}

#[test]
fn null_in_every_place_is_an_error() {
    misuse(&["null"]);
}

#[test]
fn buffers_that_are_none_of_the_connection_are_refused() {
    misuse(&["foreign"]);
}

#[test]
fn a_buffer_can_be_given_back_only_once() {
    misuse(&["twice"]);
}

#[test]
fn a_len_beyond_the_room_is_refused_and_the_buffer_stays_with_the_caller() {
    misuse(&["too-long"]);
}

#[test]
fn what_a_program_writes_over_its_mcm_buffer_is_not_believed() {
    misuse(&["scribbled"]);
}

#[test]
fn statistics_fill_as_much_as_they_are_given() {
    misuse(&["stats"]);
}

#[test]
fn an_empty_frame_arrives_or_is_refused() {
    misuse(&["empty"]);
}

#[test]
fn the_last_error_is_that_of_the_thread() {
    misuse(&["last-error"]);
}

#[test]
fn paths_without_an_end_and_paths_to_nowhere_are_refused() {
    misuse(&["path"]);
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    misuse(&["parameters"]);
}

#[test]
fn random_parameters_do_no_harm() {
    for seed in ["1", "77", "4096"] {
        misuse(&["garbage", seed]);
    }
}

#[test]
fn random_parameters_do_no_harm_where_a_peer_is_waiting() {
    misuse(&["garbage-met", "5"]);
}

//! Point 21: one connection, many threads.

use memwire_tests::workshop;

use crate::programs::{Flavour, program, run};

fn both(case: &str, number: &str) {
    let directory = workshop();
    let program = program("both", Flavour::Plain);
    run(&program, &[case, "mcm.sock", number], directory.path());
}

#[test]
fn point_21_frames_of_a_connection_that_many_threads_use_come_whole_and_once() {
    both("hammer", "20000");
}

#[test]
fn point_21_a_destroy_ends_the_dequeues_of_other_threads() {
    both("destroy", "20");
}

#[test]
fn point_21_a_thread_that_waits_holds_up_no_other_call() {
    both("beside", "0");
}

#[test]
fn point_21_threads_that_send_live_through_receivers_that_come_and_go() {
    both("churn", "100");
}

#[test]
fn point_21_a_thread_that_is_cancelled_ends_between_calls() {
    both("cancelled", "20");
}

#[test]
fn point_21_who_does_not_wait_is_not_denied_a_frame_because_another_asks_for_figures() {
    both("asked", "5000");
}

#[test]
fn ten_thousand_connections_leave_descriptors_mappings_and_memory_where_they_were() {
    let directory = workshop();
    let program = program("both", Flavour::Plain);
    let said = run(&program, &["cycles", "mcm.sock", "10000"], directory.path());
    let figures = said.lines().find(|line| line.contains("connections in"));
    let figures = figures.expect("figures");
    let took = figures
        .split(' ')
        .nth(3)
        .and_then(|ms| ms.parse::<u64>().ok());
    assert!(took.expect("ms") < 30_000, "{figures}");
}

//! The program from outside: every bench runs, proves what it moved, and is reported.

use std::process::{Command, Output};

fn benches(args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_memwire-benches");
    Command::new(program).args(args).output().unwrap()
}

#[test]
fn every_bench_runs_and_is_reported_for_machines() {
    let output = benches(&["--runs", "1", "--percent", "1", "--json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let benches = report["benches"].as_array().unwrap();
    assert_eq!(benches.len(), 6);
    for subject in benches
        .iter()
        .flat_map(|bench| bench["subjects"].as_array().unwrap())
    {
        assert!(subject["median"].as_f64().unwrap() > 0.0, "{subject}");
    }
}

#[test]
fn a_second_process_that_fails_ends_the_program_with_a_reason() {
    let allowed = rustix::thread::sched_getaffinity(None).unwrap();
    let here = (0..1023).find(|&core| allowed.is_set(core)).unwrap();
    let cores = format!("{here},1023"); // no machine has that many: the second process cannot be pinned
    let output = benches(&[
        "round-trip",
        "--runs",
        "1",
        "--percent",
        "1",
        "--cores",
        &cores,
    ]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("cannot use core 1023"), "{errors}");
    assert!(errors.contains("the second process failed"), "{errors}");
}

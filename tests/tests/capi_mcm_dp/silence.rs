//! Point 21: nothing is printed that nobody asked for.

use std::process::{Command, Output};

use memwire_tests::process::said;
use memwire_tests::workshop;

use crate::programs::{Flavour, program, quiet, run_command};

/// Runs frames, timeouts, refusals and misuse, with these variables set.
fn run(variables: &[(&str, &str)]) -> Output {
    let directory = workshop();
    let mut command = Command::new("env");
    quiet(&mut command);
    for (name, value) in variables {
        command.arg(format!("{name}={value}"));
    }
    command.arg(program("both", Flavour::Plain));
    command.args(["silent", "mcm.sock"]);
    let output = run_command(&mut command, directory.path());
    assert!(output.status.success(), "{}", said(&output));
    output
}

#[test]
fn point_21_nothing_is_printed_unless_it_is_asked_for() {
    for variables in [
        [].as_slice(),
        &[("MEMWIRE_LOG", "")],
        &[("MEMWIRE_LOG", "off")],
        &[("RUST_LOG", "trace")],
    ] {
        let output = run(variables);
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{variables:?}: {}",
            said(&output)
        );
    }
}

#[test]
fn point_21_what_is_asked_for_is_printed_on_stderr_alone() {
    for level in ["debug", "info", "trace", "mcm_dp=debug"] {
        let output = run(&[("MEMWIRE_LOG", level)]);
        assert!(!output.stderr.is_empty(), "nothing with {level}");
        assert!(output.stdout.is_empty(), "{}", said(&output));
    }
}

/// A protocol that is refused, with the log at the level that everybody has.
#[test]
fn point_22_a_refused_protocol_is_logged() {
    let output = run(&[("MEMWIRE_LOG", "warn")]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("UDP"), "{stderr}");
}

/// A level that makes no sense is no reason to end the program.
#[test]
fn point_21_a_level_that_makes_no_sense_does_no_harm() {
    let output = run(&[("MEMWIRE_LOG", "=,=loud[[")]);
    assert!(output.stdout.is_empty(), "{}", said(&output));
}

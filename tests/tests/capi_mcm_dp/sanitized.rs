//! The same programs under AddressSanitizer and valgrind, which find what looks as if it worked.

use std::process::Command;

use memwire_tests::process::said;
use memwire_tests::{missing, workshop};

use crate::pair::{Ends, Pair, join, small};
use crate::programs::{Flavour, program, quiet, run_command};
use crate::puppet::Puppet;

/// A way to run a C program.
type Under = fn(&str) -> Command;

fn asan(name: &str) -> Command {
    let mut command = Command::new(program(name, Flavour::Asan));
    command.env("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0");
    quiet(&mut command);
    command
}

fn valgrind(name: &str) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--error-exitcode=99", "--leak-check=full"]);
    command.arg(program(name, Flavour::Plain));
    quiet(&mut command);
    command
}

/// Everything that a connection can do, and its ends of both kinds.
fn life(under: Under) {
    for ends in Ends::roles() {
        let (tx, rx) = (
            Puppet::from(&mut under("puppet")),
            Puppet::from(&mut under("puppet")),
        );
        let mut pair = ends.connect_puppets(&small(), tx, rx);
        frames(&mut pair);
        out_of_order(&mut pair);
        for puppet in [&mut pair.tx, &mut pair.rx] {
            puppet.ask("poll 0 0");
            puppet.ask("stats 0");
            puppet.ask("error");
        }
        pair.tx.ask("destroy 0");
        pair.rx.ask("dequeue 0 0 5000").is("none").has("error", 2);
        pair.place.meet(&mut pair.tx, &mut pair.rx, 3);
        let create = pair.place.create_tx(0);
        join(&mut pair.tx, &create, &mut pair.rx);
        pair.works(8);
        // Held by both when the connection, and the process, end.
        pair.tx.ask("dequeue 0 1 1000").is("buffer");
        pair.send(9, 100);
        pair.rx.ask("dequeue 0 1 1000").is("buffer");
        pair.rx.ask("destroy 0");
        pair.quit();
    }
}

fn frames(pair: &mut Pair) {
    for number in 0..20 {
        pair.send(number, 8192);
        pair.receive(number, 8192);
    }
    pair.rx.ask("dequeue 0 0 3").is("none").has("error", 0);
}

fn out_of_order(pair: &mut Pair) {
    for buffer in 0..4 {
        pair.tx
            .ask(&format!("dequeue 0 {buffer} 1000"))
            .is("buffer");
        pair.tx.ask(&format!("fill {buffer} 100 {buffer}"));
    }
    pair.tx.ask("cancel 0 2").has("code", 0);
    for buffer in [3, 0, 1] {
        pair.tx.ask(&format!("enqueue 0 {buffer}")).has("code", 0);
        pair.rx
            .ask(&format!("dequeue 0 {buffer} 1000"))
            .is("buffer");
    }
    for buffer in [0, 1, 3] {
        pair.rx
            .ask(&format!("check {buffer}"))
            .has("number", buffer);
        pair.rx.ask(&format!("enqueue 0 {buffer}")).has("code", 0);
    }
}

/// One end dies, and another comes.
fn death(under: Under) {
    for ends in Ends::roles() {
        let tx = Puppet::from(&mut under("puppet"));
        let mut pair = ends.connect_puppets(&small(), tx, Puppet::start());
        pair.works(1);
        pair.tx.ask("dequeue 0 0 1000").is("buffer");
        pair.rx.process().kill();
        pair.tx.notices_the_end();
        pair.tx.ask("fill 0 8192 1");
        pair.tx.ask("enqueue 0 0").has("code", 2);
        pair.rx = Puppet::from(&mut under("puppet"));
        let create = pair.place.create_rx(0);
        join(&mut pair.rx, &create, &mut pair.tx);
        pair.works(2);
        pair.quit();
    }
}

fn both(under: Under, case: &str, number: &str) {
    let directory = workshop();
    let mut command = under("both");
    let output = run_command(command.args([case, "mcm.sock", number]), directory.path());
    assert!(
        output.status.success(),
        "{case}: {}: {}",
        output.status,
        said(&output)
    );
}

fn has_valgrind(test: &str) -> bool {
    missing::tool("valgrind", "valgrind", test).is_some()
}

#[test]
fn address_sanitizer_finds_nothing_in_the_life_and_death_of_connections() {
    life(asan);
    death(asan);
}

#[test]
fn address_sanitizer_finds_nothing_in_many_threads_and_connections() {
    both(asan, "hammer", "5000");
    both(asan, "destroy", "20");
    both(asan, "beside", "0");
    both(asan, "churn", "60");
    both(asan, "many", "16");
    both(asan, "silent", "0");
}

#[test]
fn valgrind_finds_nothing_in_the_life_and_death_of_connections() {
    if has_valgrind("libmcm_dp under valgrind") {
        life(valgrind);
        death(valgrind);
    }
}

#[test]
fn valgrind_finds_nothing_in_threads_and_connections() {
    if has_valgrind("libmcm_dp and threads under valgrind") {
        both(valgrind, "hammer", "300");
        both(valgrind, "destroy", "2");
        both(valgrind, "many", "4");
        both(valgrind, "silent", "0");
    }
}

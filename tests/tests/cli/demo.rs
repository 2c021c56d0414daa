//! The demo: works with no configuration, proves itself, and leaves nothing behind.

use std::fs;
use std::path::Path;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::workshop;
use rustix::process::Signal;

use crate::program::{Program, memwire};

fn demo(temp: &Path, words: &[&str]) -> Program {
    Program::spawn(memwire().env("TMPDIR", temp).arg("demo").args(words))
}

fn empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().next().is_none()
}

#[test]
fn the_demo_loses_nothing_and_cleans_up() {
    let shop = workshop();
    let outcome = demo(shop.path(), &["--seconds", "1", "--json", "--quiet"]).wait();
    let all = outcome.success();
    let ethernet = &all["ethernet"];
    let counts = ["frames", "lost", "corrupt"].map(|key| ethernet[key].as_u64());
    assert_eq!(counts, [Some(20_000), Some(0), Some(0)], "{ethernet}");
    assert!(
        ethernet["latency_ns"]["p99"].as_u64().is_some(),
        "{ethernet}"
    );
    let video = &all["video"];
    let counts = ["frames", "lost", "corrupt"].map(|key| video[key].as_u64());
    assert_eq!(counts, [Some(60), Some(0), Some(0)], "{video}");
    assert!(video["latency_ns"]["p50"].as_u64().is_some(), "{video}");
    assert!(empty(shop.path()));
}

#[test]
fn the_demo_prints_a_table_for_people() {
    let shop = workshop();
    let outcome = demo(shop.path(), &["--seconds", "1"]).wait();
    let table = String::from_utf8(outcome.stdout).unwrap();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    for label in [
        "frames/s", "Gbit/s", "latency", "lost", "corrupt", "Ethernet",
    ] {
        assert!(table.lines().any(|line| line.starts_with(label)), "{table}");
    }
}

#[test]
fn a_stopped_demo_takes_its_children_along() {
    let shop = workshop();
    let demo = demo(shop.path(), &["--seconds", "600", "--quiet"]);
    let children = eventually("all children run", SOON, || {
        let pid = demo.pid().as_raw_nonzero();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        (children.split_whitespace().count() == 5).then_some(children)
    });
    demo.signal(Signal::TERM);
    assert_eq!(demo.wait().code, Some(0));
    let gone = |pid: &str| !Path::new("/proc").join(pid).exists();
    eventually("the children end", SOON, || {
        children.split_whitespace().all(gone).then_some(())
    });
    assert!(empty(shop.path()));
}

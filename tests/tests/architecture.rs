//! The walls between the rooms stand: dependencies point one way, as ARCHITECTURE.md says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each crate of ours, and the crates of ours it may depend on.
const WALLS: &[(&str, &[&str])] = &[
    ("memif-wire", &[]),
    ("memif-ring", &["memif-wire"]),
    ("memif", &["memif-wire", "memif-ring"]),
    ("memwire-media", &["memif"]),
    ("descsock-wire", &[]),
    ("memwire-switch", &[]),
    (
        "dma-agent",
        &["memif", "memif-ring", "descsock-wire", "memwire-switch"],
    ),
    (
        "memwire",
        &[
            "memif",
            "memwire-media",
            "descsock",
            "descsock-wire",
            "memwire-switch",
            "dma-agent",
        ],
    ),
    ("capi-door", &[]),
    ("mcm-dp", &["capi-door", "memif", "memwire-media"]),
    ("descsock", &["descsock-wire", "memif", "memif-ring"]),
    ("descsock-client", &["capi-door", "descsock"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What each package of the workspace depends on, without its development dependencies.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| (name(package), normal_dependencies(package)))
        .collect()
}

fn name(value: &serde_json::Value) -> String {
    value["name"].as_str().expect("a name").to_owned()
}

fn normal_dependencies(package: &serde_json::Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().expect("dependencies");
    dependencies
        .iter()
        .filter(|one| one["kind"].is_null())
        .map(name)
        .collect()
}

#[test]
fn dependencies_between_our_crates_point_one_way() {
    let all = dependencies();
    let ours: BTreeSet<String> = all.keys().cloned().collect();
    for (package, allowed) in WALLS {
        let actual = all[*package].intersection(&ours);
        let illegal: Vec<_> = actual
            .filter(|name| !allowed.contains(&name.as_str()))
            .collect();
        assert!(
            illegal.is_empty(),
            "{package} must not depend on {illegal:?}"
        );
    }
}

#[test]
fn crates_that_only_decide_forbid_unsafe_code_and_have_no_std() {
    for room in ["memif-wire", "descsock-wire", "switch"] {
        let path = root().join("crates").join(room).join("src/lib.rs");
        let source = std::fs::read_to_string(path).expect("lib.rs");
        assert!(source.contains("#![forbid(unsafe_code)]"), "{room}");
        assert!(source.contains("#![no_std]"), "{room}");
    }
}

#[test]
fn every_module_that_allows_unsafe_code_says_why_it_is_safe() {
    let mut unsafe_modules = 0;
    let (crates, capi) = (root().join("crates"), root().join("capi"));
    for path in rust_files(&crates).into_iter().chain(rust_files(&capi)) {
        let source = std::fs::read_to_string(&path).expect("a readable source file");
        if source.contains("#![allow(unsafe_code)]") {
            unsafe_modules += 1;
            assert!(
                source.contains("//! # Safety"),
                "{} lacks a # Safety paragraph",
                path.display()
            );
        }
    }
    assert!(unsafe_modules > 0, "no module found: the search is broken");
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a readable directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

//! `make install`, and programs outside of the repository that find the library with pkg-config.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use memwire_tests::{missing, workshop};

use crate::built::{compile, make, output, plain, root};
use crate::program::Program;

/// Everything that is installed, below the prefix.
const INSTALLED: [&str; 16] = [
    "bin/memwire",
    "include/descsock.h",
    "include/descsock_client.h",
    "include/mcm_dp.h",
    "include/mcm_dp/libmemif.h",
    "include/mcm_dp_ext.h",
    "lib/libmcm_dp.a",
    "lib/libmcm_dp.so",
    "lib/libmcm_dp.so.1",
    "lib/libmcm_dp.so.1.0.0",
    "lib/pkgconfig/libmcm_dp.pc",
    "lib/libdescsock-client.a",
    "lib/libdescsock-client.so",
    "lib/libdescsock-client.so.1",
    "lib/libdescsock-client.so.1.0.0",
    "lib/pkgconfig/libdescsock-client.pc",
];

/// An installation, as a package is made of it.
struct Installation(tempfile::TempDir);

impl Installation {
    fn new() -> Installation {
        let installation = Installation(workshop());
        make([
            "install".into(),
            installation.destination(),
            "PREFIX=/usr".into(),
        ]);
        installation
    }

    fn destination(&self) -> String {
        format!("DESTDIR={}", self.0.path().display())
    }

    fn prefix(&self) -> PathBuf {
        self.0.path().join("usr")
    }

    /// pkg-config for programs that are to run where this will be the system.
    fn pkg_config(&self) -> Command {
        let mut command = plain("pkg-config");
        command
            .env("PKG_CONFIG_SYSROOT_DIR", self.0.path())
            .env("PKG_CONFIG_LIBDIR", self.prefix().join("lib/pkgconfig"))
            .env("PKG_CONFIG_ALLOW_SYSTEM_CFLAGS", "1")
            .env("PKG_CONFIG_ALLOW_SYSTEM_LIBS", "1");
        command
    }

    fn flags(&self, words: &[&str]) -> Vec<String> {
        let flags = output(self.pkg_config().args(words).arg("libmcm_dp"));
        flags.split_whitespace().map(str::to_owned).collect()
    }

    /// Compiles one of the examples in a directory that is not ours.
    fn program(&self, name: &str, flags: &[String]) -> PathBuf {
        let copy = self.0.path().join(format!("{name}.c"));
        let source = root().join("examples/c").join(format!("{name}.c"));
        fs::copy(source, &copy).expect("a copy");
        let program = self.0.path().join(name);
        compile(&copy, flags, &program);
        program
    }
}

/// All files and links below a directory, relative to it.
fn files(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else {
                let inside = path.strip_prefix(directory).expect("below it");
                found.insert(inside.display().to_string());
            }
        }
    }
    found
}

fn has_pkg_config(test: &str) -> bool {
    missing::tool("pkg-config", "pkgconf", test).is_some()
}

#[test]
fn what_is_installed_can_be_found_by_its_names_and_removed_again() {
    let installation = Installation::new();
    let prefix = installation.prefix();
    let expected: BTreeSet<_> = INSTALLED.map(str::to_owned).into();
    assert_eq!(files(&prefix), expected);
    let link = |name: &str| fs::read_link(prefix.join("lib").join(name)).expect("a link");
    assert_eq!(link("libmcm_dp.so.1"), Path::new("libmcm_dp.so.1.0.0"));
    assert_eq!(link("libmcm_dp.so"), Path::new("libmcm_dp.so.1"));

    // What is somebody else's stays.
    fs::write(prefix.join("include/libmemif.h"), "theirs").expect("a file");
    make([
        "uninstall".into(),
        installation.destination(),
        "PREFIX=/usr".into(),
    ]);
    let left: Vec<_> = files(&prefix).into_iter().collect();
    assert_eq!(left, ["include/libmemif.h"]);
    assert!(!prefix.join("include/mcm_dp").exists());
}

#[test]
fn directories_can_be_chosen_one_by_one() {
    let shop = workshop();
    let at = |name: &str| shop.path().join(name).display().to_string();
    make([
        "install".into(),
        format!("PREFIX={}", at("opt")),
        format!("LIBDIR={}", at("opt/lib64")),
        format!("INCLUDEDIR={}", at("headers")),
        format!("BINDIR={}", at("programs")),
        // Not the system's: nothing here is told to the loader.
        "DESTDIR=/".into(),
    ]);
    for file in [
        "programs/memwire",
        "headers/mcm_dp.h",
        "opt/lib64/libmcm_dp.so.1",
    ] {
        assert!(shop.path().join(file).exists(), "{file}");
    }
    let description = fs::read_to_string(shop.path().join("opt/lib64/pkgconfig/libmcm_dp.pc"));
    let description = description.expect("a description");
    assert!(
        description.contains("\nlibdir=${prefix}/lib64\n"),
        "{description}"
    );
    let headers = format!("\nincludedir={}\n", at("headers"));
    assert!(description.contains(&headers), "{description}");
}

#[test]
fn pkg_config_knows_a_version_that_programs_of_the_sdk_accept() {
    if !has_pkg_config("the version in libmcm_dp.pc") {
        return;
    }
    let installation = Installation::new();
    for version in ["24.00", "24.09"] {
        let asked = format!("--atleast-version={version}");
        installation.flags(&[&asked]);
    }
    assert_eq!(installation.flags(&["--modversion"]), ["24.09"]);
}

#[test]
fn programs_outside_compile_against_it_dynamically_and_statically_and_run_as_a_pair() {
    if !has_pkg_config("programs outside of the repository") {
        return;
    }
    let installation = Installation::new();
    let dynamic = installation.flags(&["--cflags", "--libs"]);
    let sender = installation.program("seed_sender", &dynamic);
    let mut fixed = installation.flags(&["--static", "--cflags", "--libs"]);
    fixed.insert(0, "-static".into());
    let receiver = installation.program("seed_receiver", &fixed);

    let socket = installation.0.path().join("s");
    let receiver = Program::spawn(plain(receiver).arg(&socket));
    let libraries = installation.prefix().join("lib");
    let mut sender = plain(sender);
    sender.env("LD_LIBRARY_PATH", &libraries);
    sender.args([socket.as_os_str(), OsStr::new("20")]);
    Program::spawn(&mut sender).ends(0);
    let said = receiver.ends(0);
    assert!(said.contains("frame 19: 921600 bytes"), "{said}");
}

#[test]
fn programs_that_include_libmemif_and_name_its_types_compile() {
    if !has_pkg_config("programs that include libmemif.h") {
        return;
    }
    let installation = Installation::new();
    let source = installation.0.path().join("types.c");
    let program = "#include <libmemif.h>\n#include <mcm_dp.h>\n\
        int main(void) { memif_conn_param param = {0}; return param.conn_args.is_master; }\n";
    fs::write(&source, program).expect("a source");
    let flags = installation.flags(&["--cflags"]);
    compile(&source, &flags, &installation.0.path().join("types"));
}

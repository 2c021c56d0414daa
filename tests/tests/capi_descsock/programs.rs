//! The C programs of this library, and the ways to compile them.

use std::path::PathBuf;
use std::process::Command;

use memwire_tests::built;
use memwire_tests::c_library::{About, CLibrary, compile, put};

/// For the compiler: a program of a release before 1.2.0, which calls the plain names.
pub(crate) const OLD: [&str; 2] = [
    "-DDESCSOCK_CLIENT_API=10000",
    "-DDESCSOCK_CLIENT_LEADS_TO(name)=",
];

/// The library with its headers.
pub(crate) static LIBRARY: CLibrary = CLibrary::new(About {
    name: "descsock",
    headers: "capi/descsock-client/include",
    built: || built::libdescsock_client().join("libdescsock_client.so"),
    installed: ["libdescsock-client.so", "libdescsock-client.so.1"],
    scratch: env!("CARGO_TARGET_TMPDIR"),
});

/// The compiled program, `c/descsock/NAME.c`, with these words for the compiler.
pub(crate) fn program(name: &str, words: &[&str]) -> PathBuf {
    LIBRARY.program(name, "cc", words)
}

/// A compiler with these words and all warnings.
pub(crate) fn compiler(name: &str, words: &[&str]) -> Command {
    LIBRARY.compiler(name, words)
}

/// The puppet as it was linked with an old library, and runs with this one.
pub(crate) fn old_puppet(words: &[&str]) -> PathBuf {
    let directory = LIBRARY.workbench().join(words.concat());
    std::fs::create_dir_all(&directory).expect("a directory for an old library");
    put(&directory.join("libdescsock-client.so"), |fresh| {
        let mut maker = compiler("cc", &["-shared", "-fPIC"]);
        maker.args(["-Wl,-soname,libdescsock-client.so.1", "-o"]);
        compile(maker.arg(fresh).arg(LIBRARY.source("old_library")));
    });
    let program = directory.join("puppet");
    let mut maker = compiler("cc", &[words, &OLD].concat());
    maker
        .arg(LIBRARY.source("puppet"))
        .arg("-L")
        .arg(&directory);
    LIBRARY.link(&mut maker, &program);
    program
}

//! What the headers lay out, in both languages.

use memwire_tests::c_library::compile;
use memwire_tests::{missing, workshop};

use crate::programs::{LIBRARY, compiler};

const RELEASES: [&str; 6] = [
    "-DSEED",
    "-DDESCSOCK_CLIENT_API=10500",
    "-DDESCSOCK_CLIENT_API=10304",
    "-DDESCSOCK_CLIENT_API=10301",
    "-DDESCSOCK_CLIENT_API=10200",
    "-DDESCSOCK_CLIENT_API=10000",
];

fn compiles(name: &str, words: &[&str]) {
    let directory = workshop();
    let mut compiler = compiler(name, words);
    compiler.arg("-c").arg(LIBRARY.source("layout"));
    compile(compiler.arg("-o").arg(directory.path().join("layout.o")));
}

#[test]
fn sizes_offsets_and_numbers_are_those_of_each_release_in_c() {
    for release in RELEASES {
        compiles("cc", &["-std=gnu11", release]);
        compiles("cc", &["-std=c11", "-Wstrict-prototypes", release]);
    }
    compiles("cc", &[]);
}

#[test]
fn sizes_offsets_and_numbers_are_those_of_each_release_in_cpp() {
    if missing::tool("g++", "g++", "the layouts in C++").is_some() {
        for release in RELEASES {
            compiles("g++", &["-x", "c++", "-std=c++11", release]);
        }
    }
}

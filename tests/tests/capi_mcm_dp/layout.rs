//! What the header lays out, and programs in both languages.

use memwire_tests::c_library::compile;
use memwire_tests::{missing, workshop};

use crate::pair::{Ends, small};
use crate::programs::{Flavour, LIBRARY, compiler, program};
use crate::puppet::Puppet;

fn compiles(flavour: Flavour, more: &[&str]) {
    let directory = workshop();
    let mut compiler = compiler(flavour);
    compiler.args(more).arg("-c").arg(LIBRARY.source("layout"));
    compile(compiler.arg("-o").arg(directory.path().join("layout.o")));
}

#[test]
fn offsets_sizes_and_numbers_are_those_of_the_original_in_c() {
    compiles(Flavour::Plain, &[]);
    compiles(Flavour::Plain, &["-std=c11"]);
    compiles(
        Flavour::Plain,
        &["-std=gnu17", "-Wshadow", "-Wstrict-prototypes"],
    );
}

#[test]
fn offsets_sizes_and_numbers_are_those_of_the_original_in_cpp() {
    if missing::tool("g++", "g++", "the layout of mcm_dp.h in C++").is_some() {
        compiles(Flavour::Cpp, &[]);
        compiles(Flavour::Cpp, &["-std=c++11"]);
    }
}

#[test]
fn a_program_in_cpp_exchanges_frames_with_one_in_c() {
    if missing::tool("g++", "g++", "a program of libmcm_dp in C++").is_none() {
        return;
    }
    let cpp = || {
        Puppet::from(&mut std::process::Command::new(program(
            "puppet",
            Flavour::Cpp,
        )))
    };
    for (tx, rx) in [
        (cpp(), Puppet::start()),
        (Puppet::start(), cpp()),
        (cpp(), cpp()),
    ] {
        let mut pair = Ends::USUAL.connect_puppets(&small(), tx, rx);
        for number in 0..40 {
            pair.send(number, 8192);
            pair.receive(number, 8192);
        }
        pair.quit();
    }
}

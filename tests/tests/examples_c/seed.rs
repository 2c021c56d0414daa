//! The two snippets that users start from: compiled as they stand in the guide, and run as a pair.

use std::fs::read_to_string;
use std::io::Write;

use memwire_tests::workshop;

use crate::built::root;
use crate::guide_mcm_dp::guide;
use crate::program::Program;

/// Which snippets of the guide, in its order, each program has.
const PROGRAMS: [(&str, [usize; 2]); 2] = [("seed_receiver.c", [0, 2]), ("seed_sender.c", [1, 3])];

#[test]
fn the_programs_have_every_line_of_the_snippets_as_it_stands_in_the_guide() {
    let snippets = guide().blocks("c");
    for (name, numbers) in PROGRAMS {
        let path = root().join("examples/c").join(name);
        let program = read_to_string(path).expect("a program");
        let mut lines = program.lines();
        let wanted = numbers.iter().flat_map(|number| snippets[*number].lines());
        for line in wanted.filter(|line| !line.is_empty()) {
            assert!(
                lines.any(|own| own == line),
                "{name} lacks, in order: {line}"
            );
        }
    }
}

#[test]
fn the_snippets_run_as_a_pair_over_one_socket_in_either_order() {
    for sender_first in [true, false] {
        let shop = workshop();
        let socket = shop.path().join("s").display().to_string();
        let send = || Program::start("seed_sender", &format!("{socket} 20"));
        let receive = || Program::start("seed_receiver", &socket);
        let (sender, receiver) = if sender_first {
            (send(), receive())
        } else {
            let receiver = receive();
            (send(), receiver)
        };
        assert!(sender.ends(0).contains("20 frames sent"));
        let said = receiver.ends(0);
        assert!(said.contains("frame 0: 921600 bytes\n"), "{said}");
        assert!(said.contains("frame 19: 921600 bytes\n"), "{said}");
        assert!(
            said.contains("get data from buffer fail\n20 frames\n"),
            "{said}"
        );
    }
}

#[test]
fn a_receiver_with_its_own_poll_loop_hears_of_frames_the_end_and_its_input() {
    let shop = workshop();
    let socket = shop.path().join("s").display().to_string();
    let receiver = Program::start("poll_receiver", &socket);
    Program::start("seed_sender", &format!("{socket} 20")).ends(0);
    let said = receiver.ends(0);
    assert!(said.contains("frame 19 at 57000: 921600 bytes"), "{said}");

    let mut receiver = Program::start("poll_receiver", &socket);
    let sender = Program::start(
        "sender_app",
        &format!("-k {socket} -w 640 -h 360 -b /dev/stdin"),
    );
    let mut input = receiver.stdin();
    sender.says("waiting for the");
    input.write_all(b"\n").expect("it listens");
    receiver.ends(0);
}

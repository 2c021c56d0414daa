//! Who listens, who sends and who is first are three questions.

use std::fs;

use memwire_tests::workshop;

use crate::program::Program;

/// A pair in one of the four ways; the first waits before the second starts.
fn exchange(sender_is_master: bool, sender_is_first: bool) {
    let shop = workshop();
    let path = |name: &str| shop.path().join(name).display().to_string();
    let (input, copy) = (path("input"), path("copy"));
    let frames: Vec<u8> = (0..=255).cycle().take(10 * 64 * 36 * 2).collect();
    fs::write(&input, &frames).expect("an input");
    let common = format!("-o memif -k {} -d 7 -w 64 -h 36 -x yuv422p", path("s"));
    let master = |yes: bool| if yes { "-m 1" } else { "-m 0" };
    let sender = format!("{common} {} -b {input}", master(sender_is_master));
    let receiver = format!("{common} {} -b {copy}", master(!sender_is_master));
    let start = |sends: bool| match sends {
        true => Program::start("sender_app", &sender),
        false => Program::start("recver_app", &receiver),
    };
    let first = start(sender_is_first);
    first.says("waiting for the");
    start(!sender_is_first).ends(0);
    first.ends(0);
    assert!(fs::read(&copy).expect("a copy") == frames, "{common}");
    let left = fs::read_dir(shop.path()).expect("a directory").count();
    assert_eq!(left, 2, "only the input and the copy stay, no socket");
}

#[test]
fn a_sender_that_listens_waits_for_its_receiver() {
    exchange(true, true);
}

#[test]
fn a_receiver_that_connects_waits_for_its_sender() {
    exchange(true, false);
}

#[test]
fn a_sender_that_connects_waits_for_its_receiver() {
    exchange(false, true);
}

#[test]
fn a_receiver_that_listens_waits_for_its_sender() {
    exchange(false, false);
}

#[test]
fn a_sender_that_connects_sends_one_frame_and_leaves_is_not_missed() {
    for _ in 0..20 {
        let shop = workshop();
        let common = format!("-k {} -w 64 -h 36", shop.path().join("s").display());
        let receiver = Program::start("recver_app", &format!("{common} -m 1"));
        receiver.sleeps();
        Program::start("sender_app", &format!("{common} -m 0 -n 1")).ends(0);
        let said = receiver.ends(0);
        assert!(said.contains("recver_app: 1 frames, 9216 bytes"), "{said}");
    }
}

#[test]
fn the_options_without_memif_meaning_are_taken_too() {
    let shop = workshop();
    let common = format!(
        "--protocol auto --socketpath {} --type st20 --width 64 --height 36 --fps 59.94 \
         --pix_fmt nv12 --interfaceid 3 --rcv_ip 127.0.0.1 --rcv_port 9002 --send_ip ::1 --send_port 9003",
        shop.path().join("s").display()
    );
    let receiver = Program::start("recver_app", &format!("{common} --master 1"));
    let sender = Program::start("sender_app", &format!("{common} --master 0 --number 7"));
    assert!(sender.ends(0).contains("sender_app: 7 frames"));
    assert!(receiver.ends(0).contains("recver_app: 7 frames"));
}

#[test]
fn an_abstract_name_needs_no_directory() {
    let name = format!("@memwire-example-{}", std::process::id());
    let common = format!("-k {name} -w 64 -h 36");
    let receiver = Program::start("recver_app", &common);
    Program::start("sender_app", &format!("{common} -n 3")).ends(0);
    assert!(receiver.ends(0).contains("recver_app: 3 frames"));
}

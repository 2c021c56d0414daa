//! Commands that are right, and a world that says no: one line that says why, and code 1.

use std::fs;
use std::io::Read as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::workshop;
use rustix::net::{
    AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept, bind, listen, send,
    socket_with,
};

use crate::program::{Program, listening, memwire, run, start};

/// A sender of a small, endless test picture that listens on this socket.
fn camera(socket: &Path, more: &[&str]) -> Program {
    let mut command = memwire();
    command
        .arg("send")
        .arg(socket)
        .args(["--pattern", "--video", "64x32@60", "--quiet"])
        .args(more);
    let program = Program::spawn(&mut command);
    listening(socket);
    program
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_socket_in_use_by_a_live_server_is_left_to_it() {
    let shop = workshop();
    let socket = shop.path().join("s");
    let mut first = camera(&socket, &[]);
    run(["send", text(&socket), "--pattern"]).failed(1, &[text(&socket), "in use"]);
    assert!(first.runs());
    let received = run(["recv", text(&socket), "--verify", "--frames", "3", "--json"]).success();
    assert_eq!(received["frames"], 3);
}

#[test]
fn a_file_that_is_not_a_socket_is_left_alone() {
    let shop = workshop();
    let path = shop.path().join("precious");
    fs::write(&path, "data").unwrap();
    run(["send", text(&path), "--pattern"]).failed(1, &[text(&path), "not a socket"]);
    assert_eq!(fs::read(&path).unwrap(), b"data");
}

#[test]
fn a_stale_socket_is_taken_over() {
    let shop = workshop();
    let socket = shop.path().join("s");
    drop(camera(&socket, &[]));
    assert!(socket.exists(), "a killed server leaves its socket behind");
    let _second = start([
        "send",
        text(&socket),
        "--pattern",
        "--video",
        "64x32@60",
        "--quiet",
    ]);
    let received = run(["recv", text(&socket), "--verify", "--frames", "3", "--json"]).success();
    assert_eq!(received["corrupt"], 0);
}

#[test]
fn a_wrong_secret_is_refused() {
    let shop = workshop();
    let [socket, right, wrong] = ["s", "right", "wrong"].map(|name| shop.path().join(name));
    fs::write(&right, "open sesame\n").unwrap();
    fs::write(&wrong, "open barley\n").unwrap();
    let _camera = camera(&socket, &["--secret-file", text(&right)]);
    let with = |secret: &Path| {
        run([
            "recv",
            text(&socket),
            "--verify",
            "--frames",
            "1",
            "--json",
            "--secret-file",
            text(secret),
        ])
    };
    with(&wrong).failed(1, &["secret"]);
    run(["recv", text(&socket), "--verify"]).failed(1, &["secret"]);
    assert_eq!(with(&right).success()["frames"], 1);
}

#[test]
fn an_unknown_id_is_refused() {
    let shop = workshop();
    let socket = shop.path().join("s");
    let _camera = camera(&socket, &["--id", "5"]);
    run(["recv", text(&socket), "--verify"]).failed(1, &["id 0"]);
    let five = run([
        "recv",
        text(&socket),
        "--verify",
        "--id",
        "5",
        "--frames",
        "1",
        "--json",
    ]);
    assert_eq!(five.success()["frames"], 1);
}

#[test]
fn a_peer_of_another_protocol_is_told() {
    let shop = workshop();
    let socket = shop.path().join("stream");
    let _other = UnixListener::bind(&socket).unwrap();
    run(["recv", text(&socket), "--verify"]).failed(1, &[text(&socket)]);
}

#[test]
fn a_peer_that_talks_nonsense_is_told() {
    let shop = workshop();
    let path = shop.path().join("nonsense");
    let listener = socket_with(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )
    .unwrap();
    bind(&listener, &SocketAddrUnix::new(&path).unwrap()).unwrap();
    listen(&listener, 8).unwrap();
    let receiver = start(["recv", text(&path), "--verify"]);
    let connection = accept(&listener).unwrap();
    send(
        &connection,
        b"220 mail.example.org ESMTP",
        SendFlags::NOSIGNAL,
    )
    .unwrap();
    receiver.wait().failed(1, &[text(&path)]);
}

#[test]
fn a_full_disk_ends_the_receiver_with_one_line() {
    let shop = workshop();
    let socket = shop.path().join("s");
    let mut camera = camera(&socket, &[]);
    run(["recv", text(&socket), "/dev/full", "--quiet"]).failed(1, &["/dev/full", "full"]);
    assert!(camera.runs());
}

#[test]
fn a_reader_that_goes_away_ends_the_receiver_without_a_word() {
    let shop = workshop();
    let socket = shop.path().join("s");
    let _camera = camera(&socket, &["--unpaced"]);
    let mut command = memwire();
    command
        .args(["recv", text(&socket), "-", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut receiver = command.spawn().unwrap();
    let mut some = [0; 100];
    receiver
        .stdout
        .take()
        .unwrap()
        .read_exact(&mut some)
        .unwrap();
    let status = eventually("the receiver ends", SOON, || receiver.try_wait().unwrap());
    let mut said = String::new();
    receiver
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_wait_with_a_limit_fails_when_it_is_over() {
    let shop = workshop();
    let socket = shop.path().join("s");
    run([
        "recv",
        text(&socket),
        "--verify",
        "--timeout",
        "0.2",
        "--quiet",
    ])
    .failed(1, &["0.2", "no sender"]);
    run([
        "send",
        text(&socket),
        "--pattern",
        "--timeout",
        "0.2",
        "--quiet",
    ])
    .failed(1, &["0.2", "no receiver"]);
}

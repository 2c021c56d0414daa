//! Real video from one process to another, byte for byte.

use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use memwire_tests::workshop;
use serde_json::Value;

use crate::program::{Program, feed, listening, memwire, run, start};

/// A Y4M stream of this many 64 × 48 10-bit frames, one of them with parameters of its own.
fn y4m(frames: u8) -> Vec<u8> {
    let mut stream =
        b"YUV4MPEG2 W64 H48 F30000:1001 Ip A1:1 C422p10 XYSCSS=422P10 Xanything\n".to_vec();
    for number in 0..frames {
        stream.extend_from_slice(if number == 3 {
            b"FRAME Ip Xmark\n"
        } else {
            b"FRAME\n"
        });
        stream.extend(
            (0..=250)
                .cycle()
                .take(64 * 48 * 4)
                .map(|byte: u8| byte ^ number),
        );
    }
    stream
}

/// Writes raw frames that differ from each other.
fn raw_file(path: &Path, frames: u32, frame_bytes: usize) {
    let mut file = File::create(path).unwrap();
    let mut frame: Vec<u8> = (0..=248).cycle().take(frame_bytes).collect();
    for number in 0..frames {
        frame[..4].copy_from_slice(&number.to_le_bytes());
        frame[frame_bytes - 4..].copy_from_slice(&number.to_be_bytes());
        file.write_all(&frame).unwrap();
    }
}

/// Compares two files without holding them in memory.
fn same(one: &Path, other: &Path) -> bool {
    let [mut one, mut other] = [one, other].map(|path| File::open(path).unwrap());
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let got = one.read(&mut left).unwrap();
        if got == 0 {
            return other.read(&mut right).unwrap() == 0;
        }
        if other.read_exact(&mut right[..got]).is_err() || left[..got] != right[..got] {
            return false;
        }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn nothing_wrong(received: &Value, frames: u64) {
    let counts = ["frames", "lost", "corrupt", "repeated"].map(|key| received[key].as_u64());
    assert_eq!(
        counts,
        [Some(frames), Some(0), Some(0), Some(0)],
        "{received}"
    );
}

#[test]
fn three_hundred_frames_of_720p_arrive_byte_for_byte_receiver_first() {
    let shop = workshop();
    let [socket, input, output] = ["s", "in.raw", "out.raw"].map(|name| shop.path().join(name));
    raw_file(&input, 300, 1280 * 720 * 4);
    let receiver = start(["recv", text(&socket), text(&output), "--json"]);
    let video = [
        "--video",
        "1280x720@60",
        "--format",
        "yuv422p10le",
        "--unpaced",
        "--json",
    ];
    let sent = run(["send", text(&socket), text(&input)]
        .into_iter()
        .chain(video))
    .success();
    nothing_wrong(&receiver.wait().success(), 300);
    assert_eq!(sent["frames"], 300);
    assert_eq!(sent["bytes"], 300 * 1280 * 720 * 4);
    assert!(same(&input, &output));
    assert!(!socket.exists());
}

#[test]
fn a_raw_file_arrives_byte_for_byte_sender_first() {
    let shop = workshop();
    let [socket, input, output] = ["s", "in.raw", "out.raw"].map(|name| shop.path().join(name));
    raw_file(&input, 100, 640 * 16 * 8);
    let video = [
        "--video",
        "1920x16@60",
        "--format",
        "v210",
        "--unpaced",
        "--json",
    ];
    let sender = start(
        ["send", text(&socket), text(&input)]
            .into_iter()
            .chain(video),
    );
    listening(&socket);
    let received = run(["recv", text(&socket), text(&output), "--json"]).success();
    nothing_wrong(&received, 100);
    assert_eq!(sender.wait().success()["lost"], 0);
    assert!(same(&input, &output));
}

#[test]
fn y4m_from_standard_input_arrives_byte_for_byte_in_a_file_and_on_standard_output() {
    let shop = workshop();
    for output in ["copy.y4m", "copy", "-"] {
        let socket = shop.path().join("s");
        let path = if output == "-" {
            "-".into()
        } else {
            shop.path().join(output)
        };
        let mut sender = Program::spawn(
            memwire()
                .args(["send", text(&socket), "-", "--unpaced", "--json"])
                .stdin(Stdio::piped()),
        );
        feed(sender.stdin(), y4m(20));
        let received = run(["recv", text(&socket), text(&path), "--json"]);
        nothing_wrong(&received.success(), 20);
        sender.wait().success();
        let copy = if output == "-" {
            received.stdout
        } else {
            fs::read(&path).unwrap()
        };
        assert!(copy == y4m(20), "{output}");
    }
}

#[test]
fn raw_video_becomes_y4m_when_the_output_is_named_so() {
    let shop = workshop();
    let [socket, input, output] = ["s", "in.raw", "out.y4m"].map(|name| shop.path().join(name));
    raw_file(&input, 3, 64 * 48 * 2);
    let video = ["--video", "64x48@50", "--format", "yuv422p", "--unpaced"];
    let sender = start(
        ["send", text(&socket), text(&input)]
            .into_iter()
            .chain(video),
    );
    run(["recv", text(&socket), text(&output), "--json"]).success();
    assert_eq!(sender.wait().code, Some(0));
    let header = b"YUV4MPEG2 W64 H48 F50:1 Ip A1:1 C422\nFRAME\n";
    assert!(fs::read(&output).unwrap().starts_with(header));
    let again = start(["send", text(&socket), text(&output), "--unpaced"]);
    let back = shop.path().join("back.raw");
    run(["recv", text(&socket), text(&back), "--as", "raw", "--json"]).success();
    assert_eq!(again.wait().code, Some(0));
    assert!(same(&input, &back));
}

#[test]
fn a_test_picture_is_verified_and_measured() {
    let shop = workshop();
    let socket = shop.path().join("s");
    let words = [
        "--pattern",
        "--video",
        "320x180@200",
        "--frames",
        "50",
        "--json",
    ];
    let sender = start(["send", text(&socket)].into_iter().chain(words));
    let received = run(["recv", text(&socket), "--verify", "--json"]).success();
    nothing_wrong(&received, 50);
    let latency = ["p50", "p99", "max"].map(|key| received["latency_ns"][key].as_u64().unwrap());
    assert!(latency[0] > 0 && latency.is_sorted(), "{received}");
    assert!(received["gbit_per_s"].as_f64().unwrap() > 0.0, "{received}");
    assert_eq!(sender.wait().success()["frames"], 50);
}

#[test]
fn frames_go_out_at_their_rate() {
    let shop = workshop();
    let socket = shop.path().join("s");
    let receiver = start(["recv", text(&socket), "--verify", "--json"]);
    let began = Instant::now();
    let words = [
        "--pattern",
        "--video",
        "64x32@50",
        "--frames",
        "51",
        "--json",
    ];
    let sent = run(["send", text(&socket)].into_iter().chain(words)).success();
    assert!(
        began.elapsed().as_secs_f64() >= 1.0,
        "50 intervals of 20 ms"
    );
    // A busy machine may be late, but nothing goes out early.
    let fps = sent["fps"].as_f64().unwrap();
    assert!((20.0..=50.5).contains(&fps), "{fps}");
    nothing_wrong(&receiver.wait().success(), 51);
}

#[test]
fn a_file_can_be_looped_and_cut() {
    let shop = workshop();
    let [socket, input, output] = ["s", "in.raw", "out.raw"].map(|name| shop.path().join(name));
    raw_file(&input, 2, 1024);
    let words = [
        "--video",
        "32x32@25",
        "--format",
        "gray",
        "--unpaced",
        "--loop",
        "--frames",
        "5",
    ];
    let sender = start(
        ["send", text(&socket), text(&input)]
            .into_iter()
            .chain(words),
    );
    nothing_wrong(
        &run(["recv", text(&socket), text(&output), "--json"]).success(),
        5,
    );
    assert_eq!(sender.wait().code, Some(0));
    let twice = fs::read(&input).unwrap().repeat(3);
    assert_eq!(fs::read(&output).unwrap(), twice[..5 * 1024]);
}

#[test]
fn the_receiver_may_be_the_server_and_the_socket_abstract() {
    let name = format!("@memwire-cli-test-{}", std::process::id());
    let receiver = start(["recv", &name, "--role", "server", "--verify", "--json"]);
    let words = [
        "--role",
        "client",
        "--pattern",
        "--video",
        "64x32@60",
        "--frames",
        "10",
        "--json",
    ];
    run(["send", &name].into_iter().chain(words)).success();
    nothing_wrong(&receiver.wait().success(), 10);
}

#[test]
fn a_truncated_stream_delivers_its_whole_frames_and_fails() {
    let shop = workshop();
    let socket = shop.path().join("s");
    let mut command = memwire();
    command
        .args(["send", text(&socket), "-", "--unpaced", "--quiet"])
        .stdin(Stdio::piped());
    let mut sender = Program::spawn(&mut command);
    let mut stream = y4m(5);
    stream.truncate(stream.len() - 100);
    feed(sender.stdin(), stream);
    let received = run(["recv", text(&socket), "-", "--json"]);
    nothing_wrong(&received.success(), 4);
    sender
        .wait()
        .failed(1, &["ends inside frame 4", "cut short"]);
}

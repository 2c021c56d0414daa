//! Metrics as a collector reads them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::common::{Raw, frame};
use crate::daemon::{Daemon, eventually};

const CONFIG: &str = "[metrics]\nlisten = '127.0.0.1:0'\n";

fn connect(daemon: &Daemon) -> TcpStream {
    let address = daemon.status().metrics.expect("metrics are served");
    let stream = TcpStream::connect(address).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    stream
}

fn request(daemon: &Daemon, text: &str) -> (String, String) {
    let mut stream = connect(daemon);
    stream.write_all(text.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_owned(), body.to_owned())
}

/// Samples by their name with labels. Panics at what is no line of OpenMetrics.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.pop(), Some("# EOF"));
    let samples = lines
        .iter()
        .filter_map(|line| match line.strip_prefix("# ") {
            Some(comment) => {
                let word = comment.split(' ').next().unwrap_or_default();
                assert!(["HELP", "TYPE", "UNIT"].contains(&word), "{line}");
                None
            }
            None => {
                let (name, value) = line.rsplit_once(' ').expect(line);
                Some((name.to_owned(), value.parse().expect(line)))
            }
        });
    samples.collect()
}

#[test]
fn a_collector_gets_what_was_counted() {
    let daemon = Daemon::start(CONFIG);
    let mut one = Raw::register_binary(&daemon.0, "one", 10);
    let mut two = Raw::register_binary(&daemon.0, "two \"quoted\"", 11);
    two.post(10);
    one.send(&frame(0xFF, 0xA, 1, 100), 'B', None);
    two.receive(0);
    one.send(&frame(0xA, 0xA, 1, 60), 'B', None);
    eventually("both frames came in", || {
        (daemon.port("one").received == 2).then_some(())
    });
    let (head, body) = request(&daemon, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let kind = "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(head.contains(kind), "{head}");
    assert!(
        head.contains(&format!("Content-Length: {}\r\n", body.len())),
        "{head}"
    );
    let samples = samples(&body);
    let one = r#"port="one",did="16",type="descsock""#;
    assert_eq!(
        samples[&format!("dmaa_port_received_frames_total{{{one}}}")],
        2.0
    );
    assert_eq!(
        samples[&format!("dmaa_port_received_bytes_total{{{one}}}")],
        160.0
    );
    let two = r#"port="two \"quoted\"",did="17",type="descsock""#;
    assert_eq!(
        samples[&format!("dmaa_port_sent_frames_total{{{two}}}")],
        1.0
    );
    let dropped =
        r#"dmaa_port_dropped_frames_total{port="one",did="16",direction="in",reason="hairpin"}"#;
    assert_eq!(samples[dropped], 1.0);
    assert_eq!(
        samples[r#"dmaa_dropped_frames_total{reason="hairpin"}"#],
        1.0
    );
    assert_eq!(
        samples[r#"dmaa_dropped_frames_total{reason="queue-full"}"#],
        0.0
    );
    assert_eq!(
        (samples["dmaa_clients"], samples["dmaa_fdb_learned_total"]),
        (2.0, 1.0)
    );
    assert_eq!(samples["dmaa_refusals_total"], 0.0);
}

#[test]
fn other_requests_are_answered_and_closed() {
    let daemon = Daemon::start(CONFIG);
    for (text, status) in [
        ("GET / HTTP/1.1\r\n\r\n", "404"),
        ("POST /metrics HTTP/1.1\r\n\r\n", "405"),
        ("hello\r\n\r\n", "400"),
    ] {
        let (head, body) = request(&daemon, text);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(!body.is_empty());
    }
    let mut endless = connect(&daemon);
    let _ = endless.write_all(&vec![b'x'; 9000]);
    let mut answer = String::new();
    let _ = endless.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[test]
fn somebody_who_asks_for_nothing_is_let_go_of_and_others_are_served() {
    let daemon = Daemon::start(CONFIG);
    let mut silent: Vec<_> = (0..15).map(|_| connect(&daemon)).collect();
    let started = Instant::now();
    let (head, _) = request(&daemon, "GET /metrics HTTP/1.1\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "it waited for the silent ones"
    );
    assert_eq!(silent[0].read(&mut [0]).expect("closed"), 0);
    assert!(
        started.elapsed() > Duration::from_secs(3),
        "they had their time"
    );
}

#[test]
fn metrics_come_and_go_with_the_configuration() {
    let daemon = Daemon::start("");
    assert_eq!(daemon.status().metrics, None);
    assert_eq!(daemon.changes(CONFIG), ["metrics 127.0.0.1:0: added"]);
    drop(connect(&daemon));
    assert_eq!(daemon.changes(""), ["metrics: removed"]);
    assert_eq!(daemon.status().metrics, None);
}

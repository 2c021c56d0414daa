//! What the control socket answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use dma_agent::control::{Ask, Reply};

use crate::common::{Raw, frame};
use crate::daemon::{Daemon, eventually};

fn lines(daemon: &Daemon, said: &[u8]) -> Vec<String> {
    let mut stream = UnixStream::connect(daemon.path("control.sock")).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    stream.write_all(said).expect("written");
    stream.shutdown(Shutdown::Write).expect("said");
    let lines = BufReader::new(stream).lines();
    lines.map(|line| line.expect("a line")).collect()
}

#[test]
fn one_line_is_answered_by_one_line() {
    let daemon = Daemon::start("");
    let said = b"{\"v\":1,\"ask\":\"ports\"}\n{\"v\":1,\"ask\":{\"fdb\":{}}}\n{\"v\":1,\"ask\":{\"flush\":\"all\"}}\n";
    let answers = lines(&daemon, said);
    assert_eq!(answers.len(), 3, "{answers:?}");
    assert_eq!(answers[0], r#"{"v":1,"ok":{"ports":[]}}"#);
    assert!(
        answers[1].starts_with(r#"{"v":1,"ok":{"fdb":{"ageing":300.0"#),
        "{}",
        answers[1]
    );
    assert_eq!(answers[2], r#"{"v":1,"ok":{"flushed":0}}"#);
}

#[test]
fn what_is_no_request_is_answered_with_the_reason() {
    let daemon = Daemon::start("");
    for (said, code, part) in [
        ("", "request", "EOF"),
        ("GET / HTTP/1.1", "request", "expected value"),
        ("{}", "version", "version none"),
        (
            "{\"v\":2,\"ask\":\"ports\"}",
            "version",
            "this agent speaks 1",
        ),
        ("{\"v\":1}", "request", ""),
        (
            "{\"v\":1,\"ask\":\"forty-two\"}",
            "request",
            "unknown variant `forty-two`",
        ),
        ("{\"v\":1,\"ask\":{\"fdb\":{\"skip\":-1}}}", "request", "-1"),
        (
            "{\"v\":1,\"ask\":{\"capture\":{\"port\":\"x\"}}}",
            "not-found",
            "no port is called",
        ),
    ] {
        let answers = lines(&daemon, format!("{said}\n").as_bytes());
        let [answer] = &answers[..] else {
            panic!("{said}: {answers:?}")
        };
        assert!(
            answer.contains(&format!("\"error\":{{\"code\":\"{code}\"")),
            "{said}: {answer}"
        );
        assert!(answer.contains(part), "{said}: {answer}");
    }
}

#[test]
fn everything_that_can_be_shown_is() {
    let daemon = Daemon::start(
        "[[port]]\nname = 'sink'\ntype = 'dump'\npath = 'DIR/sink.pcapng'\nntis = [4095, '7-9']\n",
    );
    let mut one = Raw::register_binary(&daemon.0, "one", 10);
    one.send(&frame(0xFF, 0xA, 1, 60), 'B', None);
    one.send(&frame(0xA, 0xA, 1, 60), 'B', None);
    eventually("both frames came in", || {
        (daemon.port("one").received == 2).then_some(())
    });
    let sink = daemon.port("sink");
    assert_eq!(
        (sink.kind.as_str(), sink.ntis.join(" ")),
        ("dump", "7-9 4095".to_owned())
    );
    assert_eq!((sink.sent, sink.sent_bytes), (1, 60));
    let client = &daemon.clients()[0];
    assert_eq!(
        (client.svc, client.sep, client.pid),
        (10, 0, Some(std::process::id()))
    );
    match daemon.ask(Ask::Services) {
        Ok(Reply::Services(services)) => {
            assert_eq!(
                (services[0].svc, services[0].members[0].port.as_str()),
                (10, "one")
            );
        }
        other => panic!("{other:?}"),
    }
    match daemon.ask(Ask::Drops) {
        Ok(Reply::Drops(drops)) => {
            assert_eq!((drops.total, drops.reasons["hairpin"]), (1, 1));
            assert_eq!(drops.ports[1].refused["hairpin"], 1);
        }
        other => panic!("{other:?}"),
    }
    let status = daemon.status();
    assert_eq!((status.ports, status.clients, status.refusals), (2, 1, 0));
    assert_eq!(status.config, Some(daemon.path("agent.toml")));
}

#[test]
fn a_large_table_comes_in_pages() {
    let daemon = Daemon::start("");
    let (mut one, mut two) = (
        Raw::register_binary(&daemon.0, "one", 10),
        Raw::register_binary(&daemon.0, "two", 11),
    );
    two.post(1023);
    for host in 0..4000_u64 {
        let mut sent = frame(0xFF, 0, host, 60);
        sent[..6].fill(0xFF);
        sent[8..12].copy_from_slice(&(host as u32).to_be_bytes());
        one.send(&sent, 'B', None);
        two.receive(host);
        two.post(1);
        one.completion();
    }
    let fdb = daemon.control().fdb().expect("all pages");
    let macs: std::collections::BTreeSet<_> = fdb.entries.iter().map(|entry| &entry.mac).collect();
    assert_eq!((fdb.entries.len(), macs.len()), (4000, 4000));
}

#[test]
fn a_capture_is_a_port_for_as_long_as_somebody_listens() {
    let daemon = Daemon::start("");
    let mut one = Raw::register_binary(&daemon.0, "one", 10);
    let mut two = Raw::register_binary(&daemon.0, "two", 11);
    two.post(10);
    let mut control = daemon.control();
    let port = Some("one".to_owned());
    assert_eq!(
        control.ask(Ask::Capture { port }).expect("a capture"),
        Reply::Capture("capture-1".into())
    );
    assert_eq!(daemon.port("capture-1").role, "mirror");
    let sent = frame(0xFF, 0xA, 77, 100);
    one.send(&sent, 'B', None);
    two.receive(0);
    let mut stream = control
        .into_stream(Duration::from_secs(20))
        .expect("a stream");
    let mut bytes = Vec::new();
    while !bytes.windows(sent.len()).any(|part| part == sent) {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).expect("frames");
        assert!(count > 0, "it ended");
        bytes.extend_from_slice(&piece[..count]);
    }
    assert_eq!(
        bytes[..4],
        0x0A0D_0D0A_u32.to_ne_bytes(),
        "a section header first"
    );
    drop(stream);
    eventually("the port goes with its listener", || {
        daemon
            .ports()
            .iter()
            .all(|port| port.name != "capture-1")
            .then_some(())
    });
}

#[test]
fn several_ports_of_one_name_are_told_apart_by_their_dids() {
    let daemon = Daemon::start("");
    let _clients = [10, 11].map(|svc| Raw::register_binary(&daemon.0, "cam", svc));
    let capture = |port: &str| {
        daemon.ask(Ask::Capture {
            port: Some(port.to_owned()),
        })
    };
    let both = capture("cam").expect_err("which one?").to_string();
    assert_eq!(both, "2 ports are called \"cam\": say which, as did:N");
    assert!(capture("did:17").is_ok());
}

#[test]
fn the_control_socket_moves_and_changes_while_somebody_asks() {
    let daemon = Daemon::start("");
    let config =
        |name: &str, mode: &str| format!("[control]\npath = 'DIR/{name}'\nmode = '{mode}'\n");
    let path = daemon.path("own.sock");
    // This agent's command line names its control socket: another one, which the file names.
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("agent.toml");
    let write = |text: String| {
        let text = text.replace("DIR", &dir.path().display().to_string());
        std::fs::write(&file, format!("{text}[[doorbell]]\npath = '{path}'\n")).expect("written");
    };
    write(config("a.sock", "0600"));
    let source = dma_agent::config::ConfigSource {
        file: Some(file.clone()),
        ..Default::default()
    };
    let agent = dma_agent::Agent::start(source).expect("it starts");
    let _running = crate::common::Running::run(tempfile::tempdir().expect("a directory"), agent);
    let at = |name: &str| memif::Address::Path(dir.path().join(name));
    let mut caller = dma_agent::control::Control::connect(&at("a.sock")).expect("it answers");
    for (name, mode) in [("a.sock", "0660"), ("b.sock", "0660")] {
        write(config(name, mode));
        match caller.ask(Ask::Reload) {
            Ok(Reply::Reloaded(changes)) => {
                let lines: Vec<_> = changes.iter().map(ToString::to_string).collect();
                assert_eq!(lines, [format!("control {}: replaced", at(name))]);
            }
            other => panic!("{other:?}"),
        }
        let mut other = dma_agent::control::Control::connect(&at(name)).expect("it answers");
        assert!(other.ask(Ask::Status).is_ok());
    }
    assert!(dma_agent::control::Control::connect(&at("a.sock")).is_err());
}

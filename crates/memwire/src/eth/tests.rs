//! The four commands against each other, each on a thread of its own, over a real socket.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::{Args, Command};
use etherparse::{ArpEthIpv4Packet, ArpOperation, PacketBuilder};
use memif::{Connector, LinkOptions};
use pcap_file::pcap::PcapReader;
use serde::Serialize;
use serde_json::Value;

use super::args::{PortArgs, Until};
use super::stamp::{Framing, Stamp};
use super::{dump, echo, generate, sink};
use crate::cli::Common;
use crate::clock;
use crate::report::Talk;
use crate::stop::Stop;

/// A socket in a directory that goes away at the end.
struct Socket {
    path: String,
    directory: tempfile::TempDir,
}

impl Socket {
    fn new() -> Socket {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("eth.sock").display().to_string();
        Socket { path, directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Arguments behind the socket; no test lasts longer than a minute.
    fn args<T: Args>(&self, options: &str) -> T {
        let options = format!("{} --seconds 60 {options}", self.path);
        parsed(&options)
    }
}

fn parsed<T: Args>(options: &str) -> T {
    let command = T::augment_args(Command::new("test").no_binary_name(true));
    let matches = command.get_matches_from(options.split_whitespace());
    T::from_arg_matches(&matches).expect("arguments")
}

fn quiet() -> Talk {
    Talk::new(&parsed::<Common>("--quiet"), false)
}

fn until(port: &PortArgs, stop: &Stop) -> Until {
    Until::new(port, stop.clone(), clock::monotonic())
}

fn json(summary: anyhow::Result<impl Serialize>) -> Value {
    serde_json::to_value(summary.expect("succeeds")).expect("serializes")
}

fn generated(args: &generate::GenArgs) -> Value {
    json(generate::serve(
        args,
        &until(&args.port, &Stop::default()),
        &quiet(),
    ))
}

fn sunk(args: &sink::SinkArgs) -> Value {
    json(sink::serve(
        args,
        &until(&args.port, &Stop::default()),
        &quiet(),
    ))
}

#[test]
fn a_sink_counts_every_frame_of_a_generator() {
    for options in ["", "--queues 3", "--mode ip", "--wait interrupt"] {
        for size in ["64", "imix", "9000"] {
            let socket = Socket::new();
            let sink = socket.args(&format!("--count 2000 {options}"));
            let generator = socket.args(&format!(
                "--role client --count 2000 --size {size} {options}"
            ));
            let sink = thread::spawn(move || sunk(&sink));
            let sent = generated(&generator);
            let got = sink.join().expect("ends");
            assert_eq!(
                (&sent["frames"], &got["frames"]),
                (&2000.into(), &2000.into())
            );
            assert_eq!(sent["bytes"], got["bytes"]);
            let (lost, reordered) = (&got["lost"], &got["reordered"]);
            assert_eq!(
                (lost, reordered),
                (&0.into(), &0.into()),
                "{options} {size}"
            );
            assert_eq!(got["stamped"], 2000);
        }
    }
}

#[test]
fn a_generator_may_be_the_server_too_and_keeps_its_rate() {
    let socket = Socket::new();
    let sink = socket.args("--count 100 --role client");
    let generator = socket.args("--count 100 --rate 2000");
    let sink = thread::spawn(move || sunk(&sink));
    let start = clock::monotonic();
    assert_eq!(generated(&generator)["frames"], 100);
    // The last frame is due 50 ms after the first could be; a busy machine is late, never early.
    assert!(clock::monotonic() - start >= Duration::from_millis(50));
    assert_eq!(sink.join().expect("ends")["lost"], 0);
}

#[test]
fn an_echo_returns_every_frame() {
    for options in ["", "--queues 2"] {
        let socket = Socket::new();
        let echo: echo::EchoArgs = socket.args(options);
        let generator = socket.args(&format!("--role client --count 3000 --size imix {options}"));
        let stop = Stop::default();
        let until = until(&echo.port, &stop);
        let echo = thread::spawn(move || json(echo::serve(&echo, &until, &quiet())));
        let sent = generated(&generator);
        stop.request();
        let echoed = echo.join().expect("ends");
        assert_eq!(sent["returned"]["frames"], 3000, "{sent}");
        assert_eq!(sent["returned"]["bytes"], sent["bytes"]);
        assert_eq!(sent["returned"]["lost"], 0);
        assert_eq!(
            (&echoed["received"], &echoed["frames"]),
            (&3000.into(), &3000.into())
        );
        assert_eq!(echoed["drops"], serde_json::json!({}));
    }
}

#[test]
fn a_sink_outlives_its_generators() {
    let socket = Socket::new();
    let sink = socket.args("--count 300");
    let sink = thread::spawn(move || sunk(&sink));
    for _ in 0..3 {
        let generator = socket.args("--role client --count 100");
        assert_eq!(generated(&generator)["frames"], 100);
    }
    let got = sink.join().expect("ends");
    assert_eq!((&got["frames"], &got["lost"]), (&300.into(), &0.into()));
    assert_eq!(
        (&got["connections"], &got["reconnects"]),
        (&3.into(), &2.into())
    );
}

#[test]
fn a_host_answers_an_arp_request_over_the_link() {
    let socket = Socket::new();
    let echo: echo::EchoArgs = socket.args("--count 1 --ip 10.0.0.2 --mac 02:00:00:00:00:02");
    let until = until(&echo.port, &Stop::default());
    let echo = thread::spawn(move || json(echo::serve(&echo, &until, &quiet())));
    let address = socket.path.parse().expect("an address");
    let mut link = Connector::new(&address)
        .link(LinkOptions::new(0))
        .expect("a link");
    let (mut tx, mut rx) = (
        link.tx(0).expect("to send"),
        link.rx(0).expect("to receive"),
    );
    let request = ArpEthIpv4Packet {
        operation: ArpOperation::REQUEST,
        sender_mac: [2, 0, 0, 0, 0, 9],
        sender_ipv4: [10, 0, 0, 9],
        target_mac: [0; 6],
        target_ipv4: [10, 0, 0, 2],
    };
    let mut frame = Vec::new();
    let packet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 9], [0xff; 6]).arp(request.into());
    packet.write(&mut frame).expect("fits");
    let minute = Some(Duration::from_secs(60));
    tx.send(&frame, minute).expect("sent");
    let reply = rx.recv(minute).expect("answered").to_vec();
    assert_eq!(reply[..12], [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 2]);
    assert_eq!(reply[20..22], [0, 2], "a reply");
    assert_eq!(reply[22..28], [2, 0, 0, 0, 0, 2], "the address asked for");
    assert_eq!(echo.join().expect("ends")["arp_answers"], 1);
}

#[test]
fn a_dump_is_a_capture_of_what_was_sent() {
    let socket = Socket::new();
    let file = socket.file("frames.pcap");
    let args: dump::DumpArgs = socket.args(&format!(
        "--count 24 --snaplen 100 --write {}",
        file.display()
    ));
    let until = until(&args.port, &Stop::default());
    let writer = thread::spawn(move || {
        let dump = dump::Dump::new(&args, &parsed::<Common>("")).expect("opens");
        json(dump::serve(&args, dump, &until, &quiet()))
    });
    let sent = generated(&socket.args("--role client --count 24 --size imix"));
    let dumped = writer.join().expect("ends");
    assert_eq!(
        (&sent["bytes"], &dumped["frames"]),
        (&dumped["bytes"], &24.into())
    );
    let bytes = fs::read(&file).expect("written");
    let mut reader = PcapReader::new(&bytes[..]).expect("a pcap file");
    for sequence in 0..24 {
        let frame = reader.next_raw_packet().expect("another").expect("valid");
        let stamp = Stamp::find(&frame.data, Framing::Ethernet).expect("stamped");
        assert_eq!(stamp.sequence, sequence);
        assert_eq!(frame.incl_len, frame.orig_len.min(100));
    }
    assert!(reader.next_raw_packet().is_none());
}

#[test]
fn a_generator_that_is_refused_says_why() {
    let socket = Socket::new();
    let sink: sink::SinkArgs = socket.args("--mode ip");
    let stop = Stop::default();
    let waiting = until(&sink.port, &stop);
    let sink = thread::spawn(move || json(sink::serve(&sink, &waiting, &quiet())));
    let args: generate::GenArgs = socket.args("--role client --mode ethernet");
    let refused = generate::serve(&args, &until(&args.port, &Stop::default()), &quiet());
    let reason = refused.expect_err("another mode").to_string();
    assert!(
        reason.contains("ethernet") && reason.contains("ip"),
        "{reason}"
    );
    stop.request();
    assert_eq!(sink.join().expect("ends")["connections"], 0);
}

#[test]
fn a_frame_that_never_fits_is_a_misuse() {
    let socket = Socket::new();
    let sink: sink::SinkArgs = socket.args("");
    let stop = Stop::default();
    let waiting = until(&sink.port, &stop);
    let sink = thread::spawn(move || json(sink::serve(&sink, &waiting, &quiet())));
    let args: generate::GenArgs = socket.args("--role client --size 9000 --slots 2");
    let failed = generate::serve(&args, &until(&args.port, &Stop::default()), &quiet());
    let error = failed.expect_err("too long");
    assert!(error.is::<crate::exit::Misuse>(), "{error}");
    stop.request();
    sink.join().expect("ends");
}

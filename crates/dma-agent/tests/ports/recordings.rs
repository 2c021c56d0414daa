//! Frames out of capture files, and into them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use dma_agent::pcap::{DumpDevice, Pace, PcapError, ReplayDevice, ReplayOptions};
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::{DataLink, Endianness, TsResolution};
use switch::DropReason;

use crate::accounts::{agent, assert_balanced, counters, eventually, turned};
use crate::common::frame;
use crate::host::did_not_run;

const BEGIN: Duration = Duration::from_secs(1_700_000_000);
const FAST: ReplayOptions = ReplayOptions {
    pace: Pace::Fast,
    repeat: false,
};

/// A classic file with frames that are so many milliseconds apart.
fn recording(path: &Path, resolution: TsResolution, frames: u64, apart: u64, length: usize) {
    let header = PcapHeader {
        ts_resolution: resolution,
        endianness: Endianness::Big,
        datalink: DataLink::ETHERNET,
        ..PcapHeader::default()
    };
    let file = File::create(path).expect("a file");
    let mut writer = PcapWriter::with_header(file, header).expect("begins");
    for number in 0..frames {
        let frame = frame(2, 1, number, length);
        let time = BEGIN + Duration::from_millis(number * apart);
        let packet = PcapPacket::new(time, length as u32, &frame);
        writer.write_packet(&packet).expect("written");
    }
}

/// Bytes of the frames of a pcapng file, one after the other.
fn bytes_in(path: &Path) -> usize {
    packets_in(path).iter().map(Vec::len).sum()
}

fn packets_in(path: &Path) -> Vec<Vec<u8>> {
    use pcap_file::pcapng::{Block, PcapNgReader};
    let Ok(mut reader) = PcapNgReader::new(File::open(path).expect("a file")) else {
        return Vec::new(); // nothing is written yet
    };
    let mut packets = Vec::new();
    while let Some(Ok(block)) = reader.next_block() {
        if let Block::EnhancedPacket(packet) = block {
            packets.push(packet.data.into_owned());
        }
    }
    packets
}

struct Files {
    dir: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Replays one file into another, until that holds so many frames.
    fn replay(&self, from: &str, options: ReplayOptions, to: &str, frames: u64, length: usize) {
        let replay = ReplayDevice::open(&self.path(from), options).expect("a recording");
        let dump = DumpDevice::create(&self.path(to)).expect("a file");
        let agent = agent(vec![("replay", Box::new(replay)), ("dump", Box::new(dump))]);
        let enough = frames as usize * length;
        eventually("all is written", || bytes_in(&self.path(to)) >= enough);
        let agent = agent.stop();
        assert_balanced(&agent);
        assert_eq!(agent.drops().total(), 0, "{:?}", agent.drops());
        assert_eq!(
            counters(&agent, "dump").sent,
            counters(&agent, "replay").received
        );
    }
}

#[test]
fn a_recording_comes_out_as_it_was_recorded() {
    let files = Files::new();
    for resolution in [TsResolution::MicroSecond, TsResolution::NanoSecond] {
        recording(&files.path("in.pcap"), resolution, 2000, 1, 300);
        files.replay("in.pcap", FAST, "out.pcapng", 2000, 300);
        // What we write we read, too.
        files.replay("out.pcapng", FAST, "again.pcapng", 2000, 300);
        let packets = packets_in(&files.path("again.pcapng"));
        assert_eq!(packets.len(), 2000);
        for (number, packet) in packets.iter().enumerate() {
            assert_eq!(*packet, frame(2, 1, number as u64, 300));
        }
    }
}

#[test]
fn a_recording_is_replayed_at_its_own_pace() {
    let files = Files::new();
    recording(
        &files.path("in.pcap"),
        TsResolution::MicroSecond,
        11,
        50,
        60,
    );
    let options = ReplayOptions::default();
    let begun = Instant::now();
    files.replay("in.pcap", options, "out.pcapng", 11, 60);
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(500), "{took:?}");
    let begun = Instant::now();
    files.replay("out.pcapng", options, "again.pcapng", 11, 60);
    let took = begun.elapsed();
    let expected = Duration::from_millis(450)..Duration::from_secs(5);
    assert!(expected.contains(&took), "by nanoseconds: {took:?}");
}

#[test]
fn a_recording_can_be_repeated() {
    let files = Files::new();
    recording(&files.path("in.pcap"), TsResolution::MicroSecond, 10, 1, 60);
    let options = ReplayOptions {
        pace: Pace::Recorded,
        repeat: true,
    };
    files.replay("in.pcap", options, "out.pcapng", 35, 60);
    let packets = packets_in(&files.path("out.pcapng"));
    assert_eq!(packets[10], frame(2, 1, 0, 60));
    assert_eq!(packets[34], frame(2, 1, 4, 60));
}

#[test]
fn a_recording_of_nothing_is_repeated_without_end_and_without_effort() {
    let files = Files::new();
    recording(&files.path("in.pcap"), TsResolution::MicroSecond, 0, 1, 60);
    let options = ReplayOptions {
        repeat: true,
        ..FAST
    };
    let replay = ReplayDevice::open(&files.path("in.pcap"), options).expect("a recording");
    let agent = turned(vec![("replay", Box::new(replay))]);
    assert_eq!(counters(&agent, "replay").received, 0);
}

#[test]
fn what_is_no_recording_is_refused_with_the_reason() {
    let files = Files::new();
    let open = |name: &str| ReplayDevice::open(&files.path(name), FAST).expect_err("none");
    assert!(matches!(open("missing"), PcapError::Os { .. }));
    assert!(matches!(open(""), PcapError::NotAFile { .. }));
    let fifo = Command::new("mkfifo").arg(files.path("fifo")).status();
    assert!(fifo.is_ok_and(|status| status.success()));
    assert!(matches!(open("fifo"), PcapError::NotAFile { .. }));
    std::fs::write(files.path("text"), "no packets in here").expect("written");
    assert!(matches!(open("text"), PcapError::Format { .. }));
    std::fs::write(files.path("empty"), "").expect("written");
    assert!(matches!(open("empty"), PcapError::Format { .. }));
    recording(&files.path("raw"), TsResolution::MicroSecond, 1, 1, 60);
    let raw = File::options().write(true).open(files.path("raw"));
    let link_type = 101_u32.to_be_bytes();
    raw.expect("there")
        .write_all_at(&link_type, 20)
        .expect("written");
    let error = open("raw");
    assert!(
        matches!(error, PcapError::NotEthernet { link_type: 101, .. }),
        "{error}"
    );
}

#[test]
fn a_recording_that_breaks_off_or_is_garbage_ends_there_and_nothing_else_does() {
    let files = Files::new();
    recording(&files.path("in.pcap"), TsResolution::MicroSecond, 20, 1, 60);
    files.replay("in.pcap", FAST, "in.pcapng", 20, 60);
    for name in ["in.pcap", "in.pcapng"] {
        let whole = std::fs::read(files.path(name)).expect("there");
        for (step, lie) in (0..whole.len()).step_by(7).zip((0..=255).cycle()) {
            let mut broken = whole.clone();
            broken[step] ^= lie;
            broken.truncate(whole.len() - step / 2);
            std::fs::write(files.path("broken"), broken).expect("written");
            let Ok(replay) = ReplayDevice::open(&files.path("broken"), FAST) else {
                continue;
            };
            let agent = turned(vec![("replay", Box::new(replay))]);
            assert!(counters(&agent, "replay").received <= 21);
        }
    }
}

#[test]
fn what_is_sent_to_a_recording_is_dropped_by_name() {
    let files = Files::new();
    for name in ["one.pcap", "other.pcap"] {
        recording(&files.path(name), TsResolution::MicroSecond, 5, 1, 60);
    }
    let open = |name| ReplayDevice::open(&files.path(name), FAST).expect("a recording");
    let dump = DumpDevice::create(&files.path("out.pcapng")).expect("a file");
    let agent = agent(vec![
        ("one", Box::new(open("one.pcap"))),
        ("other", Box::new(open("other.pcap"))),
        ("dump", Box::new(dump)),
    ]);
    let out = files.path("out.pcapng");
    eventually("ten frames", || packets_in(&out).len() == 10);
    let drops = agent.stop().drops();
    assert_eq!((drops[DropReason::DeviceRefused], drops.total()), (10, 10));
}

#[test]
fn tcpdump_reads_what_was_written() {
    let test = "tcpdump_reads_what_was_written";
    if Command::new("tcpdump").arg("--version").output().is_err() {
        return did_not_run(test, "no tcpdump here; install Debian's tcpdump");
    }
    let files = Files::new();
    recording(&files.path("in.pcap"), TsResolution::MicroSecond, 20, 1, 60);
    files.replay("in.pcap", FAST, "out.pcapng", 20, 60);
    let mut tcpdump = Command::new("tcpdump");
    let output = tcpdump
        .args(["-ne", "-r"])
        .arg(files.path("out.pcapng"))
        .output();
    let output = output.expect("tcpdump runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    let line = "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype Unknown (0x88b5), length 60";
    assert_eq!(text.matches(line).count(), 20, "{text}");
}

//! Points 17 and 19: descriptors and memory, of which there is no more than needed, and nothing left.

use memwire_tests::deadline::becomes;
use memwire_tests::holdings::Holdings;
use rustix::process::Pid;

use crate::pair::{Ends, Place, YUV422P10LE, small, video};
use crate::puppet::Puppet;

const MIB: u64 = 1 << 20;
const FULL_HD: u64 = 1920 * 1080 * 4;

/// Bytes of memory that a process has in use, shared memory included.
pub(crate) fn resident(pid: Pid) -> u64 {
    pages(pid, 1)
}

/// Bytes of addresses that a process has in use.
fn mapped(pid: Pid) -> u64 {
    pages(pid, 0)
}

fn pages(pid: Pid, field: usize) -> u64 {
    let path = format!("/proc/{}/statm", pid.as_raw_nonzero());
    let statm = std::fs::read_to_string(path).expect("a live process");
    let pages = statm
        .split(' ')
        .nth(field)
        .and_then(|n| n.parse::<u64>().ok());
    4096 * pages.expect("a number")
}

/// Sizes of the memory files that a process has open, and the bytes that they take.
fn memory_files(pid: Pid) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    let fds = std::fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero()));
    let (mut size, mut taken) = (0, 0);
    for fd in fds.expect("a live process").flatten() {
        let target = std::fs::read_link(fd.path()).unwrap_or_default();
        if !target.to_string_lossy().starts_with("/memfd:") {
            continue;
        }
        let meta = std::fs::metadata(fd.path()).expect("an open file");
        size += meta.size();
        taken += 512 * meta.blocks();
    }
    (size, taken)
}

/// It holds again what it held before.
fn holds_again(puppet: &Puppet, before: &Holdings) {
    becomes("what the puppet holds", before, || puppet.holdings());
}

#[test]
fn point_17_connections_leave_no_descriptors_mappings_or_threads() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.works(1);
        pair.tx.ask("destroy 0");
        pair.rx.ask("destroy 0");
        let before = [pair.tx.holdings(), pair.rx.holdings()];
        for round in 0..20 {
            pair.place.meet(&mut pair.tx, &mut pair.rx, 0);
            pair.works(round);
            pair.tx.ask("dequeue 0 0 1000").is("buffer");
            pair.tx.ask("poll 0 0");
            pair.rx.ask("poll 0 0");
            pair.tx.ask("destroy 0");
            pair.rx.ask("destroy 0");
        }
        holds_again(&pair.tx, &before[0]);
        holds_again(&pair.rx, &before[1]);
        assert_eq!(before[0].shared_mappings, 0);
        pair.quit();
    }
}

#[test]
fn point_17_a_connection_takes_no_more_descriptors_than_its_peer_before() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.works(1);
        pair.tx.ask("poll 0 0");
        let before = pair.tx.holdings();
        for round in 0..10 {
            pair.rx.process().kill();
            pair.tx.notices_the_end();
            pair.tx.ask("dequeue 0 0 1000").is("none").has("error", 2);
            pair.replace_receiver();
            pair.works(round);
        }
        holds_again(&pair.tx, &before);
        pair.quit();
    }
}

#[test]
fn point_17_a_create_that_fails_leaves_nothing_open() {
    for ends in Ends::roles() {
        let place = Place::new(ends, &small());
        let mut puppet = Puppet::start();
        let timed_out = format!("{} timeout=5", place.create_tx(0));
        puppet.ask(&timed_out).is("failed");
        let before = puppet.holdings();
        let refused = place.create_tx(0).replace("protocol=1", "protocol=2");
        let nowhere = timed_out.replace("path=/", "path=/nowhere/");
        for _ in 0..10 {
            for create in [&timed_out, &refused, &nowhere] {
                puppet.ask(create).is("failed");
            }
        }
        holds_again(&puppet, &before);
        puppet.quit();
    }
}

/// A program that a connection's owner starts has nothing to do with it.
#[test]
fn point_17_no_descriptor_is_passed_on_to_other_programs() {
    let (tx, rx) = (Puppet::start(), Puppet::start());
    let before = [inheritable(&tx), inheritable(&rx)];
    let mut pair = Ends::USUAL.connect_puppets(&small(), tx, rx);
    for puppet in [&mut pair.tx, &mut pair.rx] {
        puppet.ask("poll 0 0");
    }
    assert_eq!(before, [inheritable(&pair.tx), inheritable(&pair.rx)]);
    pair.quit();
}

/// Descriptors that a program it starts would get, such as the three of everybody.
fn inheritable(puppet: &Puppet) -> Vec<std::ffi::OsString> {
    let pid = puppet.pid().as_raw_nonzero();
    let fds = std::fs::read_dir(format!("/proc/{pid}/fdinfo")).expect("a live process");
    let is_inheritable = |fd: &std::fs::DirEntry| {
        let info = std::fs::read_to_string(fd.path()).unwrap_or_default();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
        let flags = flags.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok());
        flags.is_some_and(|flags| flags & 0o2_000_000 == 0)
    };
    let mut names: Vec<_> = fds
        .flatten()
        .filter(is_inheritable)
        .map(|fd| fd.file_name())
        .collect();
    names.sort();
    names
}

/// What each further connection of a process takes.
#[test]
fn point_17_many_connections_take_a_few_descriptors_each() {
    let mut pair = Ends::USUAL.connect(&small());
    pair.place.meet(&mut pair.tx, &mut pair.rx, 1);
    let before = [pair.tx.holdings().all_fds(), pair.rx.holdings().all_fds()];
    for id in 2..12 {
        pair.place.meet(&mut pair.tx, &mut pair.rx, id);
    }
    for (puppet, before) in [(&pair.tx, before[0]), (&pair.rx, before[1])] {
        let each = (puppet.holdings().all_fds() - before) / 10;
        assert!(each <= 12, "{each} for each: {:?}", puppet.holdings().fds);
    }
    pair.quit();
}

#[test]
fn point_19_a_connection_for_1080p_takes_no_more_than_140_mib_of_either_side() {
    for ends in Ends::roles() {
        let (tx, rx) = (Puppet::start(), Puppet::start());
        let before = [mapped(tx.pid()), mapped(rx.pid())];
        let mut pair = ends.connect_puppets(&video(1920, 1080, YUV422P10LE), tx, rx);
        pair.works(1);
        for (puppet, before) in [(&pair.tx, before[0]), (&pair.rx, before[1])] {
            let (size, _) = memory_files(puppet.pid());
            assert!(size <= 140 * MIB, "{} MiB of memory files", size / MIB);
            let pid = puppet.pid().as_raw_nonzero();
            let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("maps");
            let shared = shared_bytes(&maps);
            assert!(shared <= 140 * MIB, "{} MiB shared", shared / MIB);
            let grown = mapped(puppet.pid()) - before;
            assert!(
                grown <= 140 * MIB,
                "{} MiB more addresses\n{maps}",
                grown / MIB
            );
        }
        pair.quit();
    }
}

/// Bytes of shared mappings: lines such as `7f00-7f10 rw-s 00000000 00:01 1025 /memfd:name`.
fn shared_bytes(maps: &str) -> u64 {
    let bytes = |line: &str| {
        let (range, rest) = line.split_once(' ')?;
        let (from, to) = range.split_once('-')?;
        let number = |hex| u64::from_str_radix(hex, 16).ok();
        let shared = rest.get(3..4)? == "s";
        shared.then_some(number(to)?.checked_sub(number(from)?)?)
    };
    maps.lines().filter_map(bytes).sum()
}

#[test]
fn point_19_memory_is_touched_only_when_a_frame_uses_it() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&video(1920, 1080, YUV422P10LE));
        let slave = |pair: &crate::pair::Pair| match ends.tx_is_master {
            true => pair.rx.pid(),
            false => pair.tx.pid(),
        };
        let (_, taken) = memory_files(slave(&pair));
        assert!(taken <= MIB, "{taken} bytes before the first frame");
        pair.send(1, usize::try_from(FULL_HD).expect("a length"));
        pair.receive(1, usize::try_from(FULL_HD).expect("a length"));
        let (_, taken) = memory_files(slave(&pair));
        assert!(taken >= FULL_HD, "{taken} bytes with a frame in them");
        assert!(taken <= FULL_HD + 2 * MIB, "{taken} bytes after one frame");
        pair.quit();
    }
}

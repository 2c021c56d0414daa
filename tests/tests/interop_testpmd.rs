//! Against DPDK's testpmd, both roles, as it comes from Debian.
//!
//! In each test testpmd is one end and a process of our own the other. No frame
//! is lost while both sides keep up: the counters of both have to agree exactly.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::endpoint::Endpoint;
use memwire_tests::testpmd::{Forward, Plan, Role, Testpmd};
use memwire_tests::workshop;

/// One end each. Whoever listens is started first.
struct Pair {
    ours: Endpoint,
    testpmd: Testpmd,
    dir: tempfile::TempDir,
}

/// How many frames a test sends, and how they look.
#[derive(Clone, Copy, Debug)]
struct Load {
    queues: u16,
    bytes: usize,
    frames: u64,
}

const SMALL: Load = Load {
    queues: 1,
    bytes: 64,
    frames: 50_000,
};
const FULL: Load = Load {
    queues: 1,
    bytes: 1518,
    frames: 20_000,
};
const JUMBO: Load = Load {
    queues: 1,
    bytes: 9000,
    frames: 4_000,
};

const EVERY_LOAD: [Load; 6] = [
    SMALL,
    FULL,
    JUMBO,
    SMALL.four_queues(),
    FULL.four_queues(),
    JUMBO.four_queues(),
];

impl Load {
    const fn four_queues(self) -> Load {
        Load { queues: 4, ..self }
    }

    fn total_bytes(&self) -> u64 {
        self.frames * self.bytes as u64
    }

    /// As testpmd cuts a frame: it has no more room in one of its buffers.
    fn segments(&self) -> Vec<u16> {
        let mut left = u16::try_from(self.bytes).expect("a frame of at most 64 KiB");
        let mut segments = Vec::new();
        while left > 0 {
            let now = left.min(2000);
            segments.push(now);
            left -= now;
        }
        segments
    }
}

impl Pair {
    /// `None` without testpmd.
    fn new(test: &str, role: Role, forward: Forward, load: Load) -> Option<Pair> {
        let plan = Plan::new(role, forward)
            .queues(load.queues)
            .segments(&load.segments());
        let dir = workshop();
        let socket = dir.path().join("link.sock");
        let (ours, mut testpmd) = match role {
            Role::Server => {
                let testpmd = plan.start(&socket, test)?;
                (our_end("client", &socket, &plan), testpmd)
            }
            Role::Client => {
                let ours = our_end("server", &socket, &plan);
                (ours, plan.start(&socket, test)?)
            }
        };
        testpmd.wait_link(true);
        ours.hear(0, "up 0");
        Some(Pair { ours, testpmd, dir })
    }

    fn quit(self) {
        self.testpmd.quit();
        self.ours.quit();
    }
}

fn our_end(role: &str, socket: &Path, plan: &Plan) -> Endpoint {
    let queues = format!("queues={}", plan.queues);
    // What comes back may be in flight: enough for bursts, too little to fill a ring with chains.
    let window = match plan.forward {
        Forward::Echo => "window=64",
        Forward::Receive | Forward::Transmit => "window=18446744073709551615",
    };
    let options = [queues.as_str(), window];
    Endpoint::start(
        env!("CARGO_BIN_EXE_endpoint"),
        "sink",
        role,
        socket,
        &options,
    )
}

/// testpmd spins on a CPU and counts on it: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What we send comes back whole, all of it.
fn echoes(test: &str, role: Role, load: Load) {
    let Some(mut pair) = Pair::new(test, role, Forward::Echo, load) else {
        return;
    };
    pair.testpmd.start();
    pair.ours.send(load.frames, load.bytes);
    let counters = eventually("all frames come back", 6 * SOON, || {
        Some(pair.ours.counters()).filter(|c| c.rx >= load.frames)
    });
    pair.testpmd.stop();
    let stats = pair.testpmd.stats();
    assert_eq!(
        (counters.tx, counters.rx, counters.bad),
        (load.frames, load.frames, 0),
        "{load:?}"
    );
    assert_eq!(counters.rx_bytes, load.total_bytes(), "{load:?}");
    assert_eq!(
        (stats.rx_packets, stats.tx_packets),
        (load.frames, load.frames),
        "{load:?}"
    );
    pair.quit();
}

/// What we send arrives, all of it.
fn receives(test: &str, role: Role, load: Load) {
    let Some(mut pair) = Pair::new(test, role, Forward::Receive, load) else {
        return;
    };
    pair.testpmd.start();
    pair.ours.send(load.frames, load.bytes);
    let stats = pair
        .testpmd
        .count_until(6 * SOON, |s| s.rx_packets >= load.frames);
    assert_eq!(
        (stats.rx_packets, stats.rx_bytes),
        (load.frames, load.total_bytes()),
        "{load:?}"
    );
    assert_eq!(stats.rx_errors, 0, "{load:?}");
    // A DPDK server crashes when its peer leaves while it forwards.
    pair.testpmd.stop();
    pair.quit();
}

/// What testpmd says it sent we have received, all of it.
fn transmits(test: &str, role: Role, load: Load) {
    let Some(mut pair) = Pair::new(test, role, Forward::Transmit, load) else {
        return;
    };
    pair.testpmd.start();
    pair.testpmd
        .count_until(6 * SOON, |s| s.tx_packets >= load.frames);
    pair.testpmd.stop();
    all_arrived(&mut pair, load);
    pair.quit();
}

/// The same in bursts that a ring has room for: with chains, testpmd overruns a
/// ring that is nearly full.
fn transmits_in_bursts(test: &str, role: Role, load: Load) {
    let Some(mut pair) = Pair::new(test, role, Forward::Echo, load) else {
        return;
    };
    let a_round = 6 * 32 * u64::from(load.queues);
    for round in 1..=10 {
        pair.testpmd.start_with_bursts(6);
        eventually("a round of bursts arrives", SOON, || {
            (pair.ours.counters().rx >= round * a_round).then_some(())
        });
        pair.testpmd.stop();
    }
    all_arrived(&mut pair, load);
    pair.quit();
}

fn all_arrived(pair: &mut Pair, load: Load) {
    let stats = pair.testpmd.stats();
    let counters = eventually("everything sent arrives", SOON, || {
        Some(pair.ours.counters()).filter(|c| c.rx >= stats.tx_packets)
    });
    assert_eq!(counters.rx, stats.tx_packets, "{load:?}");
    assert_eq!(
        counters.rx_bytes,
        stats.tx_packets * load.bytes as u64,
        "{load:?}"
    );
}

#[test]
fn a_testpmd_server_sends_back_every_frame() {
    let _alone = alone();
    for load in EVERY_LOAD {
        echoes("a testpmd server that echoes", Role::Server, load);
    }
}

#[test]
fn a_testpmd_client_sends_back_every_frame() {
    let _alone = alone();
    for load in EVERY_LOAD {
        echoes("a testpmd client that echoes", Role::Client, load);
    }
}

#[test]
fn a_testpmd_server_receives_every_frame() {
    let _alone = alone();
    for load in EVERY_LOAD {
        receives("a testpmd server that receives", Role::Server, load);
    }
}

#[test]
fn a_testpmd_client_receives_every_frame() {
    let _alone = alone();
    for load in EVERY_LOAD {
        receives("a testpmd client that receives", Role::Client, load);
    }
}

#[test]
fn every_frame_of_a_testpmd_server_arrives() {
    let _alone = alone();
    for load in [SMALL, FULL, SMALL.four_queues(), FULL.four_queues()] {
        transmits("a testpmd server that transmits", Role::Server, load);
    }
    for load in [JUMBO, JUMBO.four_queues()] {
        transmits_in_bursts("a testpmd server that transmits chains", Role::Server, load);
    }
}

#[test]
fn every_frame_of_a_testpmd_client_arrives() {
    let _alone = alone();
    for load in [SMALL, FULL, SMALL.four_queues(), FULL.four_queues()] {
        transmits("a testpmd client that transmits", Role::Client, load);
    }
    for load in [JUMBO, JUMBO.four_queues()] {
        transmits_in_bursts("a testpmd client that transmits chains", Role::Client, load);
    }
}

#[test]
fn small_frames_stay_small_after_jumbo_ones() {
    let _alone = alone();
    let test = "a testpmd that reuses descriptors";
    for role in [Role::Server, Role::Client] {
        let Some(mut pair) = Pair::new(test, role, Forward::Echo, JUMBO) else {
            return;
        };
        pair.testpmd.start();
        pair.ours.send(2000, 9000);
        eventually("jumbo frames come back", SOON, || {
            (pair.ours.counters().rx == 2000).then_some(())
        });
        pair.ours.send(2000, 64);
        let counters = eventually("small frames come back", SOON, || {
            Some(pair.ours.counters()).filter(|c| c.rx >= 4000)
        });
        assert_eq!((counters.rx, counters.bad), (4000, 0));
        assert_eq!(counters.rx_bytes, 2000 * (9000 + 64));
        pair.quit();
    }
}

/// With chains, testpmd does not look whether the ring has room for all of one.
fn overruns(test: &str, role: Role) {
    let Some(mut pair) = Pair::new(test, role, Forward::Transmit, JUMBO) else {
        return;
    };
    pair.testpmd.start();
    pair.testpmd
        .count_until(6 * SOON, |s| s.tx_packets >= 100_000);
    pair.testpmd.stop();
    assert!(pair.ours.counters().rx > 0);
    // Once it keeps to the ring again, every frame arrives again.
    let before = settled(&mut pair);
    pair.testpmd.start_with_bursts_of("64");
    eventually("what is sent after the overrun arrives", SOON, || {
        (pair.ours.counters().rx >= before + 6 * 32).then_some(())
    });
    pair.testpmd.stop();
    assert!(!pair.ours.has_said("down 0"), "the link stayed");
    pair.quit();
}

/// Frames received, once no more come.
fn settled(pair: &mut Pair) -> u64 {
    let mut last = 0;
    eventually("nothing is left in the ring", SOON, || {
        std::thread::sleep(Duration::from_millis(100));
        let now = pair.ours.counters().rx;
        (std::mem::replace(&mut last, now) == now).then_some(now)
    })
}

#[test]
fn a_testpmd_client_that_overruns_its_ring_stays_connected() {
    let _alone = alone();
    overruns("a testpmd client that overruns its ring", Role::Client);
}

#[test]
fn a_testpmd_server_that_overruns_its_ring_stays_connected() {
    let _alone = alone();
    overruns("a testpmd server that overruns its ring", Role::Server);
}

#[test]
fn a_testpmd_client_killed_in_mid_stream_may_come_back() {
    let _alone = alone();
    let test = "a testpmd client that is killed";
    let Some(mut pair) = Pair::new(test, Role::Client, Forward::Transmit, SMALL) else {
        return;
    };
    let plan = Plan::new(Role::Client, Forward::Transmit);
    let mut before = None;
    for _ in 0..3 {
        pair.testpmd.start();
        pair.testpmd.count_until(SOON, |s| s.tx_packets > 10_000);
        before.get_or_insert_with(|| pair.ours.holdings());
        let mark = pair.ours.mark();
        pair.testpmd.process().kill();
        pair.ours.hear(mark, "down 0 dirty");
        let again = plan.start(&pair.dir.path().join("link.sock"), test);
        pair.testpmd = again.expect("it was there a moment ago");
        pair.ours.hear(mark, "up 0");
    }
    pair.testpmd.start();
    pair.testpmd.count_until(SOON, |s| s.tx_packets > 10_000);
    pair.ours.holds_again(&before.expect("three rounds"));
    pair.quit();
}

#[test]
fn a_testpmd_server_killed_in_mid_stream_is_found_again() {
    let _alone = alone();
    let test = "a testpmd server that is killed";
    let Some(mut pair) = Pair::new(test, Role::Server, Forward::Transmit, SMALL) else {
        return;
    };
    let plan = Plan::new(Role::Server, Forward::Transmit);
    let socket = pair.dir.path().join("link.sock");
    let mut before = None;
    for _ in 0..3 {
        pair.testpmd.start();
        pair.testpmd.count_until(SOON, |s| s.tx_packets > 10_000);
        before.get_or_insert_with(|| pair.ours.holdings());
        let mark = pair.ours.mark();
        pair.testpmd.process().kill();
        pair.ours.hear(mark, "down 0 dirty");
        // A DPDK server does not take over the file that a dead one left.
        std::fs::remove_file(&socket).expect("the dead server's socket");
        let again = plan.start(&socket, test);
        pair.testpmd = again.expect("it was there a moment ago");
        pair.ours.hear(mark, "up 0");
    }
    pair.testpmd.start();
    pair.testpmd.count_until(SOON, |s| s.tx_packets > 10_000);
    pair.ours.holds_again(&before.expect("three rounds"));
    pair.quit();
}

#[test]
fn a_process_of_ours_killed_in_mid_stream_leaves_nothing_in_the_way() {
    let _alone = alone();
    let test = "a testpmd server whose client is killed";
    let Some(mut pair) = Pair::new(test, Role::Server, Forward::Echo, SMALL) else {
        return;
    };
    let plan = Plan::new(Role::Server, Forward::Echo);
    pair.testpmd.start();
    pair.ours.send(1_000_000, 64);
    eventually("frames flow", SOON, || {
        (pair.ours.counters().rx > 1000).then_some(())
    });
    // A DPDK server crashes when its peer leaves under traffic: stopped first.
    pair.testpmd.stop();
    pair.ours.process().kill();
    pair.testpmd.wait_link(false);
    pair.ours = our_end("client", &pair.dir.path().join("link.sock"), &plan);
    pair.testpmd.wait_link(true);
    pair.testpmd.start();
    pair.ours.send(1000, 64);
    eventually("frames flow again", SOON, || {
        (pair.ours.counters().rx == 1000).then_some(())
    });
    pair.quit();
}

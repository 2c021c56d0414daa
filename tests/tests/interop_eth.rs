//! `memwire eth` against DPDK's testpmd, both roles, as a network engineer would run them.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use memwire_tests::built::memwire;
use memwire_tests::deadline::SOON;
use memwire_tests::process::Running;
use memwire_tests::testpmd::{Forward, Plan, Role, Testpmd};
use memwire_tests::workshop;
use rustix::process::Signal;
use serde_json::Value;

/// `memwire eth` with one command, at one end of a link.
struct Eth(Running);

/// One end each. Whoever listens is started first.
struct Pair {
    eth: Eth,
    testpmd: Testpmd,
    dir: tempfile::TempDir,
}

impl Eth {
    fn start(words: &[&str], role: Role, socket: &Path) -> Eth {
        let ours = match role {
            Role::Server => "client",
            Role::Client => "server",
        };
        let mut command = memwire();
        command
            .arg("eth")
            .args(words)
            .arg(socket)
            .args(["--role", ours, "--json"]);
        Eth(Running::start("memwire eth", &mut command))
    }

    /// Waits until it says who is at the other end.
    fn is_connected(&self, mark: usize) {
        self.0.hear(mark, SOON, "connection", |line| {
            line.contains("DPDK").then_some(())
        });
    }

    /// Waits until it says that the link ended: then it has taken everything.
    fn is_left(&self) {
        let ended = |line: &str| line.contains("link ended").then_some(());
        self.0.hear(0, SOON, "end of the link", ended);
    }

    /// Ctrl-C; its last word.
    fn interrupted(mut self) -> Value {
        self.0.signal(Signal::INT);
        self.ended()
    }

    /// Waits for its end; its last word.
    fn ended(&mut self) -> Value {
        let status = self.0.exit(6 * SOON);
        assert!(status.success(), "{status}\n{}", self.0.transcript());
        self.0.hear(0, SOON, "last word", |line| {
            line.starts_with('{')
                .then(|| serde_json::from_str(line).expect("an object"))
        })
    }
}

impl Pair {
    /// `None` without testpmd.
    fn new(test: &str, words: &[&str], plan: &Plan) -> Option<Pair> {
        let dir = workshop();
        let socket = dir.path().join("m.sock");
        let queues = plan.queues.to_string();
        let words = [words, &["--queues", &queues]].concat();
        let (eth, mut testpmd) = match plan.role {
            Role::Server => {
                let testpmd = plan.start(&socket, test)?;
                (Eth::start(&words, plan.role, &socket), testpmd)
            }
            Role::Client => {
                let eth = Eth::start(&words, plan.role, &socket);
                memwire_tests::deadline::eventually("it listens", SOON, || {
                    socket.exists().then_some(())
                });
                (eth, plan.start(&socket, test)?)
            }
        };
        testpmd.wait_link(true);
        eth.is_connected(0);
        Some(Pair { eth, testpmd, dir })
    }
}

/// Every way for testpmd to be.
fn every_plan(forward: Forward) -> impl Iterator<Item = Plan> {
    let roles = [Role::Server, Role::Client].into_iter();
    roles.flat_map(move |role| [1, 4].map(|queues| Plan::new(role, forward).queues(queues)))
}

/// testpmd spins on a CPU and counts on it: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn what_gen_says_it_delivered_testpmd_has_received() {
    let _alone = alone();
    for plan in every_plan(Forward::Receive) {
        // What is undelivered is counted in buffers; a frame of 9000 bytes takes five.
        for (size, buffers) in [("64", 1), ("imix", 1), ("9000", 5)] {
            let words = ["gen", "--size", size];
            let Some(mut pair) = Pair::new("eth gen to testpmd", &words, &plan) else {
                return;
            };
            pair.testpmd.start();
            pair.testpmd.count_until(SOON, |s| s.rx_packets > 5000);
            // Stopped first: a DPDK server crashes when its peer leaves while it forwards.
            pair.testpmd.stop();
            let stats = pair.testpmd.stats();
            let last = pair.eth.interrupted();
            let count = |name: &str| last[name].as_u64().expect("a counter");
            let delivered = count("frames") - count("undelivered").div_ceil(buffers);
            assert!(delivered >= stats.rx_packets, "{plan:?} {size} {last}");
            let on_the_way = u64::from(plan.queues) * 32;
            assert!(
                delivered - stats.rx_packets <= on_the_way,
                "{plan:?} {size} {last} {stats:?}"
            );
            pair.testpmd.quit();
        }
    }
}

#[test]
fn what_testpmd_sent_sink_has_received() {
    let _alone = alone();
    for plan in every_plan(Forward::Transmit) {
        for size in [64, 1518] {
            let plan = plan.clone().segments(&[size]);
            let Some(mut pair) = Pair::new("testpmd to eth sink", &["sink"], &plan) else {
                return;
            };
            pair.testpmd.start();
            pair.testpmd.count_until(SOON, |s| s.tx_packets > 20_000);
            pair.testpmd.stop();
            let stats = pair.testpmd.stats();
            pair.testpmd.quit();
            pair.eth.is_left();
            let last = pair.eth.interrupted();
            assert_eq!(last["frames"], stats.tx_packets, "{plan:?} {last}");
            assert_eq!(last["lengths"]["shortest"], size, "{plan:?} {last}");
            assert_eq!(last["lengths"]["longest"], size, "{plan:?} {last}");
        }
    }
}

#[test]
fn frames_bounce_between_echo_and_testpmd_without_loss() {
    let _alone = alone();
    for plan in every_plan(Forward::Echo) {
        for size in [64, 1518] {
            let plan = plan.clone().segments(&[size]);
            let test = "eth echo and testpmd";
            let Some(mut pair) = Pair::new(test, &["echo"], &plan) else {
                return;
            };
            pair.testpmd.start_with_bursts(1);
            pair.testpmd.count_until(SOON, |s| s.rx_packets > 20_000);
            pair.testpmd.stop();
            let stats = pair.testpmd.stats();
            let bouncing = u64::from(plan.queues) * 32;
            assert!(
                stats.tx_packets - stats.rx_packets <= bouncing,
                "{plan:?} {stats:?}"
            );
            pair.testpmd.quit();
            pair.eth.is_left();
            let last = pair.eth.interrupted();
            assert_eq!(last["received"], stats.tx_packets, "{plan:?} {last}");
            // What bounced last finds testpmd stopped, or gone; nothing else is dropped.
            let sent_back = last["frames"].as_u64().expect("frames");
            let dropped = |reason: &str| last["drops"][reason].as_u64().unwrap_or(0);
            let too_late = dropped("no_peer") + dropped("no_room");
            assert_eq!(sent_back + too_late, stats.tx_packets, "{plan:?} {last}");
            assert!(too_late <= bouncing, "{plan:?} {last}");
        }
    }
}

#[test]
fn gen_counts_what_testpmd_sends_back() {
    let _alone = alone();
    for plan in every_plan(Forward::Echo) {
        for size in ["64", "imix", "9000"] {
            let words = ["gen", "--size", size, "--rate", "4000", "--count", "4000"];
            let Some(mut pair) = Pair::new("eth gen and back", &words, &plan) else {
                return;
            };
            pair.testpmd.start();
            let last = pair.eth.ended();
            assert_eq!(last["frames"], 4000, "{plan:?} {last}");
            assert_eq!(last["returned"]["lost"], 0, "{plan:?} {last}");
            // Not asked to end: a DPDK server crashes when its peer leaves while it forwards.
            drop(pair);
        }
    }
}

#[test]
fn sink_outlives_a_killed_testpmd() {
    let _alone = alone();
    let test = "eth sink and testpmds that are killed";
    let plan = Plan::new(Role::Client, Forward::Transmit);
    let Some(mut pair) = Pair::new(test, &["sink"], &plan) else {
        return;
    };
    for _ in 0..3 {
        pair.testpmd.start();
        pair.testpmd.count_until(SOON, |s| s.tx_packets > 10_000);
        let mark = pair.eth.0.mark();
        pair.testpmd.process().kill();
        let again = plan.start(&pair.dir.path().join("m.sock"), test);
        pair.testpmd = again.expect("it was there a moment ago");
        pair.eth.is_connected(mark);
    }
    let last = pair.eth.interrupted();
    assert_eq!(last["connections"], 4, "{last}");
    pair.testpmd.quit();
}

//! Against somebody else's libmemif, named by `MEMWIRE_LIBMEMIF=/path/to/libmemif.so`.
//!
//! Without it these tests say that they did not run. Both roles, polling and
//! interrupts, one queue and four, small frames and chains.

use std::path::Path;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::endpoint::Endpoint;
use memwire_tests::libmemif::{LibmemifPeer, Plan, Task};
use memwire_tests::testpmd::Role;
use memwire_tests::workshop;

/// Frames in each direction of each exchange.
const FRAMES: u64 = 5_000;

/// One end each. Whoever listens is started first.
struct Pair {
    ours: Endpoint,
    theirs: LibmemifPeer,
    dir: tempfile::TempDir,
}

impl Pair {
    /// `None` without a library.
    fn new(test: &str, plan: Plan, ours: &[&str]) -> Option<Pair> {
        let dir = workshop();
        let socket = dir.path().join("link.sock");
        let (ours, theirs) = match plan.role {
            Role::Server => {
                let theirs = plan.start(&socket, test)?;
                (our_end("client", &socket, &plan, ours), theirs)
            }
            Role::Client => {
                let ours = our_end("server", &socket, &plan, ours);
                (ours, plan.start(&socket, test)?)
            }
        };
        theirs.wait_up();
        ours.hear(0, "up 0");
        Some(Pair { ours, theirs, dir })
    }

    fn quit(self) {
        self.theirs.quit();
        self.ours.quit();
    }
}

fn our_end(role: &str, socket: &Path, plan: &Plan, more: &[&str]) -> Endpoint {
    let queues = format!("queues={}", plan.queues);
    let options = [&[queues.as_str()], more].concat();
    Endpoint::start(
        env!("CARGO_BIN_EXE_endpoint"),
        "sink",
        role,
        socket,
        &options,
    )
}

/// Every way for them and for us to be.
fn every_plan(task: Task) -> impl Iterator<Item = Plan> {
    let roles = [Role::Server, Role::Client].into_iter();
    roles.flat_map(move |role| {
        let plan = Plan::new(role, task);
        let four = plan.queues(4);
        [plan, four, plan.interrupts(), four.interrupts()]
    })
}

#[test]
fn frames_arrive_whole_in_both_directions() {
    for plan in every_plan(Task::Sink) {
        for wait in ["wait=poll", "wait=interrupt", "wait=adaptive"] {
            let test = "frames to and from libmemif";
            let Some(mut pair) = Pair::new(test, plan, &[wait]) else {
                return;
            };
            let mut frames = 0;
            for bytes in [64, 1518, 9000] {
                frames += FRAMES;
                pair.ours.send(FRAMES, usize::from(bytes));
                pair.theirs.send(FRAMES, bytes);
                eventually("all frames arrive", 6 * SOON, || {
                    let done = pair.theirs.counters().rx >= frames;
                    (done && pair.ours.counters().rx >= frames).then_some(())
                });
            }
            let (ours, theirs) = (pair.ours.counters(), pair.theirs.counters());
            assert_eq!((ours.rx, ours.bad), (frames, 0), "{plan:?} {wait}");
            assert_eq!((theirs.rx, theirs.bad), (frames, 0), "{plan:?} {wait}");
            assert_eq!(ours.rx_bytes, theirs.tx_bytes, "{plan:?} {wait}");
            assert_eq!(theirs.rx_bytes, ours.tx_bytes, "{plan:?} {wait}");
            pair.quit();
        }
    }
}

#[test]
fn what_libmemif_sends_back_is_what_it_got() {
    for plan in every_plan(Task::Echo) {
        for bytes in [64, 1518, 9000] {
            let test = "an echo from libmemif";
            let Some(mut pair) = Pair::new(test, plan, &["window=64"]) else {
                return;
            };
            pair.ours.send(FRAMES, bytes);
            let counters = eventually("all frames come back", 6 * SOON, || {
                Some(pair.ours.counters()).filter(|c| c.rx >= FRAMES)
            });
            assert_eq!((counters.rx, counters.bad), (FRAMES, 0), "{plan:?} {bytes}");
            pair.quit();
        }
    }
}

#[test]
fn a_killed_libmemif_may_come_back() {
    for role in [Role::Server, Role::Client] {
        let plan = Plan::new(role, Task::Sink);
        let test = "a libmemif that is killed";
        let Some(mut pair) = Pair::new(test, plan, &[]) else {
            return;
        };
        let socket = pair.dir.path().join("link.sock");
        let before = pair.ours.holdings();
        for _ in 0..5 {
            pair.theirs.send(10_000_000, 64);
            pair.ours.send(10_000_000, 64);
            eventually("frames flow", SOON, || {
                (pair.ours.counters().rx > 1000).then_some(())
            });
            let mark = pair.ours.mark();
            pair.theirs.process().kill();
            pair.ours.hear(mark, "down 0 dirty");
            if role == Role::Server {
                // libmemif does not take over the file that a dead server left.
                std::fs::remove_file(&socket).expect("the dead server's socket");
            }
            pair.theirs = plan
                .start(&socket, test)
                .expect("it was there a moment ago");
            pair.ours.hear(mark, "up 0");
        }
        pair.ours.holds_again(&before);
        pair.quit();
    }
}

#[test]
fn a_libmemif_that_closes_is_not_waited_for() {
    for role in [Role::Server, Role::Client] {
        let plan = Plan::new(role, Task::Sink);
        let test = "a libmemif that closes";
        let Some(pair) = Pair::new(test, plan, &[]) else {
            return;
        };
        let mark = pair.ours.mark();
        pair.theirs.quit();
        pair.ours.hear(mark, "down 0");
        pair.ours.quit();
    }
}

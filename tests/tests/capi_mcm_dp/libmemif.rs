//! Against somebody else's libmemif, named by `MEMWIRE_LIBMEMIF=/path/to/libmemif.so`.
//!
//! With 16 slots of W x H x 4 bytes, as the original has them. Without the library these tests say that
//! they did not run.

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::libmemif::{LibmemifPeer, Plan, Task};
use memwire_tests::testpmd::Role;

use crate::pair::{Ends, Place, YUV422P10LE, video};
use crate::puppet::Puppet;

const WIDTH: u32 = 128;
const HEIGHT: u32 = 64;
const FRAME: u16 = 32_768;
const FRAMES: u64 = 2_000;

/// Both roles, polling and asleep until rung.
fn every_plan() -> impl Iterator<Item = Plan> {
    let roles = [Role::Server, Role::Client].into_iter();
    roles.flat_map(|role| {
        let plan = Plan {
            log2_slots: 4,
            buffer_size: FRAME,
            ..Plan::new(role, Task::Sink)
        };
        [plan, plan.interrupts()]
    })
}

/// Our end, which sends or receives, and theirs. `None` without a library.
fn connect(plan: &Plan, direction: u8, test: &str) -> Option<(Puppet, LibmemifPeer, Place)> {
    let we_listen = plan.role == Role::Client;
    let ends = Ends {
        tx_is_master: we_listen == (direction == 0),
        ..Ends::USUAL
    };
    let place = Place::new(ends, &video(WIDTH, HEIGHT, YUV422P10LE));
    let mut ours = Puppet::start();
    let theirs_first = match we_listen {
        true => None,
        false => Some(plan.start(&place.socket(), test)?),
    };
    ours.begin(&match direction {
        0 => place.create_tx(0),
        _ => place.create_rx(0),
    });
    let theirs = match theirs_first {
        Some(theirs) => theirs,
        None => {
            eventually("it listens", SOON, || place.socket().exists().then_some(()));
            plan.start(&place.socket(), test)?
        }
    };
    theirs.wait_up();
    ours.answer().is("made").has("frame_size", FRAME.into());
    Some((ours, theirs, place))
}

#[test]
fn frames_to_libmemif_arrive_whole() {
    for plan in every_plan() {
        let test = "frames from libmcm_dp to libmemif";
        let Some((mut ours, mut theirs, _place)) = connect(&plan, 0, test) else {
            return;
        };
        let mut expected = (0, 0);
        for len in [u64::from(FRAME), 1000, 22] {
            let sent = ours.ask(&format!("send 0 {FRAMES} {len} 0 {}", expected.0));
            sent.is("sent")
                .has("n", i64::try_from(FRAMES).expect("a count"));
            expected = (expected.0 + FRAMES, expected.1 + FRAMES * len);
        }
        let counters = eventually("all frames arrive", 3 * SOON, || {
            Some(theirs.counters()).filter(|counters| counters.rx >= expected.0)
        });
        assert_eq!((counters.rx, counters.bad), (expected.0, 0), "{plan:?}");
        assert_eq!(counters.rx_bytes, expected.1, "{plan:?}");
        theirs.quit();
        ours.quit();
    }
}

#[test]
fn frames_from_libmemif_arrive_whole() {
    for plan in every_plan() {
        let test = "frames from libmemif to libmcm_dp";
        let Some((mut ours, mut theirs, _place)) = connect(&plan, 1, test) else {
            return;
        };
        let mut first = 0;
        for len in [FRAME, 1000, 22] {
            ours.begin(&format!("receive 0 {FRAMES} 5000 0 {first}"));
            theirs.send(FRAMES, len);
            let got = ours.answer().is("received");
            let got = got.has("n", i64::try_from(FRAMES).expect("a count"));
            let bytes = i64::try_from(FRAMES).expect("a count") * i64::from(len);
            got.has("bad", 0).has("bytes", bytes);
            first += FRAMES;
        }
        theirs.quit();
        ours.quit();
    }
}

#[test]
fn a_libmemif_that_dies_is_noticed_and_may_come_back() {
    for plan in every_plan() {
        let test = "a libmemif that dies and libmcm_dp";
        let Some((mut ours, mut theirs, place)) = connect(&plan, 0, test) else {
            return;
        };
        theirs.process().kill();
        ours.notices_the_end();
        if plan.role == Role::Server {
            // libmemif does not take over the file that a dead server left.
            std::fs::remove_file(place.socket()).expect("the dead server's socket");
        }
        let again = ours.ask("dequeue 0 0 0");
        again.is("none").has("error", 2);
        ours.begin("dequeue 0 0 -1");
        let mut theirs = plan.start(&place.socket(), test).expect("it was there");
        theirs.wait_up();
        ours.answer().is("buffer");
        ours.ask(&format!("fill 0 {FRAME} 3"));
        ours.ask("enqueue 0 0").has("code", 0);
        eventually("the frame arrives", SOON, || {
            (theirs.counters().rx == 1).then_some(())
        });
        assert_eq!(theirs.counters().bad, 0);
        theirs.quit();
        ours.quit();
    }
}

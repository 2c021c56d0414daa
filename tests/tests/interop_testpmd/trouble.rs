//! Rings that are overrun, and processes that are killed.

use std::time::Duration;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::testpmd::{Forward, Plan, Role};

use crate::pair::{JUMBO, Pair, SMALL, alone, our_end};

/// Slots of its rings, and frames it sends when told to start with bursts.
const SLOTS: u64 = 1024;
const BURSTS: u64 = 6 * 32;

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
    // It leaves chains it gave up in slots it did not publish, and reuses their NEXT flags: small frames come merged until
    // each slot of the ring was used once. Then every frame arrives again.
    for _ in 0..SLOTS.div_ceil(BURSTS) {
        let before = settled(&mut pair);
        pair.testpmd.start_with_bursts_of("64");
        eventually("frames arrive again", SOON, || {
            (pair.ours.counters().rx > before).then_some(())
        });
        pair.testpmd.stop();
    }
    let before = settled(&mut pair);
    pair.testpmd.start_with_bursts_of("64");
    eventually("every frame arrives again", SOON, || {
        (pair.ours.counters().rx >= before + BURSTS).then_some(())
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

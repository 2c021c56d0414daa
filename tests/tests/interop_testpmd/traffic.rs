//! Frames in both directions, in every size, over one queue and four.

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::testpmd::{Forward, Role};

use crate::pair::{EVERY_LOAD, FULL, JUMBO, Load, Pair, SMALL, alone};

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

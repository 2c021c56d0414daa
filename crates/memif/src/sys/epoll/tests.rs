//! What a wait reports, and how long it takes.

use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{ClockId, clock_gettime};

use super::super::{Bell, SeqPacket, harness};
use super::*;

const LONG: Option<Duration> = Some(Duration::from_secs(10));
const NO_TIME: Option<Duration> = Some(Duration::ZERO);

fn tokens(epoll: &Epoll, timeout: Option<Duration>) -> Vec<u64> {
    let mut ready = Ready::new();
    let any = epoll.wait(&mut ready, timeout).expect("wait");
    let mut tokens: Vec<u64> = ready.tokens().collect();
    tokens.sort_unstable();
    assert_eq!(any, !tokens.is_empty());
    tokens
}

fn watching(bells: &[Bell], trigger: Trigger) -> Epoll {
    let epoll = Epoll::new().expect("epoll");
    for (token, bell) in (0..).zip(bells) {
        epoll.add(bell, token, trigger).expect("add");
    }
    epoll
}

fn bells(count: usize) -> Vec<Bell> {
    (0..count).map(|_| Bell::new().expect("bell")).collect()
}

#[test]
fn a_wait_reports_the_tokens_of_what_is_ready() {
    let bells = bells(3);
    let epoll = watching(&bells, Trigger::Level);
    assert!(tokens(&epoll, NO_TIME).is_empty());
    bells[0].ring().expect("ring");
    bells[2].ring().expect("ring");
    assert_eq!(tokens(&epoll, LONG), [0, 2]);
    epoll.remove(&bells[0]).expect("remove");
    assert_eq!(tokens(&epoll, None), [2]);
}

#[test]
fn level_reports_until_cleared_and_edge_once_per_ring() {
    let bells = bells(1);
    let level = watching(&bells, Trigger::Level);
    let edge = watching(&bells, Trigger::Edge);
    for _ in 0..2 {
        bells[0].ring().expect("ring");
        assert_eq!(tokens(&level, LONG), [0]);
        assert_eq!(tokens(&level, LONG), [0]);
        assert_eq!(tokens(&edge, LONG), [0]);
        assert!(tokens(&edge, NO_TIME).is_empty());
    }
    bells[0].clear().expect("clear");
    assert!(tokens(&level, NO_TIME).is_empty());
}

#[test]
fn more_than_one_batch_is_reported_by_several_waits() {
    let bells = bells(BATCH + 4);
    for trigger in [Trigger::Level, Trigger::Edge] {
        let epoll = watching(&bells, trigger);
        bells.iter().for_each(|bell| bell.ring().expect("ring"));
        let mut seen = tokens(&epoll, LONG);
        seen.extend(tokens(&epoll, LONG));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), bells.len(), "{trigger:?}");
    }
}

#[test]
fn a_peer_that_leaves_is_reported() {
    let (ours, theirs) = SeqPacket::pair();
    let epoll = Epoll::new().expect("epoll");
    epoll.add(&ours, 7, Trigger::Level).expect("add");
    assert!(tokens(&epoll, NO_TIME).is_empty());
    drop(theirs);
    assert_eq!(tokens(&epoll, LONG), [7]);
}

#[test]
fn a_timeout_is_kept_to_well_below_a_millisecond() {
    let epoll = Epoll::new().expect("epoll");
    for asked in [Duration::from_micros(250), Duration::from_micros(2250)] {
        let late = (0..50).map(|_| {
            let start = now();
            assert!(tokens(&epoll, Some(asked)).is_empty());
            (now() - start).checked_sub(asked).expect("not early")
        });
        // The best of many: the others are what a busy machine adds.
        assert!(late.min() < Some(Duration::from_micros(500)), "{asked:?}");
    }
}

#[test]
fn a_short_wait_sleeps_and_does_not_spin() {
    let epoll = Epoll::new().expect("epoll");
    let asked = Duration::from_micros(900);
    let worked = || clock_gettime(ClockId::ThreadCPUTime);
    let start = worked();
    for _ in 0..20 {
        assert!(tokens(&epoll, Some(asked)).is_empty());
    }
    let worked = Duration::try_from(worked() - start).expect("forward");
    assert!(worked < asked * 20 / 2, "{worked:?}");
}

/// A process that is stopped and continued finds its sleeps interrupted, even those that no
/// handler of a signal interrupts.
#[test]
fn signals_neither_end_nor_lengthen_a_wait() {
    let name = "signals_neither_end_nor_lengthen_a_wait";
    let Some(mut child) = harness::again(module_path!(), name) else {
        let asked = Duration::from_micros(400_500);
        let start = now();
        let epoll = watching(&bells(1), Trigger::Level);
        assert!(tokens(&epoll, Some(asked)).is_empty());
        let waited = now() - start;
        assert!(
            waited >= asked && waited < Duration::from_secs(3),
            "{waited:?}"
        );
        return;
    };
    let pid = Pid::from_child(&child);
    let end = now() + Duration::from_secs(5);
    while now() < end && child.try_wait().expect("wait").is_none() {
        kill_process(pid, Signal::STOP).expect("stop");
        kill_process(pid, Signal::CONT).expect("continue");
        std::thread::sleep(Duration::from_millis(5));
    }
    harness::passes(child);
}

//! Peers that say nothing, or little, or are simply too many.

use std::time::{Duration, Instant};

use memif::testing::{RawClient, Setup, Step, Wire};
use memwire_tests::deadline::{SOON, eventually};
use rustix::process::{Resource, Rlimit, getrlimit, prlimit, setrlimit};

use crate::victim::{ATTACKED, ServerVictim, echo};

#[test]
fn a_silent_client_is_sent_away_at_the_deadline() {
    let victim = ServerVictim::with(&["handshake_ms=300"]);
    for step in [Step::Hello, Step::Init, Step::Regions, Step::Rings] {
        let liar = victim.liar(step);
        victim.refuses(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_connected_client_may_stay_silent_for_ever() {
    let victim = ServerVictim::with(&["handshake_ms=300"]);
    let mut client = victim.liar(Step::Up);
    let silence = client.receive(Duration::from_millis(900));
    assert_eq!(silence.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    echo(&mut client, 1, 64);
    drop(client);
    victim.proves_unharmed();
}

#[test]
fn a_client_that_spells_its_handshake_slowly_is_sent_away() {
    let victim = ServerVictim::with(&["handshake_ms=1500"]);
    let mut liar = RawClient::connect(victim.socket(), Setup::new(ATTACKED)).expect("it listens");
    let start = Instant::now();
    // Each message comes in good time; together they take too long.
    let steps = [Step::Hello, Step::Init, Step::Regions, Step::Rings];
    let cut = steps.into_iter().find_map(|step| {
        std::thread::sleep(Duration::from_millis(600));
        liar.advance(step).err()
    });
    assert!(cut.is_some(), "still welcome after {:?}", start.elapsed());
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn a_thousand_half_open_connections_keep_nobody_out() {
    allow_files(4096);
    let victim = ServerVictim::new();
    let crowd: Vec<Wire> = (0..1000)
        .map(|_| Wire::connect(victim.socket()).expect("the victim accepts"))
        .collect();
    let start = Instant::now();
    let mut honest = RawClient::up(victim.socket(), Setup::new(ATTACKED)).expect("served");
    echo(&mut honest, 1, 64);
    assert!(start.elapsed() < SOON / 2, "took {:?}", start.elapsed());
    drop(honest);
    drop(crowd);
    victim.proves_unharmed();
}

#[test]
fn a_thousand_connections_that_come_and_go_leave_nothing() {
    let victim = ServerVictim::new();
    for _ in 0..1000 {
        drop(Wire::connect(victim.socket()).expect("the victim accepts"));
    }
    victim.proves_unharmed();
}

#[test]
fn a_victim_without_descriptors_to_spare_recovers() {
    let mut victim = ServerVictim::with(&["handshake_ms=500"]);
    let held = victim.endpoint.holdings().all_fds() as u64;
    let few = Rlimit {
        current: Some(held + 10),
        maximum: Some(held + 10),
    };
    let pid = victim.endpoint.process().pid();
    prlimit(Some(pid), Resource::Nofile, few).expect("a child may be limited");
    let crowd: Vec<Wire> = (0..60)
        .filter_map(|_| Wire::connect(victim.socket()).ok())
        .collect();
    eventually("the victim runs out of descriptors", SOON, || {
        (victim.endpoint.holdings().all_fds() as u64 >= held + 8).then_some(())
    });
    drop(crowd);
    victim.proves_unharmed();
}

#[test]
fn a_hundred_links_one_after_another_leave_nothing() {
    let victim = ServerVictim::new();
    for number in 0..100 {
        let mut client = victim.liar(Step::Up);
        echo(&mut client, number, 300);
        victim.is_left_by(client);
    }
    victim.proves_unharmed();
}

/// Lets this process have so many descriptors, if it may.
fn allow_files(count: u64) {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(count).min(count);
    let raised = Rlimit {
        current: Some(most.max(limit.current.unwrap_or(0))),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).expect("within the hard limit");
}

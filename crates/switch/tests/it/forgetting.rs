//! What the table does not keep: what is too old, more than a cap allows, or flushed.

use core::time::Duration;

use switch::{Entry, Flush, Learned, Mac, NtiSet, Refusal, Settings};

use crate::net::{ALICE, BOB, CAROL, EVERYBODY, Frame, Net, nti};

#[test]
fn an_address_counts_for_300_seconds_after_it_was_last_seen() {
    let mut net = Net::new();
    let [a, b, c] = net.ports();
    net.hear(&Frame::new(a, ALICE, EVERYBODY));
    net.wait(299);
    let again = net.send(&Frame::new(a, ALICE, EVERYBODY)).unwrap();
    assert_eq!(again.learned, Learned::Refreshed);
    net.wait(299);
    assert_eq!(net.reached(&Frame::new(b, BOB, ALICE)), Ok(vec![a]));
    net.wait(1);
    assert_eq!(net.reached(&Frame::new(b, BOB, ALICE)), Ok(vec![a, c]));
}

#[test]
fn ageing_goes_round_the_table_in_steps_and_removes_each_address_once() {
    let mut net = Net::with(Settings {
        capacity: 100,
        ..Settings::default()
    });
    let [a, _] = net.ports();
    for host in 0..100 {
        let source = Mac([2, 0, 0, 0, 0, host]);
        net.hear(&Frame::new(a, source, EVERYBODY));
    }
    assert_eq!(net.switch.age(net.now, 1000), 0);
    net.wait(300);
    let steps: Vec<usize> = (0..100).map(|_| net.switch.age(net.now, 10)).collect();
    assert!(steps.iter().all(|aged| *aged <= 10), "{steps:?}");
    assert_eq!(steps.iter().sum::<usize>(), 100);
    let statistics = net.switch.statistics();
    assert_eq!((statistics.aged, statistics.entries), (100, 0));
    assert_eq!(net.switch.addresses_behind(a), 0);
}

#[test]
fn an_address_that_comes_back_too_late_is_new_again() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    net.hear(&Frame::new(a, ALICE, EVERYBODY));
    net.wait(300);
    let back = net.send(&Frame::new(b, ALICE, EVERYBODY)).unwrap();
    assert_eq!(back.learned, Learned::New);
    let statistics = net.switch.statistics();
    assert_eq!(
        (statistics.learned, statistics.aged, statistics.moved),
        (2, 1, 0)
    );
}

#[test]
fn an_ageing_of_zero_makes_a_hub() {
    let mut net = Net::new();
    let [a, b, c] = net.ports();
    let ageing = Duration::ZERO;
    net.switch.change_settings(Settings {
        ageing,
        ..Settings::default()
    });
    net.hear(&Frame::new(a, ALICE, EVERYBODY));
    assert_eq!(net.reached(&Frame::new(b, BOB, ALICE)), Ok(vec![a, c]));
}

#[test]
fn a_port_at_its_cap_teaches_nothing_new_and_still_sends() {
    let mut net = Net::new();
    let a = net.port(1, |policy| policy.learn_cap = 1);
    let b = net.port(2, |_| ());
    net.hear(&Frame::new(a, ALICE, EVERYBODY));
    net.hear(&Frame::new(b, BOB, EVERYBODY));
    for source in [CAROL, BOB] {
        let verdict = net.send(&Frame::new(a, source, EVERYBODY)).unwrap();
        assert_eq!(verdict.learned, Learned::Refused(Refusal::PortCap));
        assert_eq!(verdict.to, [b].into_iter().collect());
    }
    assert_eq!(net.reached(&Frame::new(a, ALICE, BOB)), Ok(vec![b]));
    assert_eq!(net.switch.statistics().refused_by_port_cap, 2);
}

#[test]
fn a_full_table_takes_no_address_in_and_keeps_those_it_has() {
    let mut net = Net::with(Settings {
        capacity: 1,
        ..Settings::default()
    });
    let [a, b, c] = net.ports();
    net.hear(&Frame::new(a, ALICE, EVERYBODY));
    let refused = net.send(&Frame::new(b, BOB, ALICE)).unwrap();
    assert_eq!(refused.learned, Learned::Refused(Refusal::Capacity));
    assert_eq!(refused.to, [a].into_iter().collect());
    assert_eq!(net.reached(&Frame::new(a, ALICE, BOB)), Ok(vec![b, c]));
    assert_eq!(net.switch.statistics().refused_by_capacity, 1);
}

#[test]
fn another_capacity_loses_no_address() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    net.hear(&Frame::new(a, ALICE, EVERYBODY));
    net.hear(&Frame::new(b, BOB, EVERYBODY));
    for capacity in [1, 1000, 0] {
        let settings = Settings {
            capacity,
            ..Settings::default()
        };
        net.switch.change_settings(settings);
        assert_eq!(net.switch.settings(), settings);
        assert_eq!(net.reached(&Frame::new(a, ALICE, BOB)), Ok(vec![b]));
        assert_eq!(net.known(), 2);
    }
}

#[test]
fn the_table_lists_what_it_knows_with_its_age() {
    let mut net = Net::new();
    let [a, _] = net.ports();
    net.hear(&Frame::new(a, ALICE, EVERYBODY).vlan(9));
    net.wait(12);
    let entry = Entry {
        nti: nti(4095),
        vlan: 9,
        mac: ALICE,
        port: a,
        age: Duration::from_secs(12),
    };
    assert_eq!(net.switch.entries(net.now).collect::<Vec<_>>(), [entry]);
}

#[test]
fn a_flush_forgets_what_it_names_and_nothing_else() {
    let filled = || {
        let mut net = Net::new();
        let both: NtiSet = [nti(1), nti(4095)].into_iter().collect();
        let [a, b] = [1, 2].map(|did| net.port(did, |policy| policy.ntis = both));
        net.hear(&Frame::new(a, ALICE, EVERYBODY));
        net.hear(&Frame::new(a, BOB, EVERYBODY));
        net.hear(&Frame::new(b, ALICE, EVERYBODY).nti(1));
        net.hear(&Frame::new(b, CAROL, EVERYBODY));
        (net, a, b)
    };
    let (_, _, b) = filled();
    for (what, flushed) in [
        (Flush::All, 4),
        (Flush::Port(b), 2),
        (Flush::Nti(nti(1)), 1),
        (Flush::Mac(ALICE), 2),
        (Flush::Mac(Mac::ZERO), 0),
    ] {
        let (mut net, ..) = filled();
        assert_eq!(net.switch.flush(what), flushed, "{what:?}");
        assert_eq!(net.known(), 4 - flushed, "{what:?}");
        assert_eq!(net.switch.statistics().flushed, flushed as u64);
    }
}

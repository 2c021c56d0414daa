//! A switch that goes on with what another one knew.

use core::time::Duration;

use switch::{Entry, Learned, Mac, NtiSet, PortId, Refusal, Settings};

use crate::net::{ALICE, BOB, EVERYBODY, Frame, Net, nti};

/// All that one knows is given to the other, whose ports have the same numbers.
fn pass_on(from: &Net, to: &mut Net) {
    for entry in from.switch.entries(from.now) {
        to.switch.restore(entry, to.now).expect("room");
    }
    to.switch.restore_statistics(from.switch.statistics());
}

fn entry(port: PortId, mac: Mac) -> Entry {
    Entry {
        nti: nti(4095),
        vlan: 0,
        mac,
        port,
        age: Duration::ZERO,
    }
}

#[test]
fn addresses_are_found_and_age_as_they_would_have() {
    let (mut old, mut new) = (Net::new(), Net::new());
    let [a, b, c] = old.ports();
    new.ports::<3>();
    old.hear(&Frame::new(a, ALICE, EVERYBODY));
    old.wait(100);
    old.hear(&Frame::new(b, BOB, EVERYBODY));
    new.now = old.now;
    pass_on(&old, &mut new);
    assert_eq!(new.switch.statistics(), old.switch.statistics());
    assert_eq!(new.reached(&Frame::new(c, Mac([2; 6]), ALICE)), Ok(vec![a]));
    new.wait(199);
    assert_eq!(new.reached(&Frame::new(b, BOB, ALICE)), Ok(vec![a]));
    new.wait(1);
    assert_eq!(new.reached(&Frame::new(b, BOB, ALICE)), Ok(vec![a, c]));
    assert_eq!(new.reached(&Frame::new(a, ALICE, BOB)), Ok(vec![b]));
}

#[test]
fn what_was_learned_meanwhile_counts_more() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    net.hear(&Frame::new(b, ALICE, EVERYBODY));
    net.switch.restore(entry(a, ALICE), net.now).expect("known");
    let again = net.send(&Frame::new(b, ALICE, EVERYBODY)).unwrap();
    assert_eq!(again.learned, Learned::Refreshed);
    assert_eq!(net.switch.statistics().learned, 1);
}

#[test]
fn what_no_frame_could_have_taught_is_refused() {
    let mut net = Net::with(Settings {
        capacity: 2,
        ..Settings::default()
    });
    let mut other = Net::new();
    let [_, _, _, beyond] = other.ports();
    let here = net.port(1, |policy| policy.learn_cap = 1);
    let there = net.port(2, |policy| policy.ntis = NtiSet::only(nti(4095)));
    let restore = |net: &mut Net, entry| net.switch.restore(entry, net.now);
    let refused = Err(Refusal::NotAHost);
    assert_eq!(restore(&mut net, entry(beyond, ALICE)), refused);
    assert_eq!(restore(&mut net, entry(here, EVERYBODY)), refused);
    assert_eq!(restore(&mut net, entry(here, Mac::ZERO)), refused);
    let elsewhere = Entry {
        nti: nti(7),
        ..entry(there, ALICE)
    };
    assert_eq!(restore(&mut net, elsewhere), refused);
    assert_eq!(restore(&mut net, entry(here, ALICE)), Ok(()));
    let host = |last| Mac([2, 2, 2, 2, 2, last]);
    assert_eq!(
        restore(&mut net, entry(here, host(1))),
        Err(Refusal::PortCap)
    );
    assert_eq!(restore(&mut net, entry(there, host(2))), Ok(()));
    assert_eq!(
        restore(&mut net, entry(there, host(3))),
        Err(Refusal::Capacity)
    );
    assert_eq!(net.switch.statistics().entries, 2);
}

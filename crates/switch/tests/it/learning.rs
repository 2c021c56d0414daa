//! Frames that are looked up: what they teach the table, and where they go.

use switch::{
    Did, DropReason, Flags, Learned, MAX_PORTS, Mac, Misuse, NtiSet, Policy, Refusal, Tier,
};

use crate::net::{ALICE, BOB, CAROL, EVERYBODY, Frame, Net, nti};

#[test]
fn an_unknown_destination_is_flooded_and_a_known_one_is_not() {
    let mut net = Net::new();
    let [a, b, c] = net.ports();
    let flooded = net.send(&Frame::new(a, ALICE, BOB)).unwrap();
    assert_eq!(flooded.to, [b, c].into_iter().collect());
    assert_eq!(flooded.stamp.flags, Flags::LOOKUP_FAILED);
    assert_eq!(flooded.learned, Learned::New);

    let answer = net.send(&Frame::new(b, BOB, ALICE)).unwrap();
    assert_eq!(answer.to, [a].into_iter().collect());
    assert_eq!(answer.stamp.flags, Flags::empty());
}

#[test]
fn what_is_for_a_group_is_flooded_without_a_look_up() {
    let mut net = Net::new();
    let [a, b, c] = net.ports();
    for group in [EVERYBODY, Mac([1, 0, 0x5E, 0, 0, 1])] {
        let verdict = net.send(&Frame::new(a, ALICE, group)).unwrap();
        assert_eq!(verdict.to, [b, c].into_iter().collect());
        assert_eq!(verdict.stamp.flags, Flags::MULTICAST);
    }
}

#[test]
fn the_stamp_says_who_sent_the_frame_and_in_which_domain_and_tier() {
    let mut net = Net::new();
    let a = net.port(77, |policy| policy.default_nti = nti(4095));
    net.port(78, |_| ());
    let mut frame = Frame::new(a, ALICE, EVERYBODY);
    frame.tier = Tier::MAX;
    let stamp = net.send(&frame).unwrap().stamp;
    assert_eq!((stamp.did, stamp.sid), (Did::new(77).unwrap(), stamp.did));
    assert_eq!((stamp.nti, stamp.tier), (nti(4095), Tier::MAX));
    assert_eq!(stamp.endpoint, None);
}

#[test]
fn a_destination_behind_the_sending_port_is_a_hairpin() {
    let mut net = Net::new();
    let [a, _] = net.ports();
    net.hear(&Frame::new(a, ALICE, EVERYBODY));
    let hairpin = net.send(&Frame::new(a, BOB, ALICE));
    assert_eq!(hairpin, Err(DropReason::Hairpin));
    assert_eq!(net.known(), 2, "the sender was learned all the same");
}

#[test]
fn a_flood_with_nobody_else_in_the_domain_is_a_drop() {
    let mut net = Net::new();
    let [alone] = net.ports();
    let alone = net.reached(&Frame::new(alone, ALICE, EVERYBODY));
    assert_eq!(alone, Err(DropReason::NoOtherPort));
}

#[test]
fn the_same_address_in_another_domain_or_vlan_is_another_host() {
    let mut net = Net::new();
    let both: NtiSet = [nti(1), nti(2)].into_iter().collect();
    let [a, b, c] = [1, 2, 3].map(|did| {
        net.port(did, |policy| {
            policy.ntis = both;
            policy.default_nti = nti(1);
        })
    });
    for (port, frame) in [
        (a, Frame::new(a, ALICE, EVERYBODY).nti(1)),
        (b, Frame::new(b, ALICE, EVERYBODY).nti(2)),
        (c, Frame::new(c, ALICE, EVERYBODY).nti(2).vlan(5)),
    ] {
        let verdict = net.send(&frame).unwrap();
        assert_eq!((verdict.learned, frame.port), (Learned::New, port));
    }
    assert_eq!(net.reached(&Frame::new(b, BOB, ALICE)), Ok(vec![a]));
    assert_eq!(net.reached(&Frame::new(a, BOB, ALICE).nti(2)), Ok(vec![b]));
    let tagged = Frame::new(a, BOB, ALICE).nti(2).vlan(5);
    assert_eq!(net.reached(&tagged), Ok(vec![c]));
}

#[test]
fn a_host_that_moves_is_followed() {
    let mut net = Net::new();
    let [a, b, c] = net.ports();
    net.hear(&Frame::new(a, ALICE, EVERYBODY));
    let moved = net.send(&Frame::new(b, ALICE, EVERYBODY)).unwrap();
    assert_eq!(moved.learned, Learned::Moved { from: a });
    assert_eq!(net.reached(&Frame::new(c, CAROL, ALICE)), Ok(vec![b]));
    assert_eq!(net.switch.statistics().moved, 1);
    let behind = [a, b].map(|port| net.switch.addresses_behind(port));
    assert_eq!(behind, [0, 1]);
}

#[test]
fn no_host_is_a_group_or_zero_but_its_frames_are_forwarded() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    for source in [EVERYBODY, Mac([1, 2, 3, 4, 5, 6]), Mac::ZERO] {
        let verdict = net.send(&Frame::new(a, source, BOB)).unwrap();
        assert_eq!(verdict.learned, Learned::Refused(Refusal::NotAHost));
        assert_eq!(verdict.to, [b].into_iter().collect());
    }
    assert_eq!(net.known(), 0);
}

#[test]
fn there_are_as_many_ports_as_a_set_holds() {
    let mut net = Net::new();
    for number in 0..MAX_PORTS {
        net.port(u16::try_from(number).unwrap(), |_| ());
    }
    let surplus = net.switch.add_port(Policy::new(Did::MAX));
    assert_eq!(surplus, Err(Misuse::TooManyPorts));
    let (first, _) = net.switch.ports().next().unwrap();
    let reached = net.reached(&Frame::new(first, ALICE, EVERYBODY)).unwrap();
    assert_eq!(reached.len(), MAX_PORTS - 1);
}

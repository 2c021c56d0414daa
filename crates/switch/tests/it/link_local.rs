//! Link-local groups: for whoever speaks the protocol here, and for nobody beyond.

use switch::{DropReason, Mac, NtiSet};

use crate::net::{ALICE, Frame, Net, endpoint, nti, sep};

const LACP: (u8, u16) = (0x2, 0x8809);
const STP: (u8, u16) = (0x0, 0x0026);
const LLDP: (u8, u16) = (0xE, 0x88CC);

fn group(number: u8) -> Mac {
    Mac([0x01, 0x80, 0xC2, 0, 0, number])
}

#[test]
fn without_a_service_for_them_they_go_nowhere_by_that_name() {
    let mut net = Net::new();
    let [a, _] = net.ports();
    for number in 0..16 {
        let sent = net.reached(&Frame::new(a, ALICE, group(number)));
        assert_eq!(sent, Err(DropReason::LinkLocal), "{number:x}");
    }
    assert_eq!(net.known(), 1, "their sender is learned all the same");
}

#[test]
fn neighbours_of_the_link_local_groups_are_groups_like_others() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    for other in [
        Mac([0x01, 0x80, 0xC2, 0, 0, 0x10]),
        Mac([0x01, 0x80, 0xC2, 0, 1, 0]),
        Mac([0x01, 0x80, 0xC3, 0, 0, 0]),
        Mac([0x01, 0, 0x5E, 0, 0, 1]),
    ] {
        assert_eq!(
            net.reached(&Frame::new(a, ALICE, other)),
            Ok(vec![b]),
            "{other}"
        );
    }
}

#[test]
fn each_protocol_reaches_all_owners_of_its_service_and_nobody_else() {
    let mut net = Net::new();
    let [a, _] = net.ports();
    for (svc, (number, ethertype)) in [(1, LACP), (3, STP), (4, LLDP)] {
        let own = |member| endpoint(svc, member);
        let one = net.port(10 + svc * 2, |policy| policy.services = vec![own(0)]);
        let other = net.port(11 + svc * 2, |policy| policy.services = vec![own(5)]);
        let frame = Frame::new(a, ALICE, group(number)).ethertype(ethertype);
        assert_eq!(net.reached(&frame), Ok(vec![one, other]), "service {svc}");
        let from_owner = Frame { port: one, ..frame };
        assert_eq!(net.reached(&from_owner), Ok(vec![other]), "service {svc}");
    }
    let ptp = Frame::new(a, ALICE, group(0xE)).ethertype(0x88F7);
    assert_eq!(net.reached(&ptp), Err(DropReason::LinkLocal));
    let marker_elsewhere = Frame::new(a, ALICE, group(0x3)).ethertype(0x8809);
    assert_eq!(net.reached(&marker_elsewhere), Err(DropReason::LinkLocal));
}

#[test]
fn an_owner_in_another_domain_or_beyond_isolation_does_not_get_them() {
    let mut net = Net::new();
    let a = net.port(1, |policy| policy.isolated = true);
    net.port(2, |policy| {
        policy.services = vec![endpoint(4, 0)];
        policy.default_nti = nti(7);
        policy.ntis = NtiSet::only(nti(7));
    });
    net.port(3, |policy| {
        policy.services = vec![endpoint(4, 1)];
        policy.isolated = true;
    });
    let lldp = Frame::new(a, ALICE, group(LLDP.0)).ethertype(LLDP.1);
    assert_eq!(net.reached(&lldp), Err(DropReason::LinkLocal));
}

#[test]
fn groups_that_are_to_be_flooded_are_groups_like_others() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    let owner = net.port(9, |policy| policy.services = vec![endpoint(4, 0)]);
    net.switch.flood_link_local(1 << 14 | 1);
    for number in [0, 14] {
        let frame = Frame::new(a, ALICE, group(number)).ethertype(LLDP.1);
        assert_eq!(net.reached(&frame), Ok(vec![b, owner]));
    }
    assert_eq!(
        net.reached(&Frame::new(a, ALICE, group(1))),
        Err(DropReason::LinkLocal)
    );
}

#[test]
fn a_directed_one_goes_where_it_is_directed() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    let sent = Frame::new(a, ALICE, group(0xE)).to(2, 0, sep(0));
    assert_eq!(net.reached(&sent), Ok(vec![b]));
}

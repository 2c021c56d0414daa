//! What a port's policy allows, and policies that change while frames flow.

use switch::{DropReason, Learned, Misuse, NtiSet, Policy, PortSet, Refusal, Role, Sep};

use crate::net::{ALICE, BOB, CAROL, EVERYBODY, Frame, Net, did, endpoint, nti, sep, svc};

#[test]
fn a_port_sends_only_into_domains_it_is_allowed() {
    let mut net = Net::new();
    let [a, _] = net.ports();
    let frame = Frame::new(a, ALICE, EVERYBODY);
    assert!(net.send(&frame.clone().nti(4095)).is_ok());
    let stranger = net.send(&frame.nti(7));
    assert_eq!(stranger, Err(DropReason::NtiNotAllowed));
    assert_eq!(net.known(), 1);
}

#[test]
fn an_nti_of_0_means_the_ports_default() {
    let mut net = Net::new();
    let seven = |policy: &mut Policy| {
        policy.ntis = NtiSet::only(nti(7));
        policy.default_nti = nti(7);
    };
    let a = net.port(1, seven);
    let b = net.port(2, seven);
    net.port(3, |_| ());
    let verdict = net.send(&Frame::new(a, ALICE, BOB).nti(0)).unwrap();
    assert_eq!((verdict.to, verdict.stamp.nti), (PortSet::only(b), nti(7)));
}

#[test]
fn a_flood_stays_in_its_domain_and_includes_the_uplink() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    let trunk = net.port(3, |policy| {
        policy.role = Role::Uplink;
        policy.ntis = NtiSet::all();
    });
    net.port(4, |policy| {
        policy.ntis = NtiSet::only(nti(7));
        policy.default_nti = nti(7);
    });
    let reached = net.reached(&Frame::new(a, ALICE, EVERYBODY));
    assert_eq!(reached, Ok(vec![b, trunk]));
}

#[test]
fn isolated_ports_meet_only_those_that_are_not() {
    let mut net = Net::new();
    let [a, b] = [1, 2].map(|did| net.port(did, |policy| policy.isolated = true));
    let open = net.port(3, |_| ());
    assert_eq!(
        net.reached(&Frame::new(a, ALICE, EVERYBODY)),
        Ok(vec![open])
    );
    assert_eq!(
        net.reached(&Frame::new(open, BOB, EVERYBODY)),
        Ok(vec![a, b])
    );
    assert_eq!(
        net.reached(&Frame::new(b, BOB, ALICE)),
        Err(DropReason::Isolated)
    );
    let directed = Frame::new(b, BOB, ALICE).to(1, 0, sep(0));
    assert_eq!(net.reached(&directed), Err(DropReason::Isolated));
    net.change(b, |policy| policy.isolated = false);
    assert_eq!(net.reached(&Frame::new(b, BOB, ALICE)), Ok(vec![a]));
}

#[test]
fn an_mtu_bounds_the_payload_whatever_the_tags() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    let small = net.port(3, |policy| policy.mtu = 576);
    let all = Ok(vec![b, small]);
    let frame = Frame::new(a, ALICE, EVERYBODY);
    assert_eq!(net.reached(&frame.clone().length(590)), all);
    assert_eq!(net.reached(&frame.clone().vlan(3).length(594)), all);
    let verdict = net.send(&frame.clone().length(591)).unwrap();
    assert_eq!(verdict.to, PortSet::only(b));
    assert_eq!(verdict.too_long, PortSet::only(small));
    let giant = net.send(&frame.length(9000)).unwrap();
    assert!(giant.to.is_empty());
    assert_eq!(giant.too_long, [b, small].into_iter().collect());
}

#[test]
fn another_policy_keeps_the_addresses_of_the_domains_that_stay() {
    let mut net = Net::new();
    let [a, b] = [1, 2].map(|did| net.port(did, |policy| policy.ntis = NtiSet::all()));
    net.hear(&Frame::new(b, BOB, EVERYBODY).nti(7));
    net.hear(&Frame::new(b, BOB, EVERYBODY).nti(4095));
    net.change(b, |policy| {
        policy.ntis = NtiSet::default();
        policy.mtu = 9000;
        policy.did = did(22);
    });
    let known: Vec<_> = net.switch.entries(net.now).map(|entry| entry.nti).collect();
    assert_eq!(known, [nti(4095)]);
    assert_eq!(net.reached(&Frame::new(a, ALICE, BOB)), Ok(vec![b]));
    let ports = [2, 22].map(|number| net.switch.port_by_did(did(number)));
    assert_eq!(ports, [None, Some(b)]);
}

#[test]
fn a_lower_cap_forgets_nothing_and_lets_nothing_in() {
    let mut net = Net::new();
    let [a, _] = net.ports();
    net.hear(&Frame::new(a, ALICE, EVERYBODY));
    net.hear(&Frame::new(a, BOB, EVERYBODY));
    net.change(a, |policy| policy.learn_cap = 1);
    assert_eq!(net.known(), 2);
    let refused = net.send(&Frame::new(a, CAROL, EVERYBODY)).unwrap();
    assert_eq!(refused.learned, Learned::Refused(Refusal::PortCap));
    assert_eq!(net.known(), 2);
}

#[test]
fn a_port_that_goes_takes_its_addresses_and_its_services_with_it() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    net.change(b, |policy| policy.services = vec![endpoint(10, 0)]);
    net.hear(&Frame::new(b, BOB, EVERYBODY));
    assert_eq!(net.switch.free_sep(svc(10)), Some(sep(1)));
    net.switch.remove_port(b).unwrap();
    assert_eq!(net.known(), 0);
    assert_eq!(net.switch.free_sep(svc(10)), Some(sep(0)));
    assert_eq!(net.switch.policy(b), None);
    let gone = net.send(&Frame::new(b, BOB, EVERYBODY));
    assert_eq!(gone, Err(DropReason::PortGone));
    let again = net.switch.remove_port(b);
    assert_eq!(again, Err(Misuse::NoSuchPort { port: b }));
    let numbers: Vec<_> = net.switch.ports().map(|(port, _)| port).collect();
    assert_eq!(numbers, [a]);
}

#[test]
fn a_policy_in_conflict_changes_nothing() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    net.change(a, |policy| policy.services = vec![endpoint(10, 0)]);
    let old = net.switch.policy(b).unwrap().clone();
    let refusal = |net: &mut Net, adjust: fn(&mut Policy)| {
        let mut policy = net.switch.policy(b).unwrap().clone();
        adjust(&mut policy);
        net.switch.replace_policy(b, policy).unwrap_err()
    };
    let taken = refusal(&mut net, |policy| policy.did = did(1));
    assert_eq!(taken, Misuse::DidTaken { did: did(1), by: a });
    let nowhere = refusal(&mut net, |policy| policy.ntis = NtiSet::EMPTY);
    assert_eq!(nowhere, Misuse::DefaultNti { nti: nti(4095) });
    let offered = refusal(&mut net, |policy| policy.services = vec![endpoint(10, 0)]);
    let endpoint_taken = Misuse::EndpointTaken {
        endpoint: endpoint(10, 0),
        by: a,
    };
    assert_eq!(offered, endpoint_taken);
    let twice = refusal(&mut net, |policy| policy.services = vec![endpoint(8, 1); 2]);
    assert_eq!(
        twice,
        Misuse::OfferedTwice {
            endpoint: endpoint(8, 1)
        }
    );
    let any = refusal(&mut net, |policy| {
        policy.services = vec![endpoint(8, Sep::ANY.raw())]
    });
    assert_eq!(
        any,
        Misuse::SepNotFixed {
            endpoint: endpoint(8, 15)
        }
    );
    assert_eq!(net.switch.policy(b), Some(&old));
    assert_eq!(net.switch.port_by_did(did(2)), Some(b));
}

//! Frames that their descriptors direct: dids, aliases, services and their members.

use switch::{Alias, DropReason, Flags, Learned, Misuse, Role, Sep};

use crate::net::{ALICE, BOB, EVERYBODY, Frame, Net, did, endpoint, nti, sep, svc};

/// A client port with one membership.
fn client(net: &mut Net, number: u16, service: u16, member: u8) -> switch::PortId {
    net.port(number, |policy| {
        policy.services = vec![endpoint(service, member)];
    })
}

#[test]
fn a_directed_frame_goes_to_the_member_it_names_and_teaches_nothing() {
    let mut net = Net::new();
    let from = client(&mut net, 1, 9, 0);
    let to = client(&mut net, 2, 10, 3);
    let frame = Frame::new(from, ALICE, EVERYBODY).to(2, 10, sep(3));
    let verdict = net.send(&frame).unwrap();
    assert_eq!(verdict.to, [to].into_iter().collect());
    assert_eq!(verdict.stamp.endpoint, Some(endpoint(10, 3)));
    assert_eq!(verdict.stamp.did, did(1));
    assert_eq!(verdict.stamp.flags, Flags::DIRECTED | Flags::MULTICAST);
    assert_eq!((verdict.learned, net.known()), (Learned::No, 0));
}

#[test]
fn a_stamp_without_a_service_gets_that_of_the_port_it_is_delivered_to() {
    let mut net = Net::new();
    let from = client(&mut net, 1, 9, 0);
    client(&mut net, 2, 10, 3);
    let plain = net.send(&Frame::new(from, ALICE, EVERYBODY)).unwrap();
    let own = endpoint(10, 3);
    assert_eq!(plain.stamp.delivered_to(own), own);
    let directed = Frame::new(from, ALICE, BOB).to(2, 10, Sep::ANY);
    let directed = net.send(&directed).unwrap();
    assert_eq!(directed.stamp.delivered_to(endpoint(1, 1)), own);
}

#[test]
fn what_is_directed_to_an_uplink_goes_out_whatever_its_service() {
    let mut net = Net::new();
    let from = client(&mut net, 1, 9, 0);
    let uplink = net.port(2, |policy| policy.role = Role::Uplink);
    let frame = Frame::new(from, ALICE, BOB).to(2, 1234, Sep::ANY);
    let verdict = net.send(&frame).unwrap();
    assert_eq!(verdict.to, [uplink].into_iter().collect());
    assert_eq!(verdict.stamp.endpoint, Some(endpoint(1234, 15)));
}

#[test]
fn what_is_directed_to_a_port_without_services_arrives_there() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    let frame = Frame::new(a, ALICE, BOB).to(2, 10, sep(0));
    assert_eq!(net.reached(&frame), Ok(vec![b]));
}

#[test]
fn each_direction_that_leads_nowhere_has_its_own_reason() {
    let mut net = Net::new();
    let from = client(&mut net, 1, 9, 0);
    client(&mut net, 2, 10, 3);
    client(&mut net, 3, 10, 4);
    net.port(4, |policy| {
        policy.default_nti = nti(7);
        policy.ntis = [nti(7)].into_iter().collect();
    });
    let frame = Frame::new(from, ALICE, BOB);
    for (did, service, member, reason) in [
        (99, 10, 3, DropReason::UnknownDid),
        (2, 11, 3, DropReason::NoSuchService),
        (2, 10, 4, DropReason::NoSuchMember),
        (1, 9, 0, DropReason::Hairpin),
        (1, 9, 15, DropReason::Hairpin),
        (4, 0, 0, DropReason::NtiNotAtDestination),
    ] {
        let directed = frame.clone().to(did, service, sep(member));
        assert_eq!(net.send(&directed), Err(reason), "did {did}");
    }
}

#[test]
fn an_alias_that_learns_makes_a_directed_frame_an_ordinary_one() {
    let mut net = Net::new();
    let [a, b, c] = net.ports();
    net.switch.set_alias(did(4), Alias::Learn).unwrap();
    let verdict = net.send(&Frame::new(a, ALICE, BOB).to(4, 10, sep(0)).nti(4095));
    let verdict = verdict.unwrap();
    assert_eq!(verdict.to, [b, c].into_iter().collect());
    assert_eq!(verdict.stamp.flags, Flags::LOOKUP_FAILED);
    assert_eq!(verdict.learned, Learned::New);
    let answer = Frame::new(b, BOB, ALICE).to(4, 10, sep(0));
    assert_eq!(net.reached(&answer), Ok(vec![a]));
}

#[test]
fn an_alias_for_a_port_is_like_the_ports_own_did() {
    let mut net = Net::new();
    let from = client(&mut net, 1, 9, 0);
    let to = client(&mut net, 2, 10, 3);
    net.switch.set_alias(did(4), Alias::Port(to)).unwrap();
    let frame = Frame::new(from, ALICE, BOB);
    let named = frame.clone().to(4, 10, sep(3));
    assert_eq!(net.reached(&named), Ok(vec![to]));
    let other = frame.to(4, 9, sep(0));
    assert_eq!(net.reached(&other), Err(DropReason::NoSuchService));
}

#[test]
fn an_alias_for_services_finds_their_owners_on_any_port() {
    let mut net = Net::new();
    let from = client(&mut net, 1, 9, 0);
    let one = client(&mut net, 2, 10, 0);
    let two = client(&mut net, 3, 11, 1);
    net.switch.set_alias(did(40), Alias::Owners).unwrap();
    let service = Alias::Service(svc(11));
    net.switch.set_alias(did(41), service).unwrap();
    let frame = Frame::new(from, ALICE, BOB);
    for (number, service, member, to) in [(40, 10, 0, one), (40, 11, 1, two), (41, 10, 1, two)] {
        let directed = frame.clone().to(number, service, sep(member));
        assert_eq!(net.reached(&directed), Ok(vec![to]));
    }
}

#[test]
fn without_a_fixed_member_flows_spread_and_each_stays_with_its_member() {
    let mut net = Net::new();
    let from = client(&mut net, 1, 10, 0);
    let members = [1, 2, 3].map(|member| client(&mut net, 10 + u16::from(member), 10, member));
    net.switch.set_alias(did(4), Alias::Owners).unwrap();
    let mut frames = [0; 3];
    for flow in 0..300 {
        let frame = Frame::new(from, ALICE, BOB).to(4, 10, Sep::ANY).udp(flow);
        let reached = net.reached(&frame).unwrap();
        assert_eq!(net.reached(&frame), Ok(reached.clone()), "flow {flow}");
        let member = members.iter().position(|one| *one == reached[0]);
        frames[member.expect("a member, and not the sender")] += 1;
    }
    assert!(frames.iter().all(|one| *one > 60), "{frames:?}");
}

#[test]
fn a_flow_chooses_only_among_members_it_can_reach() {
    let mut net = Net::new();
    let from = client(&mut net, 1, 9, 0);
    net.change(from, |policy| policy.isolated = true);
    let isolated = client(&mut net, 2, 10, 0);
    net.change(isolated, |policy| policy.isolated = true);
    net.switch.set_alias(did(4), Alias::Owners).unwrap();
    let frame = |flow| Frame::new(from, ALICE, BOB).to(4, 10, Sep::ANY).udp(flow);
    assert_eq!(net.reached(&frame(0)), Err(DropReason::Isolated));
    let open = client(&mut net, 3, 10, 1);
    for flow in 0..100 {
        assert_eq!(net.reached(&frame(flow)), Ok(vec![open]));
    }
}

#[test]
fn a_did_is_a_port_or_an_alias() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    let taken = net.switch.set_alias(did(1), Alias::Learn);
    let is_taken = Misuse::DidTaken { did: did(1), by: a };
    assert_eq!(taken, Err(is_taken));
    net.switch.set_alias(did(4), Alias::Learn).unwrap();
    net.switch.set_alias(did(4), Alias::Port(b)).unwrap();
    assert_eq!(
        net.switch.aliases().collect::<Vec<_>>(),
        [(did(4), Alias::Port(b))]
    );
    let alias = net.switch.add_port(switch::Policy::new(did(4)));
    assert_eq!(alias, Err(Misuse::DidIsAlias { did: did(4) }));
    assert_eq!(net.switch.remove_alias(did(4)), Some(Alias::Port(b)));
    assert_eq!(net.switch.remove_alias(did(1)), None);
    assert_eq!(net.switch.port_by_did(did(1)), Some(a));
}

#[test]
fn the_alias_for_a_port_goes_with_it() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    net.switch.set_alias(did(4), Alias::Port(b)).unwrap();
    net.switch.remove_port(b).unwrap();
    let gone = net.switch.set_alias(did(5), Alias::Port(b));
    assert_eq!(gone, Err(Misuse::NoSuchPort { port: b }));
    net.port(3, |_| ());
    let frame = Frame::new(a, ALICE, BOB).to(4, 10, sep(0));
    assert_eq!(net.send(&frame), Err(DropReason::UnknownDid));
}

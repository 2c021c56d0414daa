//! Mirror ports: copies of what others send and receive.

use switch::{DropReason, Misuse, PortSet, Role, Watch};

use crate::net::{ALICE, BOB, EVERYBODY, Frame, Net, endpoint, sep};

#[test]
fn a_mirror_of_everything_gets_a_copy_of_every_forwarded_frame() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    let mirror = net.port(9, |policy| policy.role = Role::Mirror(Watch::Everything));
    let flood = Frame::new(a, ALICE, EVERYBODY);
    assert_eq!(net.reached(&flood), Ok(vec![b, mirror]));
    let unicast = Frame::new(b, BOB, ALICE);
    assert_eq!(net.reached(&unicast), Ok(vec![a, mirror]));
    let directed = Frame::new(a, ALICE, BOB).to(2, 0, sep(0));
    assert_eq!(net.reached(&directed), Ok(vec![b, mirror]));
    let hairpin = Frame::new(b, ALICE, BOB);
    assert_eq!(net.reached(&hairpin), Err(DropReason::Hairpin));
}

#[test]
fn a_mirror_of_some_ports_sees_what_they_send_and_receive() {
    let mut net = Net::new();
    let [a, b, c] = net.ports();
    let role = Role::Mirror(Watch::Ports(PortSet::only(b)));
    let mirror = net.port(9, |policy| policy.role = role);
    let directed = |from, did| Frame::new(from, ALICE, BOB).to(did, 0, sep(0));
    assert_eq!(net.reached(&directed(a, 2)), Ok(vec![b, mirror]));
    assert_eq!(net.reached(&directed(b, 3)), Ok(vec![c, mirror]));
    assert_eq!(net.reached(&directed(a, 3)), Ok(vec![c]));
}

#[test]
fn a_mirror_sends_nothing_and_nothing_is_meant_for_it() {
    let mut net = Net::new();
    let [a] = net.ports();
    let mirror = net.port(9, |policy| policy.role = Role::Mirror(Watch::Everything));
    let sent = net.reached(&Frame::new(mirror, ALICE, EVERYBODY));
    assert_eq!(sent, Err(DropReason::MirrorPort));
    let flooded = net.reached(&Frame::new(a, ALICE, EVERYBODY));
    assert_eq!(flooded, Err(DropReason::NoOtherPort));
    let directed = Frame::new(a, ALICE, BOB).to(9, 0, sep(0));
    assert_eq!(net.reached(&directed), Err(DropReason::MirrorPort));
}

#[test]
fn a_port_that_becomes_a_mirror_loses_its_addresses() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    net.hear(&Frame::new(b, BOB, EVERYBODY));
    net.change(b, |policy| policy.role = Role::Mirror(Watch::Everything));
    assert_eq!(net.known(), 0);
    net.change(b, |policy| policy.role = Role::Local);
    assert_eq!(net.reached(&Frame::new(a, ALICE, BOB)), Ok(vec![b]));
}

#[test]
fn a_mirror_forgets_a_port_that_goes() {
    let mut net = Net::new();
    let [a, b, c] = net.ports();
    let watched = Role::Mirror(Watch::Ports([b].into_iter().collect()));
    let mirror = net.port(9, |policy| policy.role = watched);
    net.switch.remove_port(b).unwrap();
    assert_eq!(net.port(2, |_| ()), b, "the number is used again");
    assert_eq!(
        net.reached(&Frame::new(a, ALICE, EVERYBODY)),
        Ok(vec![b, c])
    );

    net.switch.remove_port(b).unwrap();
    let mut policy = net.switch.policy(mirror).unwrap().clone();
    policy.role = watched;
    let refused = net.switch.replace_policy(mirror, policy.clone());
    assert_eq!(refused, Err(Misuse::NoSuchPort { port: b }));
    policy.services = vec![endpoint(8, 0)];
    let refused = net.switch.replace_policy(mirror, policy);
    assert_eq!(refused, Err(Misuse::MirrorOffers));
}

#[test]
fn a_copy_that_is_too_long_for_the_mirror_is_kept_from_it_alone() {
    let mut net = Net::new();
    let [a, b] = net.ports();
    let mirror = net.port(9, |policy| {
        policy.role = Role::Mirror(Watch::Everything);
        policy.mtu = 100;
    });
    let verdict = net.send(&Frame::new(a, ALICE, EVERYBODY).length(115));
    let verdict = verdict.unwrap();
    assert_eq!(verdict.to, PortSet::only(b));
    assert_eq!(verdict.too_long, PortSet::only(mirror));
}

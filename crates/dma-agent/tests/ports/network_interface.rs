//! Network interfaces by packet sockets, at one end of a virtual cable with another host at the other end.

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};

use dma_agent::packet::PacketDevice;
use switch::DropReason;

use crate::accounts::{agent, assert_balanced, counters, dropped, eventually, turn, turned};
use crate::common::{Raw, frame};
use crate::host::Host;
use crate::ping::Pinger;
use crate::stream;
use crate::tap_interface::tap;

/// The host that the agent's end of the cable is in, and the one at the other end, which has this address.
fn cable(test: &str, address: &str) -> Option<(Host, Host)> {
    let (near, far) = (Host::new(test)?, Host::new(test)?);
    lay(&near, &far, address);
    Some((near, far))
}

fn lay(near: &Host, far: &Host, address: &str) {
    let other = far.namespace();
    near.ip(&format!(
        "link add near type veth peer name far netns {other}"
    ));
    near.ip("link set near up");
    far.ip(&format!("address add {address}/24 dev far"));
    far.ip("link set far up");
    // The system drops what is sent before it has noticed that the cable is plugged in.
    for (host, end) in [(near, "near"), (far, "far")] {
        eventually("the cable is plugged in", || {
            let said = host.ip(&format!("link show dev {end}"));
            said.contains("state UP")
        });
    }
}

fn device(near: &Host) -> Box<PacketDevice> {
    Box::new(near.run(|| PacketDevice::open("near", true).expect("a packet socket")))
}

#[test]
fn a_client_resolves_and_pings_the_host_at_the_other_end() {
    let test = "a_client_resolves_and_pings_the_host_at_the_other_end";
    let Some((near, _far)) = cable(test, "10.6.0.1") else {
        return;
    };
    let agent = agent(vec![("uplink", device(&near))]);
    let there = Ipv4Addr::new(10, 6, 0, 1);
    let raw = Raw::register_text(&agent, "raw", 10, 256);
    let mut pinger = Pinger::new(raw, Ipv4Addr::new(10, 6, 0, 7));
    let mac = pinger.resolve(there);
    for number in 0..200 {
        pinger.ping(mac, there, number, usize::from(number) * 7);
    }
    let agent = agent.stop();
    assert_balanced(&agent);
    assert_eq!(agent.drops().total(), 0, "{:?}", agent.drops());
}

#[test]
fn a_stream_is_whole_although_its_host_leaves_checksums_and_segments_to_the_card() {
    let test = "a_stream_is_whole_although_its_host_leaves_segments_to_the_card";
    let (Some((near, far)), Some(host)) = (cable(test, "10.7.0.1"), Host::new(test)) else {
        return;
    };
    let own = Ipv4Addr::new(10, 7, 0, 2);
    let agent = agent(vec![("uplink", device(&near)), ("tap", tap(&host, own))]);
    stream::exchange(&far, &host, SocketAddrV4::new(own, 7000), 200);
    let agent = agent.stop();
    assert_balanced(&agent);
    let (uplink, tap) = (counters(&agent, "uplink"), counters(&agent, "tap"));
    assert_eq!(uplink.refused[DropReason::TooLong], 0);
    let largest = uplink.received_bytes / uplink.received;
    assert!(largest <= 1514, "{largest} bytes each: in segments");
    assert!(tap.sent_bytes > 200 << 16);
}

#[test]
fn vlan_tags_are_where_they_were_when_the_frames_were_sent() {
    let test = "vlan_tags_are_where_they_were_when_the_frames_were_sent";
    let Some((near, far)) = cable(test, "10.8.0.1") else {
        return;
    };
    // Two agents at one cable; the system takes tags out of what arrives at either end.
    let agents = [(near, "near"), (far, "far")].map(|(host, end)| {
        let device = host.run(move || PacketDevice::open(end, true).expect("a packet socket"));
        (agent(vec![("uplink", Box::new(device))]), host)
    });
    let mut here = Raw::register_text(&agents[0].0, "here", 10, 256);
    let mut there = Raw::register_text(&agents[1].0, "there", 10, 256);
    here.post(1023);
    there.post(1023);
    let plain: &[u8] = &[];
    let tags = [
        plain,
        &[0x81, 0, 0xE0, 7],
        &[0x88, 0xA8, 0, 9, 0x81, 0, 0, 8],
    ];
    for number in 0..300 {
        let mut tagged = frame(0xFF, 7, number, 60 + number as usize);
        let tag = tags[number as usize % 3].iter().copied();
        tagged.splice(12..12, tag);
        here.send(&tagged, 'A', None);
        let (got, _) = there.receive(number);
        assert_eq!(got[..tagged.len()], tagged);
    }
    let [(agent, _), (other, _)] = agents.map(|(agent, host)| (agent.stop(), host));
    assert_balanced(&agent);
    assert_balanced(&other);
    let vlans: Vec<_> = other.fdb().map(|entry| entry.vlan).collect();
    assert!(vlans.contains(&7) && vlans.contains(&9), "{vlans:?}");
}

#[test]
fn what_this_host_sends_by_the_interface_does_not_come_in_there() {
    let test = "what_this_host_sends_by_the_interface_does_not_come_in_there";
    let Some((near, far)) = cable(test, "10.10.0.1") else {
        return;
    };
    near.ip("address add 10.10.0.2/24 dev near");
    let agent = agent(vec![("uplink", device(&near))]);
    let bind = |host: &Host, ip| {
        host.run(move || UdpSocket::bind(SocketAddrV4::new(ip, 7000)).expect("a socket"))
    };
    let theirs = Ipv4Addr::new(10, 10, 0, 1);
    let (from, to) = (bind(&near, Ipv4Addr::new(10, 10, 0, 2)), bind(&far, theirs));
    for number in 0..100_u8 {
        from.send_to(&[number], (theirs, 7000)).expect("sent");
        let mut got = [0; 1];
        to.recv(&mut got).expect("received");
        assert_eq!(got, [number]);
    }
    let agent = agent.stop();
    // The other host has asked for our address or answered us, a few times: that came in.
    let received = counters(&agent, "uplink").received;
    assert!(received < 10, "{received}");
}

#[test]
fn frames_that_the_system_dropped_before_the_agent_came_are_counted_too() {
    const FRAMES: u64 = 50_000;
    let test = "frames_that_the_system_dropped_before_the_agent_came_are_counted_too";
    let Some((near, far)) = cable(test, "10.12.0.1") else {
        return;
    };
    let mut agent = turned(vec![("uplink", device(&near))]);
    let own = SocketAddrV4::new(Ipv4Addr::new(10, 12, 0, 1), 7000);
    let everybody = SocketAddrV4::new(Ipv4Addr::new(10, 12, 0, 255), 7000);
    let socket = far.run(move || UdpSocket::bind(own).expect("a socket"));
    socket.set_broadcast(true).expect("allowed");
    for _ in 0..FRAMES {
        socket.send_to(&[0; 1000], everybody).expect("sent");
    }
    turn(&mut agent);
    let uplink = counters(&agent, "uplink");
    assert_eq!(uplink.received, FRAMES);
    assert!(
        uplink.refused[DropReason::QueueFull] > 0,
        "more than a socket holds"
    );
    assert_balanced(&agent);
}

#[test]
fn an_interface_that_goes_and_comes_back_under_its_name_is_used_again() {
    let test = "an_interface_that_goes_and_comes_back_under_its_name_is_used_again";
    let Some((near, far)) = cable(test, "10.11.0.1") else {
        return;
    };
    let agent = agent(vec![("uplink", device(&near))]);
    let there = Ipv4Addr::new(10, 11, 0, 1);
    let raw = Raw::register_text(&agent, "raw", 10, 256);
    let mut pinger = Pinger::new(raw, Ipv4Addr::new(10, 11, 0, 7));
    let mac = pinger.resolve(there);
    pinger.ping(mac, there, 1, 100);
    near.ip("link set near down");
    for number in 0..10 {
        pinger.raw.send(&frame(0xFF, 7, number, 60), 'A', None);
    }
    pinger.settle();
    near.ip("link set near up");
    answered(&mut pinger, there, 2);
    near.ip("link delete near");
    lay(&near, &far, "10.11.0.1");
    answered(&mut pinger, there, 3);
    let agent = agent.stop();
    assert_balanced(&agent);
    assert!(dropped(&agent, "uplink", DropReason::LinkDown) >= 10);
}

/// Asks until there is an answer, then pings.
fn answered(pinger: &mut Pinger, there: Ipv4Addr, number: u16) {
    eventually("somebody answers", || pinger.hears_of(there));
    let mac = pinger.resolve(there);
    pinger.ping(mac, there, number, 100);
}

#[test]
fn what_is_no_ethernet_interface_is_refused_by_its_name() {
    let Some(host) = Host::new("what_is_no_ethernet_interface_is_refused_by_its_name") else {
        return;
    };
    for (name, why) in [("nowhere", "cannot find it"), ("lo", "not Ethernet's")] {
        let opened = host.run(move || PacketDevice::open(name, false).map(drop));
        let error = opened.expect_err("no port").to_string();
        assert!(error.contains(name) && error.contains(why), "{error}");
    }
}

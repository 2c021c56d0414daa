//! TAP interfaces: the hosts behind them are the system's own.

use std::net::{Ipv4Addr, SocketAddrV4};

use dma_agent::tap::{Tap, TapDevice, TapOptions};
use switch::{DropReason, Mac};

use crate::accounts::{agent, assert_balanced, counters, dropped, eventually};
use crate::common::{Raw, frame, port};
use crate::host::Host;
use crate::ping::Pinger;
use crate::stream;

pub(crate) const MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 255, 0);

/// A TAP interface of this host, with an address.
pub(crate) fn tap(host: &Host, address: Ipv4Addr) -> Box<TapDevice> {
    let options = TapOptions {
        name: "tap%d".to_owned(),
        mac: Some(Mac([2, 0, 0, 0, 0xAA, address.octets()[3]])),
        mtu: None,
        address: Some((address, MASK)),
    };
    Box::new(host.run(move || TapDevice::open(&options).expect("a TAP interface")))
}

#[test]
fn an_interface_has_the_name_the_address_and_the_mtu_that_were_asked_for() {
    let Some(host) = Host::new("an_interface_has_what_was_asked_for") else {
        return;
    };
    let mac = Mac([2, 0, 0, 0, 0, 0xF5]);
    let options = TapOptions {
        name: "if_tap".to_owned(),
        mac: Some(mac),
        mtu: Some(9000),
        address: Some((Ipv4Addr::new(10, 5, 0, 1), MASK)),
    };
    let tap = host.run(move || Tap::open(&options).expect("an interface"));
    assert_eq!(tap.name(), "if_tap");
    assert_eq!(tap.mac().expect("there"), mac);
    assert_eq!(tap.mtu().expect("there"), 9000);
    let own = SocketAddrV4::new(Ipv4Addr::new(10, 5, 0, 1), 0);
    host.run(move || std::net::UdpSocket::bind(own).expect("the address is the host's"));
    let again = host.run(|| Tap::open(&TapOptions::new("if_tap")).map(drop));
    let error = again.expect_err("it has its other end").to_string();
    assert!(error.contains("if_tap"), "{error}");
    drop(tap);
    let gone = host.run(|| std::fs::exists("/sys/class/net/if_tap"));
    assert!(gone.is_ok());
    host.run(|| Tap::open(&TapOptions::new("if_tap")).expect("it is free again"));
}

#[test]
fn a_client_resolves_and_pings_the_host_behind_an_interface() {
    let Some(host) = Host::new("a_client_resolves_and_pings_the_host_behind_an_interface") else {
        return;
    };
    let there = Ipv4Addr::new(10, 1, 0, 1);
    let agent = agent(vec![("tap", tap(&host, there))]);
    let raw = Raw::register_text(&agent, "raw", 10, 256);
    let mut pinger = Pinger::new(raw, Ipv4Addr::new(10, 1, 0, 7));
    let mac = pinger.resolve(there);
    assert_eq!(mac, [2, 0, 0, 0, 0xAA, 1]);
    for number in 0..200 {
        pinger.ping(mac, there, number, usize::from(number) * 7);
    }
    let agent = agent.stop();
    assert_balanced(&agent);
    assert_eq!(agent.drops().total(), 0, "{:?}", agent.drops());
    assert!(counters(&agent, "tap").sent >= 201);
}

#[test]
fn two_hosts_behind_interfaces_exchange_a_stream() {
    let test = "two_hosts_behind_interfaces_exchange_a_stream";
    let (Some(left), Some(right)) = (Host::new(test), Host::new(test)) else {
        return;
    };
    let (one, other) = (Ipv4Addr::new(10, 2, 0, 1), Ipv4Addr::new(10, 2, 0, 2));
    let agent = agent(vec![
        ("left", tap(&left, one)),
        ("right", tap(&right, other)),
    ]);
    stream::exchange(&left, &right, SocketAddrV4::new(other, 7000), 200);
    let agent = agent.stop();
    assert_balanced(&agent);
    let bytes = counters(&agent, "left").received_bytes;
    assert!(bytes > 200 << 16, "{bytes} bytes went through the agent");
}

#[test]
fn frames_for_an_interface_that_is_switched_off_are_dropped_by_that_name() {
    let Some(host) = Host::new("frames_for_an_interface_that_is_switched_off") else {
        return;
    };
    let agent = agent(vec![("tap", tap(&host, Ipv4Addr::new(10, 3, 0, 1)))]);
    let mut raw = Raw::register_text(&agent, "raw", 10, 256);
    raw.post(1023);
    host.ip("link set tap0 down");
    for number in 0..50 {
        raw.send(&frame(0xFF, 7, number, 60), 'A', None);
        raw.completion();
    }
    let agent = agent.stop();
    assert_balanced(&agent);
    assert_eq!(dropped(&agent, "tap", DropReason::LinkDown), 50);
}

#[test]
fn an_interface_that_is_deleted_takes_its_port_along() {
    let Some(host) = Host::new("an_interface_that_is_deleted_takes_its_port_along") else {
        return;
    };
    let agent = agent(vec![("tap", tap(&host, Ipv4Addr::new(10, 4, 0, 1)))]);
    let mut raw = Raw::register_text(&agent, "raw", 10, 256);
    raw.post(1023);
    host.ip("link delete tap0");
    // Nobody else is there: while the port is, a frame is sent or dropped there; after that it has no other port.
    let mut number = 0;
    eventually("the port is gone", || {
        raw.send(&frame(0xFF, 7, number, 60), 'A', None);
        raw.completion();
        number += 1;
        number > 20
    });
    let agent = agent.stop();
    assert_balanced(&agent);
    assert!(port(&agent, "tap").is_none());
    assert!(agent.drops()[DropReason::NoOtherPort] > 0);
}

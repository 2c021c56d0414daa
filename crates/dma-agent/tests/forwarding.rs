//! Where frames go: directed ones, unknown ones, isolated ports, slow receivers.
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

mod common;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use common::{Raw, Running, frame};
use dma_agent::Admission;
use dma_agent::pcap::DumpDevice;
use switch::{Did, DropReason, Nti, NtiSet, Policy};

/// Dids that clients get in the order in which they come.
const FIRST: u32 = 16;
/// Any member of a service.
const ANY: u32 = 15;

/// A client with buffers posted, that counts what it receives.
struct Tenant {
    raw: Raw,
    received: u64,
}

impl Tenant {
    fn new(agent: &Running, name: &str, svc: u32) -> Self {
        let mut raw = Raw::register_binary(agent, name, svc);
        raw.post(1023);
        Self { raw, received: 0 }
    }

    fn sends(&mut self, bytes: &[u8], directed: Option<(u32, u32, u32)>) {
        self.raw.send(bytes, 'B', directed);
        self.raw.completion();
    }

    /// The next frame, and the did, svc and sep it carries.
    fn gets(&mut self, bytes: &[u8]) -> (u32, u32, u32) {
        let (got, descriptor) = self.raw.receive(self.received);
        self.received += 1;
        assert_eq!(got[..bytes.len()], *bytes);
        let word = |at: usize| {
            let bytes = descriptor[at..at + 4].try_into().expect("four bytes");
            u32::from_le_bytes(bytes)
        };
        let did = word(8) >> 16 & 0x7FF;
        (did, word(12) >> 6 & 0x3FFF, word(12) & 0xF)
    }

    /// That nothing has come: what was sent before has been completed, and so was delivered if it was to be.
    fn gets_nothing(&mut self) {
        let socket = &self.raw.sockets[0];
        socket.set_nonblocking(true).expect("a flag");
        let mut byte = [0; 1];
        let got = std::io::Read::read(&mut { socket }, &mut byte);
        socket.set_nonblocking(false).expect("a flag");
        let error = got.expect_err("a frame for somebody else");
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
}

fn broadcast(from: u8, number: u64) -> Vec<u8> {
    frame(0xFF, from, number, 80)
        .into_iter()
        .enumerate()
        .map(|(at, byte)| if at < 6 { 0xFF } else { byte })
        .collect()
}

#[test]
fn a_directed_frame_goes_to_the_did_the_service_and_the_member_it_names() {
    let agent = Running::start();
    let mut sender = Tenant::new(&agent, "sender", 8);
    let mut one = Tenant::new(&agent, "one", 10);
    let mut other = Tenant::new(&agent, "other", 10);
    let sent = frame(1, 2, 3, 80);
    sender.sends(&sent, Some((FIRST + 1, 10, 0)));
    assert_eq!(one.gets(&sent), (FIRST, 10, 0));
    sender.sends(&sent, Some((FIRST + 2, 10, 1)));
    assert_eq!(other.gets(&sent), (FIRST, 10, 1));
    sender.sends(&sent, Some((FIRST + 2, 10, ANY)));
    assert_eq!(other.gets(&sent), (FIRST, 10, 1));
    one.gets_nothing();
    for wrong in [(FIRST + 9, 10, 0), (FIRST + 1, 11, 0), (FIRST + 1, 10, 7)] {
        sender.sends(&sent, Some(wrong));
        one.gets_nothing();
        other.gets_nothing();
    }
    let drops = agent.stop().drops();
    for reason in [
        DropReason::UnknownDid,
        DropReason::NoSuchService,
        DropReason::NoSuchMember,
    ] {
        assert_eq!(drops[reason], 1, "{reason}");
    }
}

#[test]
fn what_is_directed_to_a_did_never_leaves_for_another_member_of_its_service() {
    let agent = Running::start();
    let mut sender = Tenant::new(&agent, "sender", 8);
    let mut one = Tenant::new(&agent, "one", 10);
    let mut other = Tenant::new(&agent, "other", 10);
    // The other is member 1, but not behind that did.
    let sent = frame(1, 2, 3, 80);
    sender.sends(&sent, Some((FIRST + 1, 10, 1)));
    for _ in 0..20 {
        sender.sends(&sent, Some((FIRST + 1, 10, ANY)));
        assert_eq!(one.gets(&sent), (FIRST, 10, 0));
    }
    other.gets_nothing();
    assert_eq!(agent.stop().drops()[DropReason::NoSuchMember], 1);
}

#[test]
fn a_plain_frame_goes_to_the_domain_that_it_asks_for() {
    let nti = |raw| Nti::new(raw).expect("a domain");
    let mut admission = Admission::same_user();
    admission.rules[0].ntis = [nti(7), nti(4095)].into_iter().collect();
    let dir = tempfile::tempdir().expect("a directory");
    let agent = Running::prepared(admission, |agent| {
        for domain in [7, 9, 4095] {
            let device = DumpDevice::create(&dir.path().join(domain.to_string()));
            let mut policy = Policy::new(Did::new(0).expect("to be given"));
            policy.default_nti = nti(domain);
            policy.ntis = NtiSet::only(nti(domain));
            let device = Box::new(device.expect("a file"));
            let added = agent.add_port(&domain.to_string(), policy, device);
            added.expect("a port");
        }
    });
    let mut sender = Raw::register_binary(&agent, "sender", 8);
    for asked in [0_u32, 7, 7, 9, 4095] {
        let mut descriptor = sender.prepare(&broadcast(0xA, 0), 'B', None);
        descriptor[12..16].copy_from_slice(&(asked << 20).to_le_bytes());
        std::io::Write::write_all(&mut sender.sockets[4], &descriptor).expect("sent");
        sender.completion();
    }
    let agent = agent.stop();
    let sent =
        ["7", "9", "4095"].map(|name| common::port(&agent, name).expect("a port").counters.sent);
    assert_eq!(sent, [2, 0, 2]);
    assert_eq!(agent.drops()[DropReason::NtiNotAllowed], 1);
}

#[test]
fn a_frame_directed_to_did_4_is_learned_from_and_looked_up() {
    let agent = Running::start();
    let mut left = Tenant::new(&agent, "left", 10);
    let mut right = Tenant::new(&agent, "right", 10);
    let mut third = Tenant::new(&agent, "third", 10);
    let alias = Some((4, 10, 0));
    let greeting = broadcast(0xA, 0);
    left.sends(&greeting, alias);
    right.gets(&greeting);
    third.gets(&greeting);
    let answer = frame(0xA, 0xB, 1, 80);
    right.sends(&answer, alias);
    left.gets(&answer);
    third.gets_nothing();
    let back = frame(0xB, 0xA, 2, 80);
    left.sends(&back, alias);
    right.gets(&back);
    third.gets_nothing();
}

#[test]
fn link_local_frames_reach_the_service_of_their_protocol_and_are_not_flooded() {
    let agent = Running::start();
    let mut host = Tenant::new(&agent, "host", 8);
    let mut other = Tenant::new(&agent, "other", 10);
    let mut daemons = [1, 3, 4].map(|svc| Tenant::new(&agent, &format!("daemon{svc}"), svc));
    let link_local = |last: u8, ethertype: u16| {
        let mut bytes = frame(0, 0xA, 0, 80);
        bytes[..6].copy_from_slice(&[1, 0x80, 0xC2, 0, 0, last]);
        bytes[12..14].copy_from_slice(&ethertype.to_be_bytes());
        bytes
    };
    for (to, last, ethertype) in [(0, 0x2, 0x8809), (1, 0x0, 0x0026), (2, 0xE, 0x88CC)] {
        let sent = link_local(last, ethertype);
        host.sends(&sent, None);
        assert_eq!(daemons[to].gets(&sent).0, FIRST);
    }
    host.sends(&link_local(0x1, 0x8808), None); // pause
    other.gets_nothing();
    daemons.iter_mut().for_each(Tenant::gets_nothing);
    let drops = agent.stop().drops();
    assert_eq!((drops[DropReason::LinkLocal], drops.total()), (1, 1));
}

#[test]
fn unknown_unicast_stays_in_its_domain() {
    let dir = tempfile::tempdir().expect("a directory");
    let agent = Running::prepared(Admission::same_user(), |agent| {
        for (name, nti) in [("inside", 4095), ("outside", 200)] {
            let device = DumpDevice::create(&dir.path().join(name)).expect("a file");
            let nti = Nti::new(nti).expect("a domain");
            let mut policy = Policy::new(Did::new(0).expect("to be given"));
            policy.default_nti = nti;
            policy.ntis = NtiSet::only(nti);
            agent
                .add_port(name, policy, Box::new(device))
                .expect("a port");
        }
    });
    let mut left = Tenant::new(&agent, "left", 10);
    let mut right = Tenant::new(&agent, "right", 10);
    let sent = frame(0xC, 0xA, 0, 80);
    left.sends(&sent, None);
    right.gets(&sent);
    let agent = agent.stop();
    let of = |name: &str| common::port(&agent, name).expect("a port").counters.sent;
    assert_eq!((of("inside"), of("outside")), (1, 0));
    let ntis: Vec<_> = agent.fdb().map(|entry| entry.nti.raw()).collect();
    assert_eq!(ntis, [4095]);
}

#[test]
fn isolated_ports_hear_nothing_of_each_other() {
    let mut admission = Admission::same_user();
    admission.rules[0].isolated = true;
    let agent = Running::with(admission);
    let mut left = Tenant::new(&agent, "left", 10);
    let mut right = Tenant::new(&agent, "right", 10);
    left.sends(&broadcast(0xA, 0), None);
    right.gets_nothing();
    right.sends(&frame(0xA, 0xB, 1, 80), None);
    left.gets_nothing();
}

#[test]
fn a_slow_receiver_slows_nobody_down() {
    const FRAMES: u64 = 20_000;
    let agent = Running::start();
    let mut sender = Tenant::new(&agent, "sender", 8);
    let mut quick = Tenant::new(&agent, "quick", 10);
    // Has posted its buffers, and takes nothing.
    let slow = Tenant::new(&agent, "slow", 10);
    let begun = Instant::now();
    for number in 0..FRAMES {
        let sent = broadcast(0xA, number);
        sender.sends(&sent, None);
        quick.gets(&sent);
        quick.raw.post(1);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    let agent = agent.stop();
    let of = |name: &str| {
        let port = common::port(&agent, name).expect("a port");
        (port.counters.sent, port.counters.dropped.total())
    };
    assert_eq!(of("quick"), (FRAMES, 0));
    let (sent, dropped) = of("slow");
    assert_eq!(sent + dropped, FRAMES, "every frame is one or the other");
    assert!(dropped > FRAMES / 2, "{dropped}");
    drop(slow);
}

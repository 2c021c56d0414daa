//! Clients that come by rings and mean harm: the others notice nothing.
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

mod common;

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Place, Raw, Running, frame, new_file, system_request, take_descriptor};
use dma_agent::Agent;
use memif::testing::{Layout, RawClient, Setup, Wire};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// Where the offer of rings is in a registration.
const OFFER: usize = 1084;

/// A client by rings that can lie in everything.
struct Hostile {
    doorbell: UnixStream,
    link: RawClient,
}

/// Registers by rings; the doorbell and the socket for the link.
fn register(agent: &Running, name: &str, svc: u32) -> (UnixStream, OwnedFd) {
    let path = agent.dir().join(name);
    new_file(&path);
    let mut request = system_request(&path, name, svc);
    request[OFFER..OFFER + 8].copy_from_slice(b"MWdscxtr");
    request[OFFER + 8..OFFER + 16].copy_from_slice(&1_u64.to_le_bytes());
    let mut doorbell = UnixStream::connect(Place::doorbell(agent)).expect("the doorbell");
    doorbell.write_all(&request).expect("written");
    let mut answer = [0; 280];
    doorbell.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer[32..40], *b"MWdscxtr", "rings are taken");
    let socket = take_descriptor(&doorbell);
    (doorbell, socket)
}

impl Hostile {
    fn new(agent: &Running, change: impl FnOnce(&mut Layout)) -> Self {
        let (doorbell, socket) = register(agent, "hostile", 30);
        let setup = Setup::new(0).with_layout(|layout| {
            (layout.s2m, layout.m2s) = (4, 4);
            change(layout);
        });
        let mut link = RawClient::over(Wire::given(socket), setup).expect("memory");
        link.handshake().expect("a link");
        Self { doorbell, link }
    }
}

/// Two clients that go on, whatever happens to others.
struct Others {
    sender: Raw,
    receiver: Raw,
    number: u64,
}

impl Others {
    fn new(agent: &Running) -> Self {
        let sender = Raw::register_binary(agent, "sender", 20);
        let mut receiver = Raw::register_text(agent, "receiver", 21, 256);
        receiver.post(1023);
        Self {
            sender,
            receiver,
            number: 0,
        }
    }

    /// Frames to everybody, one after the other.
    fn notice_nothing(&mut self, frames: u64) {
        for _ in 0..frames {
            let mut sent = frame(0xFF, 0xA, self.number, 1400);
            sent[..6].fill(0xFF);
            self.sender.send(&sent, 'B', None);
            let (got, _) = self.receiver.receive(self.number);
            assert_eq!(got[..1400], sent);
            self.sender.completion();
            self.receiver.post(1);
            self.number += 1;
        }
    }
}

/// Does one thing without end in other threads, more than there are processors, while this one does its own.
fn meanwhile(harm: impl Fn() + Sync, others: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    harm();
                }
            });
        }
        let _stop = Stop(&stop);
        others();
    });
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn refusals(agent: Running) -> u64 {
    Agent::refusals(&agent.stop())
}

#[test]
fn whoever_publishes_rubbish_without_end_holds_up_nobody() {
    let agent = Running::start();
    let mut others = Others::new(&agent);
    let hostile = Hostile::new(&agent, |_| {});
    let ring = hostile.link.raw(true, 0);
    meanwhile(
        || {
            for _ in 0..100_000 {
                ring.set_head(ring.head().wrapping_add(1)); // of a slot that nobody has filled
            }
            ring.ring().expect("rung");
        },
        || others.notice_nothing(1000),
    );
}

#[test]
fn whoever_talks_without_end_at_the_doorbell_holds_up_nobody() {
    let agent = Running::start();
    let mut others = Others::new(&agent);
    let by_sockets = Raw::register_binary(&agent, "talkative", 31);
    let by_rings = Hostile::new(&agent, |_| {});
    for doorbell in [&by_rings.doorbell, &by_sockets.doorbell] {
        doorbell.set_nonblocking(true).expect("set");
        let talk = vec![0; 1 << 16];
        meanwhile(
            || {
                let _ = (&*doorbell).write(&talk);
            },
            || others.notice_nothing(2000),
        );
    }
}

/// Fills the counter of an eventfd, and has those wait who write to it.
fn block(bell: &OwnedFd) {
    let _ = rustix::io::read(bell, &mut [0; 8]); // nothing, if nobody has rung
    rustix::io::write(bell, &(u64::MAX - 1).to_ne_bytes()).expect("filled");
    let flags = fcntl_getfl(bell).expect("flags");
    fcntl_setfl(bell, flags - OFlags::NONBLOCK).expect("set");
}

/// Lets go whoever waits at an eventfd, now and later.
fn unblock(bell: &OwnedFd) {
    let flags = fcntl_getfl(bell).expect("flags");
    fcntl_setfl(bell, flags | OFlags::NONBLOCK).expect("set");
    let _ = rustix::io::read(bell, &mut [0; 8]);
}

#[test]
fn a_bell_that_blocks_whoever_rings_it_holds_up_nobody() {
    let agent = Running::start();
    let mut others = Others::new(&agent);
    let hostile = Hostile::new(&agent, |_| {});
    let rings = (0..4).flat_map(|tier| [(true, tier), (false, tier)]);
    let bells = rings.map(|(is_s2m, tier)| hostile.link.raw(is_s2m, tier).bell());
    let bells: Vec<OwnedFd> = bells
        .map(|bell| bell.try_clone_to_owned().expect("dup"))
        .collect();
    bells.iter().for_each(block);
    let noticed = std::panic::catch_unwind(AssertUnwindSafe(|| others.notice_nothing(100)));
    bells.iter().for_each(unblock); // so that the agent ends after all
    assert!(noticed.is_ok(), "the others noticed");
}

#[test]
fn a_handshake_that_is_broken_off_is_a_client_refused() {
    for round in 0..20 {
        let agent = Running::start();
        let (doorbell, socket) = register(&agent, "hostile", 30);
        let wire = Wire::given(socket);
        wire.send(&[0xA5; 128], &[]).expect("sent");
        let reason = wire.closed(Duration::from_secs(10)).expect("closed");
        let _ = (&doorbell).read(&mut [0; 1]); // it has gone
        assert_eq!(refusals(agent), 1, "round {round}: {reason:?}");
    }
}

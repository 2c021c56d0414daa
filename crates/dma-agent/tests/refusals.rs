//! Those who are not let in, and those who are thrown out: the others notice nothing.
#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

mod common;

use std::fs::{self, File};
use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use common::{Raw, Running, frame, system_request, take_sockets};
use dma_agent::Admission;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

/// Asks to be let in with this path and service; what is answered.
fn ask(agent: &Running, path: &Path, svc: u32) -> Option<u32> {
    let mut doorbell = UnixStream::connect(agent.doorbell()).expect("the doorbell");
    doorbell
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    doorbell
        .write_all(&system_request(path, "visitor", svc))
        .expect("written");
    let mut answer = [0; 280];
    doorbell.read_exact(&mut answer).ok()?;
    let code = u32::from_le_bytes([answer[16], answer[17], answer[18], answer[19]]);
    if code != 1 {
        assert_eq!(doorbell.read(&mut [0; 1]).expect("closed"), 0, "and left");
    } else {
        take_sockets(&doorbell);
    }
    Some(code)
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

    fn notice_nothing(&mut self) {
        for _ in 0..10 {
            let sent = frame(0xFF, 0xA, self.number, 80);
            self.sender.send(&sent, 'B', None);
            let (got, _) = self.receiver.receive(self.number);
            assert_eq!(got[..80], sent);
            self.sender.completion();
            self.receiver.post(1);
            self.number += 1;
        }
    }
}

#[test]
fn files_that_are_not_the_clients_own_plain_files_are_refused() {
    let agent = Running::start();
    let mut others = Others::new(&agent);
    let dir = agent.dir.path();
    File::create(dir.join("real")).expect("a file");
    symlink(dir.join("real"), dir.join("link")).expect("a link");
    fs::create_dir(dir.join("directory")).expect("a directory");
    let mut paths = vec![
        dir.join("link"),
        dir.join("directory"),
        dir.join("nothing"),
        dir.join("doorbell.sock"),
        "/dev/zero".into(),
        "/dev/null".into(),
        "relative".into(),
    ];
    File::create(dir.join("foreign")).expect("a file");
    if chown(dir.join("foreign"), Some(12_345), None).is_ok() {
        paths.push(dir.join("foreign"));
    } else {
        let loud = b"*** DID NOT RUN: a file of another user, which takes root to make\n";
        std::io::stderr().write_all(loud).expect("told");
    }
    for path in &paths {
        assert_eq!(ask(&agent, path, 9), Some(2), "{}", path.display());
        others.notice_nothing();
    }
    assert_eq!(ask(&agent, &dir.join("real"), 9), Some(1));
    assert_eq!(agent.stop().refusals(), paths.len() as u64);
}

#[test]
fn users_services_and_directories_that_are_not_allowed_are_refused() {
    let mut stranger = Admission::same_user();
    stranger.rules[0].uids = vec![12_345];
    let mut other_service = Admission::same_user();
    other_service.rules[0].services = vec![switch::Svc::new(10).expect("a service")];
    let mut other_place = Admission::same_user();
    other_place.rules[0].roots = vec!["/nowhere".into()];
    let mut crowded = Admission::same_user();
    crowded.caps.clients_per_uid = 0;
    let mut large = Admission::same_user();
    large.caps.bytes_per_uid = 1 << 29;
    for admission in [stranger, other_service, other_place, crowded, large] {
        let agent = Running::with(admission);
        let path = agent.dir.path().join("file");
        File::create(&path).expect("a file");
        assert_eq!(ask(&agent, &path, 9), Some(2));
        let agent = agent.stop();
        assert_eq!((agent.refusals(), agent.ports().count()), (1, 0));
    }
}

#[test]
fn the_sixteenth_member_of_a_service_is_refused() {
    let agent = Running::start();
    let members: Vec<_> = (0..15)
        .map(|number| Raw::register_binary(&agent, &format!("member{number}"), 10))
        .collect();
    let path = agent.dir.path().join("more");
    File::create(&path).expect("a file");
    assert_eq!(ask(&agent, &path, 10), Some(2));
    drop(members);
    // Their places become free as soon as the agent has noticed.
    let deadline = Instant::now() + Duration::from_secs(10);
    while ask(&agent, &path, 10) != Some(1) {
        assert!(Instant::now() < deadline, "no place became free");
    }
}

#[test]
fn registrations_that_never_end_are_ended() {
    let agent = Running::start();
    let mut others = Others::new(&agent);
    let mut endless = UnixStream::connect(agent.doorbell()).expect("the doorbell");
    endless
        .write_all(&[b"path=".as_slice(), &[b'x'; 600]].concat())
        .expect("written");
    assert_eq!(endless.read(&mut [0; 1]).expect("closed"), 0, "too long");
    let mut garbage = UnixStream::connect(agent.doorbell()).expect("the doorbell");
    garbage.write_all(&[0xA5; 64]).expect("written");
    assert_eq!(garbage.read(&mut [0; 1]).expect("closed"), 0, "no request");
    let begun = Instant::now();
    let mut slow = UnixStream::connect(agent.doorbell()).expect("the doorbell");
    slow.write_all(b"path=/tmp/x\n").expect("written");
    others.notice_nothing();
    assert_eq!(slow.read(&mut [0; 1]).expect("closed"), 0, "too slow");
    let took = begun.elapsed();
    assert!((1900..4000).contains(&took.as_millis()), "{took:?}");
    others.notice_nothing();
    assert_eq!(agent.stop().refusals(), 3);
}

#[test]
fn descriptors_that_nobody_asked_for_are_not_kept() {
    let agent = Running::start();
    let mut others = Others::new(&agent);
    let before = open_files();
    let null = File::open("/dev/null").expect("a device");
    let many = vec![null.as_fd(); 253];
    let rude = UnixStream::connect(agent.doorbell()).expect("the doorbell");
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&many)));
    let part = [IoSlice::new(b"path=")];
    sendmsg(&rude, &part, &mut control, SendFlags::empty()).expect("sent");
    others.notice_nothing();
    drop(rude);
    others.notice_nothing();
    let deadline = Instant::now() + Duration::from_secs(10);
    while open_files() > before {
        assert!(Instant::now() < deadline, "{} > {before}", open_files());
        others.notice_nothing();
    }
}

#[test]
fn a_thousand_who_ring_and_say_nothing_keep_nobody_out() {
    let agent = Running::start();
    let mut others = Others::new(&agent);
    let mut silent = Vec::new();
    for number in 0..1000 {
        // A full backlog refuses: the agent takes 64 at a time.
        match UnixStream::connect(agent.doorbell()) {
            Ok(one) => silent.push(one),
            Err(error) => panic!("number {number}: {error}"),
        }
        if number % 100 == 0 {
            others.notice_nothing();
        }
    }
    let path = agent.dir.path().join("newcomer");
    File::create(&path).expect("a file");
    assert_eq!(ask(&agent, &path, 9), Some(1), "let in all the same");
    others.notice_nothing();
    let refused = agent.stop().refusals();
    assert!((744..=1000).contains(&refused), "{refused}");
}

#[test]
fn a_client_that_truncates_its_file_goes_and_the_others_stay() {
    let agent = Running::start();
    let mut others = Others::new(&agent);
    for round in 0..3 {
        let mut bad = Raw::register_binary(&agent, &format!("bad{round}"), 9);
        bad.post(64);
        bad.file.set_len(0).expect("truncated");
        let sent = frame(0xFF, 0xB, 1, 60);
        // The frame is read where the file has gone, or written there by the flood of another.
        if round == 1 {
            others.notice_nothing();
        } else {
            let mut descriptor = [0; 32];
            descriptor[..8].copy_from_slice(&(common::BASE | (64 << 48)).to_le_bytes());
            descriptor[8] = 0x62;
            bad.sockets[4].write_all(&descriptor).expect("sent");
            drop(sent);
        }
        let mut byte = [0; 64];
        let ended = loop {
            match bad.doorbell.read(&mut byte) {
                Ok(0) => break true,
                Ok(_) => {}
                Err(_) => break false,
            }
            others.notice_nothing();
        };
        assert!(ended, "the agent let go of it");
        others.notice_nothing();
    }
}

#[test]
fn clients_that_break_the_wire_go_and_the_others_stay() {
    let agent = Running::start();
    let mut others = Others::new(&agent);
    type Break = fn(&mut Raw);
    let breaks: [Break; 4] = [
        |bad| {
            bad.sockets[4]
                .write_all(&[0; 32])
                .expect("a descriptor of no type")
        },
        |bad| {
            bad.sockets[0]
                .write_all(&[0; 8])
                .expect("a buffer of no bytes")
        },
        |bad| {
            let outside = (common::BASE - 2048) | (2048 << 48);
            bad.sockets[0]
                .write_all(&outside.to_le_bytes())
                .expect("a buffer outside");
        },
        |bad| drop(bad.sockets.remove(7)),
    ];
    for (number, break_it) in breaks.into_iter().enumerate() {
        let mut bad = Raw::register_binary(&agent, &format!("bad{number}"), 9);
        bad.doorbell
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a timeout");
        break_it(&mut bad);
        assert_eq!(
            bad.doorbell.read(&mut [0; 1]).expect("closed"),
            0,
            "{number}"
        );
        others.notice_nothing();
    }
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").expect("a list").count()
}

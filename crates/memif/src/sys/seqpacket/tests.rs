//! What a peer can do at the other end of a connection.

use std::os::fd::AsRawFd;
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_getfd};
use rustix::net::{Shutdown, send, shutdown};
use rustix::process::{Resource, Rlimit, getgid, getrlimit, getuid, setrlimit};

use super::super::clock::timespec;
use super::super::{Bell, harness};
use super::*;

const MESSAGE: [u8; MESSAGE_LEN] = [7; MESSAGE_LEN];

/// A datagram with all that is known of it.
struct Got {
    payload: Vec<u8>,
    truncated: bool,
    fd: Option<OwnedFd>,
    surplus_fds: usize,
    lost_fds: bool,
}

fn receive(socket: &SeqPacket) -> Got {
    match socket.receive().expect("receive") {
        Incoming::Datagram {
            bytes,
            len,
            truncated,
            fd,
            surplus_fds,
            lost_fds,
        } => Got {
            payload: bytes[..len].to_vec(),
            truncated,
            fd,
            surplus_fds,
            lost_fds,
        },
        other => panic!("no datagram: {other:?}"),
    }
}

fn send_many(socket: &SeqPacket, fd: BorrowedFd<'_>, count: usize) {
    let fds = vec![fd; count];
    let mut space = vec![MaybeUninit::uninit(); cmsg_space!(ScmRights(count))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
    let message = [IoSlice::new(&MESSAGE)];
    sendmsg(socket, &message, &mut control, SendFlags::empty()).expect("send");
}

/// Whether the writing end of a pipe is closed everywhere, or will be within ten seconds.
fn writers_gone(reading_end: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(reading_end, PollFlags::IN)];
    poll(&mut fds, Some(&timespec(Duration::from_secs(10)))).expect("poll") == 1
}

#[test]
fn a_message_arrives_with_its_descriptor() {
    let (ours, theirs) = SeqPacket::pair();
    let bell = Bell::new().expect("bell");
    theirs.send(&MESSAGE, Some(bell.as_fd())).expect("send");
    let got = receive(&ours);
    assert_eq!(got.payload, MESSAGE);
    assert!(!got.truncated && !got.lost_fds && got.surplus_fds == 0);

    let fd = got.fd.expect("a descriptor");
    assert_ne!(fd.as_raw_fd(), bell.as_fd().as_raw_fd());
    assert!(fcntl_getfd(&fd).expect("flags").contains(FdFlags::CLOEXEC));
    Bell::from_peer(fd).expect("a bell").ring().expect("ring");
    assert!(bell.clear().expect("clear"));
}

#[test]
fn nothing_is_told_from_the_end() {
    let (ours, theirs) = SeqPacket::pair();
    assert!(matches!(
        ours.receive().expect("receive"),
        Incoming::Nothing
    ));
    assert!(!ours.hung_up());
    theirs.send(&MESSAGE, None).expect("send");
    drop(theirs);
    harness::until(|| ours.hung_up());
    assert_eq!(receive(&ours).payload, MESSAGE);
    for _ in 0..2 {
        assert!(matches!(ours.receive().expect("receive"), Incoming::Closed));
    }
    let error = ours.send(&MESSAGE, None).expect_err("nobody is there");
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_peer_that_only_stops_sending_has_hung_up_too() {
    let (ours, theirs) = SeqPacket::pair();
    shutdown(&theirs, Shutdown::Write).expect("shutdown");
    assert!(ours.hung_up());
    assert!(matches!(ours.receive().expect("receive"), Incoming::Closed));
}

#[test]
fn last_words_arrive_though_the_peer_left_our_messages_unread() {
    let (ours, theirs) = SeqPacket::pair();
    ours.send(&[1; MESSAGE_LEN], None).expect("send");
    theirs.send(&MESSAGE, None).expect("send");
    drop(theirs);
    harness::until(|| ours.hung_up());
    assert_eq!(receive(&ours).payload, MESSAGE);
    assert!(matches!(ours.receive().expect("receive"), Incoming::Closed));
}

#[test]
fn an_empty_datagram_is_not_the_end() {
    let (ours, theirs) = SeqPacket::pair();
    send(&theirs, &[], SendFlags::empty()).expect("send");
    theirs.send(&MESSAGE, None).expect("send");
    assert!(receive(&ours).payload.is_empty());
    assert_eq!(receive(&ours).payload, MESSAGE);
}

#[test]
fn wrong_lengths_are_told() {
    let (ours, theirs) = SeqPacket::pair();
    send(&theirs, &[3; 5], SendFlags::empty()).expect("send");
    send(&theirs, &[4; 129], SendFlags::empty()).expect("send");
    let short = receive(&ours);
    assert_eq!((short.payload, short.truncated), (vec![3; 5], false));
    let long = receive(&ours);
    assert_eq!((long.payload, long.truncated), (vec![4; 128], true));
}

#[test]
fn of_253_descriptors_252_are_closed() {
    let (ours, theirs) = SeqPacket::pair();
    let (reading_end, writing_end) = rustix::pipe::pipe().expect("pipe");
    send_many(&theirs, writing_end.as_fd(), MOST_FDS);
    drop(writing_end);

    let got = receive(&ours);
    assert_eq!(got.surplus_fds, MOST_FDS - 1);
    assert!(!got.lost_fds);
    let first = got.fd.expect("the first");
    rustix::io::write(&first, b"x").expect("it works");
    rustix::io::read(&reading_end, &mut [0]).expect("read");
    drop(first);
    assert!(writers_gone(&reading_end));
}

#[test]
fn the_descriptor_is_found_beside_the_credentials() {
    let (ours, theirs) = SeqPacket::pair();
    rustix::net::sockopt::set_socket_passcred(&ours, true).expect("passcred");
    let bell = Bell::new().expect("bell");
    send_many(&theirs, bell.as_fd(), MOST_FDS);
    let got = receive(&ours);
    assert!(got.fd.is_some() && !got.lost_fds);
    assert_eq!(got.surplus_fds, MOST_FDS - 1);
}

#[test]
fn a_descriptor_there_is_no_room_for_is_lost_and_told() {
    let name = "a_descriptor_there_is_no_room_for_is_lost_and_told";
    if let Some(child) = harness::again(module_path!(), name) {
        return harness::passes(child);
    }
    let (ours, theirs) = SeqPacket::pair();
    let bell = Bell::new().expect("bell");
    theirs.send(&MESSAGE, Some(bell.as_fd())).expect("send");
    let before = getrlimit(Resource::Nofile);
    let none = Rlimit {
        current: Some(0),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, none).expect("setrlimit");
    let got = receive(&ours);
    setrlimit(Resource::Nofile, before).expect("setrlimit");
    assert!(got.lost_fds && got.fd.is_none());
    assert_eq!(got.payload, MESSAGE);
}

#[test]
fn a_peer_that_does_not_read_blocks_nobody() {
    let (ours, _theirs) = SeqPacket::pair();
    let full = (0..100_000).find_map(|_| ours.send(&MESSAGE, None).err());
    assert_eq!(full.expect("full").kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn credentials_are_those_of_the_other_process() {
    let (ours, _theirs) = SeqPacket::pair();
    let expected = Credentials {
        pid: Some(std::process::id()),
        uid: getuid().as_raw(),
        gid: getgid().as_raw(),
    };
    assert_eq!(ours.credentials().expect("credentials"), expected);
}

#[test]
fn connecting_says_why_not() {
    let dir = tempfile::tempdir().expect("directory");
    let connect = |address: Address| SeqPacket::connect(&address).expect_err("nobody").kind();
    let nowhere = dir.path().join("nowhere");
    assert_eq!(connect(Address::Path(nowhere)), io::ErrorKind::NotFound);
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("write");
    assert_eq!(
        connect(Address::Path(file)),
        io::ErrorKind::ConnectionRefused
    );
    let long = Address::Abstract(vec![b'x'; 108]);
    assert_eq!(connect(long), io::ErrorKind::InvalidInput);
}

//! Agents that are silent, and agents that lie.

use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Mutex;
use std::time::Duration;

use descsock::{AgentFault, Client, Error, Events, Options, Wait};
use descsock_wire::{Buffer, Code, ConnectAnswer, Directed, Flags, Laden, Layout, Version};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use crate::agent::{Place, SOON, frame};

const ACCEPTED: fn() -> [u8; 280] = || ConnectAnswer::accepted(Version::V2).encode();

/// An agent that registers one client and then does what it is told.
pub(crate) struct Mute {
    place: Place,
    listener: UnixListener,
    ends: Mutex<Option<Ends>>,
}

struct Ends {
    _doorbell: UnixStream,
    sockets: Vec<UnixStream>,
}

impl Mute {
    pub(crate) fn new() -> Self {
        let place = Place::deserted();
        let listener = UnixListener::bind(place.doorbell()).expect("a doorbell");
        let ends = Mutex::new(None);
        Self {
            place,
            listener,
            ends,
        }
    }

    /// A client with so many buffers.
    pub(crate) fn client(&self, receive: u32, send: u32) -> Client {
        let options = self.place.options(8).buffers(receive, send);
        let options = options.linger(Duration::ZERO);
        std::thread::scope(|scope| {
            let opening = scope.spawn(|| Client::open(options));
            self.register();
            opening.join().expect("no panic").expect("opened")
        })
    }

    /// Lets whoever rings register.
    fn register(&self) {
        let (mut doorbell, _) = self.listener.accept().expect("a client");
        doorbell.read_exact(&mut [0; 1356]).expect("a registration");
        doorbell.write_all(&ACCEPTED()).expect("an answer");
        let mut sockets = Vec::new();
        for _ in 0..8 {
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            pass(&doorbell, &[theirs.as_fd()]);
            sockets.push(ours);
        }
        let ends = Some(Ends {
            _doorbell: doorbell,
            sockets,
        });
        *self.ends.lock().expect("no panic") = ends;
    }

    /// Says of the first frames that are not yet completed that they are.
    pub(crate) fn complete(&self, frames: usize) {
        self.write(4, &vec![0; 8 * frames]);
    }

    fn write(&self, socket: usize, bytes: &[u8]) {
        let ends = self.ends.lock().expect("no panic");
        let mut socket = &ends.as_ref().expect("registered").sockets[socket];
        socket.write_all(bytes).expect("written");
    }

    fn hang_up(&self) {
        *self.ends.lock().expect("no panic") = None;
    }
}

fn pass(doorbell: &UnixStream, ends: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(16))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !ends.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(ends));
    }
    let sent = sendmsg(
        doorbell,
        &[IoSlice::new(&[0])],
        &mut control,
        SendFlags::NOSIGNAL,
    );
    sent.expect("passed");
}

/// What an agent does at the doorbell, and what opening says to that.
fn opened_with(agent: impl FnOnce(UnixStream) + Send) -> Error {
    let place = Place::deserted();
    let listener = UnixListener::bind(place.doorbell()).expect("a doorbell");
    let options = Options::new(place.doorbell(), place.directory.path(), 8);
    let options = options.answer_deadline(Duration::from_millis(200));
    let refused = std::thread::scope(|scope| {
        let opening = scope.spawn(|| Client::open(options));
        let (mut doorbell, _) = listener.accept().expect("a client");
        doorbell.read_exact(&mut [0; 1356]).expect("a registration");
        agent(doorbell);
        opening.join().expect("no panic").expect_err("refused")
    });
    let left = std::fs::read_dir(place.directory.path()).expect("a directory");
    assert_eq!(left.count(), 1, "only the doorbell is left");
    refused
}

#[test]
fn a_refusal_is_told_with_its_code() {
    for code in [Code::Error, Code::NotRegistered] {
        let refused = opened_with(|mut doorbell| {
            let answer = ConnectAnswer::refused(Version::V2, code).encode();
            doorbell.write_all(&answer).expect("written");
        });
        assert!(matches!(refused, Error::Refused { code: got } if got == code as u32));
    }
}

#[test]
fn an_agent_that_says_nothing_is_not_waited_for_for_ever() {
    let kept = Mutex::new(None);
    let refused = opened_with(|doorbell| *kept.lock().expect("no panic") = Some(doorbell));
    let Error::Agent(AgentFault::TooSlow { due, millis }) = refused else {
        panic!("{refused}")
    };
    assert_eq!((due, millis), ("answer", 200));
}

#[test]
fn an_agent_that_passes_too_few_sockets_is_not_waited_for_for_ever() {
    let kept = Mutex::new(None);
    let refused = opened_with(|mut doorbell| {
        doorbell.write_all(&ACCEPTED()).expect("written");
        let (_, end) = UnixStream::pair().expect("a pair");
        (0..7).for_each(|_| pass(&doorbell, &[end.as_fd()]));
        *kept.lock().expect("no panic") = Some(doorbell);
    });
    assert!(matches!(
        refused,
        Error::Agent(AgentFault::TooSlow { due: "socket", .. })
    ));
}

#[test]
fn an_agent_that_breaks_off_is_told_of() {
    let refused = opened_with(|mut doorbell| doorbell.write_all(&[0; 100]).expect("written"));
    assert!(matches!(
        refused,
        Error::Agent(AgentFault::BrokenOff { due: "answer" })
    ));
    let refused = opened_with(|mut doorbell| doorbell.write_all(&ACCEPTED()).expect("written"));
    assert!(matches!(
        refused,
        Error::Agent(AgentFault::BrokenOff { due: "socket" })
    ));
}

#[test]
fn an_answer_that_is_none_is_told_of() {
    let refused = opened_with(|mut doorbell| doorbell.write_all(&[7; 280]).expect("written"));
    assert!(
        matches!(refused, Error::Agent(AgentFault::Violation(_))),
        "{refused}"
    );
}

#[test]
fn descriptors_of_a_wrong_number_or_kind_are_refused_and_closed() {
    let (_, end) = UnixStream::pair().expect("a pair");
    let file: OwnedFd = tempfile::tempfile().expect("a file").into();
    for (ends, got) in [
        (vec![], 0),
        (vec![end.as_fd(); 2], 2),
        (vec![end.as_fd(); 8], 8),
    ] {
        let refused = opened_with(|mut doorbell| {
            doorbell.write_all(&ACCEPTED()).expect("written");
            pass(&doorbell, &ends);
        });
        let Error::Agent(AgentFault::Descriptors {
            got: told, due: 1, ..
        }) = refused
        else {
            panic!("{refused}")
        };
        assert_eq!(told, got);
    }
    let refused = opened_with(|mut doorbell| {
        doorbell.write_all(&ACCEPTED()).expect("written");
        pass(&doorbell, &[end.as_fd()]);
        pass(&doorbell, &[file.as_fd()]);
    });
    assert!(
        matches!(refused, Error::Agent(AgentFault::NotASocket { number: 2 })),
        "{refused}"
    );
}

/// A registered client whose agent then writes this to one of its sockets.
fn told(socket: usize, bytes: &[u8]) -> Events {
    let agent = Mute::new();
    let client = agent.client(16, 16);
    client.send(&frame(1, 64)).expect("sent");
    agent.write(socket, bytes);
    client.wait(Events::IN, Some(SOON)).expect("waited")
}

fn received(len: u16) -> Laden {
    let buffer = Buffer::new(0, len).expect("an address");
    Laden::received(buffer, Directed::default(), Flags::empty())
}

#[test]
fn a_descriptor_that_lies_ends_the_connection_and_nothing_else() {
    let whole = |laden: Laden| laden.encode(Layout::B);
    assert_eq!(told(0, &whole(received(64))), Events::IN);
    assert_eq!(told(0, &whole(received(2048))), Events::IN);
    let half = Laden {
        eop: false,
        ..received(64)
    };
    let other = Laden::to_send(Buffer::new(0, 64).expect("an address"), None);
    for lie in [
        received(0),
        received(17),
        received(2049),
        received(u16::MAX),
        half,
        other,
    ] {
        assert_eq!(told(0, &whole(lie)), Events::ERR, "{lie:?}");
    }
    // No buffers were posted on tier 1, and nothing was sent there.
    assert_eq!(told(1, &whole(received(64))), Events::ERR);
    assert_eq!(told(5, &[0; 8]), Events::ERR);
    assert_eq!(told(4, &[0; 16]), Events::ERR);
}

#[test]
fn more_frames_than_there_are_buffers_end_the_connection_after_the_good_ones() {
    let agent = Mute::new();
    let client = agent.client(4, 4);
    agent.write(0, &received(64).encode(Layout::B).repeat(5));
    for _ in 0..4 {
        client.recv(&mut [0; 64]).expect("a good one");
    }
    let ended = client.recv_from(&mut [0; 64], Wait::For(SOON));
    assert!(matches!(ended, Err(Error::NotConnected)), "{ended:?}");
}

#[test]
fn a_frame_that_is_marked_as_damaged_is_counted_and_not_received() {
    let agent = Mute::new();
    let client = agent.client(16, 16);
    let damaged = Laden {
        err: true,
        ..received(64)
    };
    agent.write(0, &damaged.encode(Layout::B).repeat(16));
    crate::agent::eventually("they are counted", || client.statistics().rx_damaged == 16);
    assert_eq!(client.poll(Events::IN), Events::empty());
    agent.write(0, &received(64).encode(Layout::B));
    client
        .recv(&mut [0; 64])
        .expect("the buffers are posted again");
}

#[test]
fn descriptors_come_in_pieces_of_any_size() {
    let agent = Mute::new();
    let client = agent.client(16, 16);
    for byte in received(64).encode(Layout::B) {
        agent.write(0, &[byte]);
    }
    assert_eq!(client.recv(&mut [0; 64]).expect("whole").len, 60);
}

#[test]
fn a_client_whose_agent_lied_registers_anew() {
    let agent = Mute::new();
    let client = agent.client(16, 16);
    agent.write(4, &[0; 800]);
    agent.register();
    crate::agent::eventually("it is back", || client.is_connected());
    agent.hang_up();
    agent.register();
    crate::agent::eventually("it is back", || client.is_connected());
}

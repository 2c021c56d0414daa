//! An agent that registers a client and then does nothing but what it is told.

use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread::JoinHandle;

use descsock_wire::{ConnectAnswer, Version};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

/// The agent's ends of a registered client.
#[derive(Debug)]
pub(crate) struct Mute {
    _doorbell: UnixStream,
    /// RX tiers, then TX tiers.
    pub(crate) sockets: Vec<UnixStream>,
}

impl Mute {
    /// Waits for a client at this doorbell, and for its end.
    pub(crate) fn at(doorbell: &Path) -> JoinHandle<Mute> {
        let listener = UnixListener::bind(doorbell).expect("a doorbell");
        std::thread::spawn(move || {
            let (doorbell, _) = listener.accept().expect("a client");
            Mute::register(doorbell)
        })
    }

    fn register(mut doorbell: UnixStream) -> Mute {
        doorbell.read_exact(&mut [0; 1356]).expect("a registration");
        let answer = ConnectAnswer::accepted(Version::V2).encode();
        doorbell.write_all(&answer).expect("an answer");
        let mut sockets = Vec::new();
        for _ in 0..8 {
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            pass(&doorbell, &theirs);
            sockets.push(ours);
        }
        Mute {
            _doorbell: doorbell,
            sockets,
        }
    }

    /// Completes a frame.
    pub(crate) fn complete_one(&mut self) {
        self.sockets[4].write_all(&[0; 8]).expect("written");
    }
}

fn pass(doorbell: &UnixStream, end: &UnixStream) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let ends = [end.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&ends));
    let flags = SendFlags::NOSIGNAL;
    sendmsg(doorbell, &[IoSlice::new(&[0])], &mut control, flags).expect("passed");
}

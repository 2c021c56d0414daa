//! The sending or receiving end of a connection, for one thread at a time.

use std::os::fd::{AsFd, BorrowedFd};
use std::ptr::NonNull;
use std::time::Duration;

use media::{FrameLoan, Received, Receiver, Sender};
use memif::{Ended, Error, Link, Misuse};

use crate::buffers::{Content, Room};
use crate::failure::{Code, Failure};
use crate::masters::Share;

/// How long a stranger gets to take the last frames, in frame times, and the limits of that.
const LINGER_FRAMES: f64 = 20.0;
const LINGER: [f64; 2] = [1.0, 10.0];

/// One end, with the socket that it came from.
#[derive(Debug)]
pub(crate) struct End {
    way: Way,
    /// Bytes of the largest frame.
    frame_size: usize,
    /// Frames received that the program cannot take.
    oversized: u64,
    /// Behind the link, which must be gone before its socket is.
    _share: Option<Share>,
}

#[derive(Debug)]
enum Way {
    Sending {
        sender: Sender,
        /// The peer's buffers do not hold a frame: programs write elsewhere, and it is copied.
        is_small: bool,
    },
    Receiving(Receiver),
}

/// Something for the program: what is behind it, where it is, and how long.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) content: Content,
    pub(crate) data: *mut u8,
    pub(crate) len: usize,
}

impl End {
    pub(crate) fn open(
        link: Link,
        sends: bool,
        frame_size: usize,
        caps: Option<&media::Caps>,
        share: Option<Share>,
    ) -> Result<Self, Failure> {
        let way = if sends {
            let mut sender = Sender::open(link)?;
            if let Some(caps) = caps {
                sender.set_caps(caps)?;
            }
            let is_small = false;
            Way::Sending { sender, is_small }
        } else {
            Way::Receiving(Receiver::open(link)?)
        };
        Ok(Self {
            way,
            frame_size,
            oversized: 0,
            _share: share,
        })
    }

    /// Room or a frame, if there is one within a short time.
    pub(crate) fn attempt(&mut self, time: Duration) -> Result<Option<Offer>, Failure> {
        let most = self.frame_size;
        match &mut self.way {
            Way::Sending { sender, is_small } => {
                let mut spare = None;
                if *is_small {
                    spare = Some(memory(most)?); // before anything is lent
                }
                match room(sender, is_small, most, time) {
                    Ok(loan) => lent(loan, most, spare).map(Some),
                    Err(error) => none_yet(error),
                }
            }
            Way::Receiving(receiver) => match receiver.recv(Some(time)) {
                Ok(received) if received.len() > most => {
                    self.oversized += 1;
                    Err(oversized(received.len(), most))
                }
                Ok(received) => frame(received).map(Some),
                Err(error) => none_yet(error),
            },
        }
    }

    /// Before waiting on the descriptor: whether there is something already.
    pub(crate) fn arm(&mut self) -> Result<bool, Failure> {
        Ok(match &mut self.way {
            Way::Sending { sender, is_small } => {
                sender.arm_for(wanted(*is_small, self.frame_size))?
            }
            Way::Receiving(receiver) => receiver.arm()?,
        })
    }

    /// When to look again although there was no news.
    pub(crate) fn look_again(&mut self) -> Option<Duration> {
        match &mut self.way {
            Way::Sending { sender, .. } => sender.look_again(),
            Way::Receiving(receiver) => receiver.look_again(),
        }
    }

    pub(crate) fn link(&self) -> &Link {
        match &self.way {
            Way::Sending { sender, .. } => sender.link(),
            Way::Receiving(receiver) => receiver.link(),
        }
    }

    /// Frames lost, and frames received that were of no use.
    pub(crate) fn losses(&self) -> (u64, u64) {
        match &self.way {
            Way::Sending { .. } => (0, 0),
            Way::Receiving(receiver) => {
                let totals = receiver.totals();
                (totals.lost, totals.malformed + self.oversized)
            }
        }
    }

    /// Closes the connection. A receiver of our own takes what was sent also afterwards; a stranger
    /// gets time for it.
    pub(crate) fn close(self, fps: f64) -> Ended {
        let peer = self.link().peer();
        match self.way {
            Way::Sending { sender, .. } => {
                let is_stranger = peer.is_some_and(|peer| !peer.is_ours());
                let frames = if fps > 0.0 { LINGER_FRAMES / fps } else { 0.0 };
                let time = frames.clamp(LINGER[0], LINGER[1]);
                let linger = if is_stranger { time } else { 0.0 };
                sender.close(Duration::from_secs_f64(linger))
            }
            Way::Receiving(receiver) => receiver.close(),
        }
    }
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.way {
            Way::Sending { sender, .. } => sender.as_fd(),
            Way::Receiving(receiver) => receiver.as_fd(),
        }
    }
}

/// Bytes to ask for: of a peer with small buffers, one buffer.
fn wanted(is_small: bool, frame_size: usize) -> usize {
    if is_small { 1 } else { frame_size }
}

/// Room for a frame in one piece, or else one of the peer's buffers.
fn room(
    sender: &mut Sender,
    is_small: &mut bool,
    frame_size: usize,
    time: Duration,
) -> Result<FrameLoan, media::Error> {
    loop {
        match sender.loan(wanted(*is_small, frame_size), Some(time)) {
            Ok(mut loan) => {
                if *is_small || loan.as_mut_ptr().is_some() {
                    return Ok(loan);
                }
                *is_small = true;
            }
            Err(error) if is_too_large(&error) && !*is_small => *is_small = true,
            Err(error) => {
                *is_small &= !error.is_disconnected(); // the next peer may have larger ones
                return Err(error);
            }
        }
    }
}

fn is_too_large(error: &media::Error) -> bool {
    let media::Error::Link(Error::Misuse(misuse)) = error else {
        return false;
    };
    matches!(misuse, Misuse::FrameTooLarge { .. })
}

/// What the program gets of a loan: the room itself if it is large enough, or else memory beside it.
fn lent(mut loan: FrameLoan, frame_size: usize, spare: Option<Vec<u8>>) -> Result<Offer, Failure> {
    let (data, copy) = match loan.as_mut_ptr().filter(|_| loan.len() == frame_size) {
        Some(data) => (data, None),
        None => {
            let mut copy = spare.map_or_else(|| memory(frame_size), Ok)?;
            (copy.as_mut_ptr(), Some(copy))
        }
    };
    let number = 0; // given when it is handed out
    Ok(Offer {
        content: Content::Room(Room { loan, copy, number }),
        data,
        len: frame_size,
    })
}

fn frame(received: Received) -> Result<Offer, Failure> {
    let len = received.len();
    let whole = received.segments().next().filter(|span| span.len() == len);
    let (data, copy) = match whole.map(|span| span.as_ptr().cast_mut()) {
        Some(data) => (data, None),
        None if len == 0 => (NonNull::dangling().as_ptr(), None),
        None => {
            let mut copy = memory(len)?;
            received.copy_to(&mut copy);
            (copy.as_mut_ptr(), Some(copy))
        }
    };
    let content = Content::Frame(received, copy);
    Ok(Offer { content, data, len })
}

/// Memory of our own, which there may not be.
fn memory(bytes: usize) -> Result<Vec<u8>, Failure> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(bytes).map_err(|_| {
        let text = format!("no memory for a copy of {bytes} bytes");
        Failure::new(Code::MemoryAllocation, libc::ENOMEM, text)
    })?;
    memory.resize(bytes, 0);
    Ok(memory)
}

fn none_yet(error: media::Error) -> Result<Option<Offer>, Failure> {
    if error.is_timeout() {
        return Ok(None);
    }
    Err(error.into())
}

/// A frame larger than the program expects would run over what it has set aside.
fn oversized(len: usize, most: usize) -> Failure {
    let text = format!(
        "the sender's frame of {len} bytes is more than the {most} of this connection: \
         give both sides the same width, height and payload; the frame is dropped"
    );
    Failure::new(Code::InvalidParam, libc::EMSGSIZE, text)
}

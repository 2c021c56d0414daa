//! The sending or receiving end of a connection, for one thread at a time.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use media::{FrameLoan, Received, Receiver, Sender};
use memif::{Ended, Error, Link, Misuse};

use crate::buffers::Content;
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
        let attempted = match &mut self.way {
            Way::Sending { sender, is_small } => room(sender, is_small, self.frame_size, time),
            Way::Receiving(receiver) => receiver.recv(Some(time)).map(frame),
        };
        match attempted {
            Ok(offer) => self.check(offer).map(Some),
            Err(error) if error.is_timeout() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A received frame larger than the program expects would run over what it has set aside.
    fn check(&mut self, offer: Offer) -> Result<Offer, Failure> {
        let (len, most) = (offer.len, self.frame_size);
        if len <= most {
            return Ok(offer);
        }
        self.oversized += 1;
        Err(Failure::new(
            Code::InvalidParam,
            libc::EMSGSIZE,
            format!(
                "the sender's frame of {len} bytes is more than the {most} of this connection: \
                 give both sides the same width, height and payload; the frame is dropped"
            ),
        ))
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

fn room(
    sender: &mut Sender,
    is_small: &mut bool,
    frame_size: usize,
    time: Duration,
) -> Result<Offer, media::Error> {
    loop {
        match sender.loan(wanted(*is_small, frame_size), Some(time)) {
            Ok(loan) if *is_small => return Ok(copied_room(loan, frame_size)),
            Ok(loan) => match direct_room(loan, frame_size) {
                Some(offer) => return Ok(offer),
                None => *is_small = true,
            },
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

fn direct_room(mut loan: FrameLoan, frame_size: usize) -> Option<Offer> {
    let data = loan.as_mut_ptr()?;
    Some(Offer {
        content: Content::Room(loan, None),
        data,
        len: frame_size,
    })
}

fn copied_room(loan: FrameLoan, frame_size: usize) -> Offer {
    let mut copy = vec![0; frame_size];
    let data = copy.as_mut_ptr();
    Offer {
        content: Content::Room(loan, Some(copy)),
        data,
        len: frame_size,
    }
}

fn frame(received: Received) -> Offer {
    let len = received.len();
    let whole = received.segments().next().filter(|span| span.len() == len);
    if let Some(data) = whole.map(|span| span.as_ptr().cast_mut()) {
        let content = Content::Frame(received, None);
        return Offer { content, data, len };
    }
    let mut copy = received.to_vec();
    let data = copy.as_mut_ptr();
    let content = Content::Frame(received, Some(copy));
    Offer { content, data, len }
}

//! One TX tier: frames that the client sends, and completions that it gets for them.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use descsock_wire::{
    Buffer, CRC_LEN, Completion, HEADER_LEN, Kind, Laden, Layout, Records, Violation,
};
use switch::{Did, Directed, DropReason, Nti, PEEK_BYTES, Sep, Svc, Tier};

use super::{LARGEST_FRAME, Memory};
use crate::Frame;
use crate::device::{Gone, Incoming, News, Sink};
use crate::inbox::Inbox;
use crate::outbox::Outbox;

/// Frames taken in from one tier before others get their turn.
const BURST: usize = 256;
/// Bytes of completions that wait for the client, beyond which nothing more is read from it.
const MOST_COMPLETIONS: usize = 8192 * Completion::LEN;

/// One pair of frames to send and their completions.
#[derive(Debug)]
pub(super) struct TxTier {
    socket: OwnedFd,
    inbox: Inbox,
    laden: Records<{ Laden::LEN }>,
    outbox: Outbox,
}

impl TxTier {
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            inbox: Inbox::new(),
            laden: Records::new(),
            outbox: Outbox::default(),
        }
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub(super) fn notice(&mut self, news: News) {
        self.inbox.notice(news);
        self.outbox.unblock();
    }

    /// Forwards some of the frames that the client sends; whether there may be more.
    pub(super) fn read_laden(
        &mut self,
        memory: &Memory,
        tier: descsock_wire::Tier,
        layout: &mut Option<Layout>,
        sink: &mut dyn Sink,
    ) -> Result<bool, Gone> {
        if self.outbox.waiting() > MOST_COMPLETIONS {
            return Ok(false); // room for completions is news
        }
        let mut buffer = [0; BURST * Laden::LEN];
        let mut bytes = self.inbox.read(&self.socket, &mut buffer)?;
        while let Some(record) = self.laden.next(&mut bytes) {
            let layout = known(layout, &record)?;
            let laden = Laden::decode(&record, layout, Kind::Tx)?;
            self.outbox.push(&Completion(laden.buffer).encode());
            match read(memory, &laden) {
                Ok(buffer) => forward(memory, buffer, &laden, tier, sink),
                Err(reason) => sink.refuse(reason),
            }
        }
        Ok(self.inbox.is_readable())
    }

    pub(super) fn flush(&mut self) -> Result<(), Gone> {
        self.outbox.flush(&self.socket).map_err(write_failed)
    }
}

/// The layout of this client, which its first descriptor tells if nothing else has.
fn known(layout: &mut Option<Layout>, record: &[u8; Laden::LEN]) -> Result<Layout, Violation> {
    match layout {
        Some(layout) => Ok(*layout),
        None => Ok(*layout.insert(Layout::detect(record)?)),
    }
}

/// The frame's bytes without its CRC, if the descriptor names a whole frame.
fn read(memory: &Memory, laden: &Laden) -> Result<Buffer, DropReason> {
    if !(laden.sop && laden.eop) {
        return Err(DropReason::BrokenChain);
    }
    if laden.err || laden.buffer.len() == 0 {
        return Err(DropReason::BadDescriptor);
    }
    if laden.buffer.len() < HEADER_LEN + CRC_LEN {
        return Err(DropReason::TooShort);
    }
    let length = laden.buffer.len() - CRC_LEN;
    if usize::from(length) > LARGEST_FRAME {
        return Err(DropReason::TooLong);
    }
    match memory.mapping.locate(laden.buffer) {
        Ok(_) => Ok(laden.buffer.with_len(length)),
        Err(_) => Err(DropReason::OutsideMemory),
    }
}

fn forward(
    memory: &Memory,
    buffer: Buffer,
    laden: &Laden,
    tier: descsock_wire::Tier,
    sink: &mut dyn Sink,
) {
    let place = memory.mapping.locate(buffer).ok();
    let span = place.and_then(|place| memory.region.span(place.offset(), place.len().into()));
    let Some(span) = span else {
        return sink.refuse(DropReason::OutsideMemory);
    };
    let mut head = [0; PEEK_BYTES];
    let frame = Frame::shared(span, &mut head);
    if memory.region.is_gone() {
        return sink.refuse(DropReason::MemoryGone);
    }
    sink.forward(Incoming {
        frame,
        tier: Tier::new(tier.value().try_into().unwrap_or(0)).unwrap_or_default(),
        nti: domain(laden),
        directed: directed(laden),
    });
}

/// The domain that a descriptor asks for, directed or not; 0 is the port's.
fn domain(laden: &Laden) -> Option<Nti> {
    let asked = laden.directed.nti.value();
    Nti::new(asked).ok().filter(|_| asked != 0)
}

fn directed(laden: &Laden) -> Option<Directed> {
    let to = laden.destination()?;
    Some(Directed {
        did: Did::new(to.did.value()).ok()?,
        svc: Svc::new(to.svc.value()).ok()?,
        sep: Sep::new(to.sep.value().try_into().ok()?).ok()?,
    })
}

/// For `map_err`: why a socket of a client does not take what it is owed.
pub(super) fn write_failed(source: io::Error) -> Gone {
    match source.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Gone::Closed,
        _ => Gone::Os {
            call: "send",
            source,
        },
    }
}

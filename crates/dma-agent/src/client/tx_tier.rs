//! One TX tier: frames that the client sends, and completions that it gets for them.

mod handover;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use descsock_wire::{Buffer, CRC_LEN, Completion, HEADER_LEN, Kind, Laden, Layout, Violation};
use switch::{DropReason, PEEK_BYTES, Tier};

use super::LARGEST_FRAME;
use crate::device::{Gone, Incoming, News, Sink};
use crate::file::Memory;
use crate::inbox::Inbox;
use crate::outbox::Outbox;
use crate::{Frame, labels};

/// Descriptors read at once.
const READ: usize = 256 * Laden::LEN;
/// Bytes of completions that wait for the client, beyond which nothing more is read from it.
const MOST_COMPLETIONS: usize = 8192 * Completion::LEN;

/// One pair of frames to send and their completions.
#[derive(Debug)]
pub(super) struct TxTier {
    socket: OwnedFd,
    inbox: Inbox,
    /// Descriptors that were read; those before `begin` are done with.
    read: Vec<u8>,
    begin: usize,
    outbox: Outbox,
}

impl TxTier {
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            inbox: Inbox::new(),
            read: Vec::new(),
            begin: 0,
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

    /// Reads descriptors when there are none left.
    pub(super) fn fetch(&mut self) -> Result<(), Gone> {
        if self.next().is_some() || !self.inbox.is_readable() {
            return Ok(());
        }
        self.read.drain(..self.begin); // less than one descriptor stays
        self.begin = 0;
        let mut buffer = [0; READ];
        let bytes = self.inbox.read(&self.socket, &mut buffer)?;
        self.read.extend_from_slice(bytes);
        Ok(())
    }

    /// Whether there is a frame to take in, and room to say that it was taken.
    pub(super) fn has_frames(&self) -> bool {
        self.next().is_some() && self.has_room()
    }

    /// Whether there may be a frame to take in without further news. Room for completions is news.
    pub(super) fn has_more(&self) -> bool {
        self.has_room() && (self.next().is_some() || self.inbox.is_readable())
    }

    fn has_room(&self) -> bool {
        self.outbox.waiting() <= MOST_COMPLETIONS
    }

    /// Forwards the next frame.
    pub(super) fn forward(
        &mut self,
        memory: &Memory,
        tier: Tier,
        layout: &mut Option<Layout>,
        sink: &mut dyn Sink,
    ) -> Result<(), Gone> {
        let Some(record) = self.next().copied() else {
            return Ok(());
        };
        let layout = known(layout, &record)?;
        let laden = Laden::decode(&record, layout, Kind::Tx)?;
        self.begin += Laden::LEN;
        self.outbox.push(&Completion(laden.buffer).encode());
        match read(memory, &laden) {
            Ok(buffer) => forward(memory, buffer, &laden, tier, sink),
            Err(reason) => sink.refuse(reason),
        }
        Ok(())
    }

    #[inline]
    fn next(&self) -> Option<&[u8; Laden::LEN]> {
        self.read.get(self.begin..)?.first_chunk()
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

fn forward(memory: &Memory, buffer: Buffer, laden: &Laden, tier: Tier, sink: &mut dyn Sink) {
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
        tier,
        nti: labels::domain(laden),
        directed: labels::directed(laden),
    });
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

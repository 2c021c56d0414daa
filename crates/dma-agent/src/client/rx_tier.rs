//! One RX tier: buffers that the client posts, and frames that it gets in them.

mod handover;

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use descsock_wire::{Buffer, CRC_LEN, Empty, Laden, Layout, MIN_FRAME, Mapping, Records};
use switch::DropReason;

use super::tx_tier::write_failed;
use crate::Frame;
use crate::device::{Delivered, Gone, News};
use crate::file::Memory;
use crate::inbox::Inbox;
use crate::labels::Labels;
use crate::outbox::Outbox;

/// Buffers that a client may post on one tier and not get back.
const MOST_POSTED: usize = 65_536;
/// Posted buffers read at once.
const READ: usize = 512 * Empty::LEN;

/// One pair of posted buffers and delivered frames.
#[derive(Debug)]
pub(super) struct RxTier {
    socket: OwnedFd,
    inbox: Inbox,
    empties: Records<{ Empty::LEN }>,
    posted: VecDeque<Buffer>,
    /// Whether the client has ever posted anything here.
    is_used: bool,
    outbox: Outbox,
}

impl RxTier {
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            inbox: Inbox::new(),
            empties: Records::new(),
            posted: VecDeque::new(),
            is_used: false,
            outbox: Outbox::default(),
        }
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub(super) fn is_used(&self) -> bool {
        self.is_used
    }

    pub(super) fn notice(&mut self, news: News) {
        self.inbox.notice(news);
        self.outbox.unblock();
    }

    /// Reads some of the buffers that the client has posted; whether there may be more.
    pub(super) fn read_empties(&mut self, mapping: &Mapping) -> Result<bool, Gone> {
        let mut buffer = [0; READ];
        let mut bytes = self.inbox.read(&self.socket, &mut buffer)?;
        while let Some(record) = self.empties.next(&mut bytes) {
            let posted = Empty::decode(&record).0;
            mapping.locate(posted)?;
            self.posted.push_back(posted);
            self.is_used = true;
        }
        if self.posted.len() > MOST_POSTED {
            return Err(Gone::TooManyBuffers {
                posted: self.posted.len(),
                most: MOST_POSTED,
            });
        }
        Ok(self.inbox.is_readable())
    }

    /// Whether there is a buffer for another frame.
    pub(super) fn has_buffers(&self) -> bool {
        !self.posted.is_empty()
    }

    pub(super) fn flush(&mut self) -> Result<(), Gone> {
        self.outbox.flush(&self.socket).map_err(write_failed)
    }

    /// Frames that the client has not been told of.
    pub(super) fn undelivered(&self) -> usize {
        self.outbox.waiting().div_ceil(Laden::LEN)
    }

    /// Writes a frame to the first posted buffer.
    pub(super) fn place(
        &mut self,
        memory: &mut Memory,
        frame: &Frame<'_>,
        labels: Labels,
        layout: Option<Layout>,
    ) -> Delivered {
        let Some(&buffer) = self.posted.front() else {
            return Err(DropReason::NoReceiveBuffer);
        };
        let length = wire_length(frame.len()).filter(|length| *length <= buffer.len());
        let length = length.ok_or(DropReason::TooLong)?;
        // Judged when it was posted, and the mapping does not change.
        let place = memory.mapping.locate(buffer);
        let place = place.map_err(|_| DropReason::OutsideMemory)?;
        let span = memory.region.span_mut(place.offset(), length.into());
        let mut span = span.ok_or(DropReason::OutsideMemory)?;
        let written = frame.copy_to_span(&mut span);
        span.write_at(written, &[0; PADDING][..usize::from(length) - written]);
        self.posted.pop_front();
        let laden = labels.on(buffer.with_len(length));
        self.outbox.push(&match layout {
            Some(layout) => laden.encode(layout),
            None => laden.encode_for_both(),
        });
        Ok(())
    }
}

/// The most that may be behind a frame: up to the shortest length, and a CRC.
const PADDING: usize = (MIN_FRAME + CRC_LEN) as usize;

/// Bytes of a frame on the wire: padded to the shortest frame, and with a CRC.
fn wire_length(frame: usize) -> Option<u16> {
    let frame = u16::try_from(frame).ok()?;
    frame.max(MIN_FRAME).checked_add(CRC_LEN)
}

#[cfg(test)]
mod tests {
    use super::wire_length;

    #[test]
    fn a_frame_on_the_wire_has_its_crc_and_is_never_too_short() {
        assert_eq!(wire_length(14), Some(64));
        assert_eq!(wire_length(60), Some(64));
        assert_eq!(wire_length(61), Some(65));
        assert_eq!(wire_length(2044), Some(2048));
        assert_eq!(wire_length(65_535), None);
    }
}

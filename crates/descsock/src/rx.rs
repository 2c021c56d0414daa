//! The receiving half of a client: frames that wait for the program, wherever they are.

use crate::kept::Kept;
use crate::rx_buffers::RxBuffers;
use crate::rx_rings::RxRings;
use crate::shared::Status;
use crate::{Batch, Error, Received};

/// Frames that are taken out of rings together for calls that take one.
const AHEAD: usize = 16;

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct Rx {
    /// The next ones, before those of the source.
    kept: Kept,
    most_kept: usize,
    source: Source,
    pub(crate) status: Status,
    /// Calls that wait for a frame.
    pub(crate) waiting: u32,
    /// The connection was lost, and nobody was told.
    pub(crate) is_news: bool,
}

/// Where frames come from.
#[derive(Debug, Default)]
pub(crate) enum Source {
    /// There is no connection.
    #[default]
    Nothing,
    /// The client's file; the worker hears of them by sockets.
    Buffers(Box<RxBuffers>),
    /// Rings, at which the program itself looks.
    Rings(Box<RxRings>),
}

/// Frames that were on their way to the program when the connection ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Left {
    /// Their memory vanished.
    pub(crate) vanished: u64,
    /// There was no room to keep them.
    pub(crate) dropped: u64,
}

impl Rx {
    /// Of a client that is not connected. It keeps so many frames of connections that are over.
    pub(crate) fn new(most_kept: u32) -> Self {
        Self {
            kept: Kept::default(),
            most_kept: most_kept as usize,
            source: Source::Nothing,
            status: Status::Up,
            waiting: 0,
            is_news: false,
        }
    }

    /// Whether there is no frame, as far as was looked.
    pub(crate) fn is_empty(&self) -> bool {
        let is_ready = matches!(&self.source, Source::Buffers(buffers) if !buffers.is_empty());
        self.kept.is_empty() && !is_ready
    }

    /// Whether a descriptor that tells of frames and of the end tells of something.
    pub(crate) fn is_lit(&self) -> bool {
        !self.is_empty() || self.is_news || self.status == Status::Closed
    }

    /// Looks whether frames have come.
    #[inline]
    pub(crate) fn look(&mut self) {
        if let Source::Rings(rings) = &mut self.source
            && self.kept.is_empty()
        {
            rings.keep(AHEAD, &mut self.kept);
        }
    }

    /// Takes in, and so counts, what has come.
    pub(crate) fn look_at_all(&mut self) {
        if let Source::Rings(rings) = &mut self.source {
            let room = self.most_kept.saturating_sub(self.kept.len());
            rings.keep(room, &mut self.kept);
        }
    }

    /// Has the worker hear of frames that come by rings; whether there are some already.
    pub(crate) fn arm(&mut self) -> bool {
        match &mut self.source {
            Source::Rings(rings) => rings.arm(),
            _ => false,
        }
    }

    /// Looks whether frames have come; if there are none, the worker will hear of those that come.
    pub(crate) fn listen(&mut self) {
        self.look();
        if let Source::Rings(rings) = &mut self.source
            && self.kept.is_empty()
            && rings.arm()
        {
            rings.keep(AHEAD, &mut self.kept);
        }
    }

    /// Copies the next frame out, all of it or, with `truncate`, what fits.
    #[inline]
    pub(crate) fn take(
        &mut self,
        target: &mut [u8],
        truncate: bool,
    ) -> Result<Option<Received>, Error> {
        self.look();
        match &mut self.source {
            Source::Buffers(buffers) if self.kept.is_empty() => buffers.take(target, truncate),
            _ => self.kept.take(target, truncate),
        }
    }

    /// Copies up to `most` frames to the end of a batch; how many.
    #[inline]
    pub(crate) fn take_batch(&mut self, batch: &mut Batch, most: usize) -> usize {
        let mut taken = 0;
        while taken < most && batch.push(|target| self.kept.take_to(target)) {
            taken += 1;
        }
        match &mut self.source {
            Source::Nothing => {}
            Source::Buffers(buffers) => {
                while taken < most && batch.push(|target| buffers.take_to(target)) {
                    taken += 1;
                }
            }
            Source::Rings(rings) => taken += rings.take_batch(batch, most - taken),
        }
        taken
    }

    /// Whether there are free buffers that the worker should give back now.
    #[inline]
    pub(crate) fn has_enough_freed(&self) -> bool {
        matches!(&self.source, Source::Buffers(buffers) if buffers.has_enough_freed())
    }

    /// The buffers of the client's file, while frames come in them.
    pub(crate) fn buffers(&mut self) -> Option<&mut RxBuffers> {
        match &mut self.source {
            Source::Buffers(buffers) => Some(buffers),
            _ => None,
        }
    }

    /// From here come the next frames.
    pub(crate) fn connect(&mut self, source: Source) {
        self.source = source;
    }

    /// The connection is over: keeps the frames that have come.
    pub(crate) fn disconnect(&mut self) -> Left {
        let most = self.most_kept;
        match std::mem::take(&mut self.source) {
            Source::Nothing => Left::default(),
            Source::Buffers(buffers) => buffers.leave(most, &mut self.kept),
            Source::Rings(rings) => rings.leave(most, &mut self.kept),
        }
    }
}

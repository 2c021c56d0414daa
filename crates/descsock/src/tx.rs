//! The sending half of a client: where the program's frames go.

use std::collections::VecDeque;

use crate::Route;
use crate::shared::Status;
use crate::tx_buffers::TxBuffers;
use crate::tx_rings::TxRings;

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct Tx {
    sink: Sink,
    /// Frames that the last connection had not begun.
    unsent: VecDeque<Unsent>,
    pub(crate) status: Status,
    /// Calls that wait for room.
    pub(crate) waiting: u32,
    /// The connection was lost, and no sender was told.
    pub(crate) is_news: bool,
}

/// Where frames go.
#[derive(Debug, Default)]
pub(crate) enum Sink {
    /// There is no connection.
    #[default]
    Nothing,
    /// The client's file; the worker sends their descriptors.
    Buffers(Box<TxBuffers>),
    /// Rings, which the program itself fills.
    Rings(Box<TxRings>),
}

/// A frame in memory of our own, between two connections.
#[derive(Debug)]
pub(crate) struct Unsent {
    pub(crate) frame: Vec<u8>,
    pub(crate) route: Route,
}

impl Tx {
    /// Of a client that is not connected.
    pub(crate) fn new() -> Self {
        Self {
            sink: Sink::Nothing,
            unsent: VecDeque::new(),
            status: Status::Up,
            waiting: 0,
            is_news: false,
        }
    }

    /// Whether a descriptor that tells of room and of the end tells of something.
    pub(crate) fn is_lit(&mut self) -> bool {
        self.has_room() || self.is_news || self.status == Status::Closed
    }

    /// Whether a frame could be sent now.
    pub(crate) fn has_room(&mut self) -> bool {
        self.status == Status::Up
            && match &mut self.sink {
                Sink::Nothing => false,
                Sink::Buffers(buffers) => buffers.has_room(),
                Sink::Rings(rings) => rings.has_room(),
            }
    }

    /// If there is no room, the worker will hear when there is.
    pub(crate) fn listen(&mut self) {
        if let Sink::Rings(rings) = &mut self.sink
            && !rings.has_room()
        {
            rings.arm();
        }
    }

    /// Whether frames go by rings.
    pub(crate) fn is_by_rings(&self) -> bool {
        matches!(self.sink, Sink::Rings(_))
    }

    /// Takes a frame that is not too long, padded to the shortest frame; it goes at the next [`Tx::flush`]. Returns its
    /// bytes on the wire; `None` without room.
    #[inline]
    pub(crate) fn push(&mut self, frame: &[u8], route: &Route) -> Option<u16> {
        match &mut self.sink {
            Sink::Nothing => None,
            Sink::Buffers(buffers) => buffers.push(frame, route),
            Sink::Rings(rings) => rings.push(frame, route),
        }
    }

    /// Hands over what was taken. Whether the worker has to do the rest.
    #[inline]
    pub(crate) fn flush(&mut self) -> bool {
        match &mut self.sink {
            Sink::Nothing => false,
            Sink::Buffers(_) => true,
            Sink::Rings(rings) => {
                rings.flush();
                false
            }
        }
    }

    /// The buffers of the client's file, while frames go in them.
    pub(crate) fn buffers(&mut self) -> Option<&mut TxBuffers> {
        match &mut self.sink {
            Sink::Buffers(buffers) => Some(buffers),
            _ => None,
        }
    }

    /// Whether no frame is queued or with the agent.
    pub(crate) fn is_idle(&mut self) -> bool {
        match &mut self.sink {
            Sink::Nothing => true,
            Sink::Buffers(buffers) => buffers.is_idle(),
            Sink::Rings(rings) => rings.underway() == 0,
        }
    }

    /// There go the next frames, after those of the last connection. Returns how many of these found no room.
    pub(crate) fn connect(&mut self, sink: Sink) -> u64 {
        self.sink = sink;
        let mut lost = 0;
        while let Some(Unsent { frame, route }) = self.unsent.pop_front() {
            lost += u64::from(self.push(&frame, &route).is_none());
        }
        self.flush();
        lost
    }

    /// The connection is over. Keeps the frames that were not begun. Returns how many the agent may or may not have sent,
    /// and how many vanished with their memory.
    pub(crate) fn disconnect(&mut self) -> u64 {
        match std::mem::take(&mut self.sink) {
            Sink::Nothing => 0,
            Sink::Buffers(buffers) => buffers.leave(&mut self.unsent),
            Sink::Rings(mut rings) => rings.underway(),
        }
    }
}

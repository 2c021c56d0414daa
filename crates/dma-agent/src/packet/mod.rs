//! The port of a network interface, by a packet socket: the way out to a network.
//!
//! Frames that come in are brought to the form that they have on a wire: the VLAN tag that the system has taken out is
//! put back, checksums that were left to the card are written, and pieces larger than a frame are cut into frames. What
//! this host itself sends by the interface is not seen, and what tenants send there does not reach this host.

mod checksum;
mod offload;
mod socket;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::io::Errno;
use switch::{DropReason, Stamp};

use crate::device::{Delivered, Device, Gone, News, Sink, Source, forward_own};
use crate::interface::{Interface, drop_reason};
use crate::{Frame, LARGEST_FRAME};
use offload::Undone;
use socket::{PacketSocket, Received};

/// Frames taken in before others get their turn.
const BURST: usize = 128;
/// The largest piece there can be, and its Ethernet header.
const ROOM: usize = 65_536 + 64;
/// A VLAN tag.
const TAG: usize = 4;
/// Both addresses; behind them is the place of a tag.
const ADDRESSES: usize = 12;
/// How often an interface that went is looked for.
const RETRY: Duration = Duration::from_millis(500);

/// Why an interface cannot be a port.
#[derive(Debug, thiserror::Error)]
#[error("interface {interface}: cannot {what}: {source}")]
pub struct PacketError {
    /// The interface.
    pub interface: String,
    /// What was tried.
    pub what: &'static str,
    /// The system's error.
    pub source: io::Error,
}

/// A network interface as a port. When it goes down or vanishes, the port waits for it, or for another one of that name.
#[derive(Debug)]
pub struct PacketDevice {
    socket: PacketSocket,
    interface: Interface,
    promiscuous: bool,
    /// Number of the interface that the socket is at.
    index: u32,
    is_up: bool,
    /// Whether there may be frames, as far as known.
    readable: bool,
    /// Room for a tag, and a frame.
    incoming: Box<[u8]>,
    segment: Vec<u8>,
    outgoing: Box<[u8; LARGEST_FRAME]>,
}

impl PacketDevice {
    /// Opens an interface by its name. A promiscuous one takes in frames for all hosts, as a switch has to if more than
    /// this host's own address is behind the port.
    ///
    /// # Errors
    /// [`PacketError`], most often because there is no such interface or this process has not the right `CAP_NET_RAW`.
    pub fn open(interface: &str, promiscuous: bool) -> Result<Self, PacketError> {
        let failed = |what| {
            let interface = interface.to_owned();
            move |source| PacketError {
                interface,
                what,
                source,
            }
        };
        let socket = PacketSocket::new().map_err(failed("make a packet socket"))?;
        let known = Interface::named(interface).map_err(failed("make a socket"))?;
        let index = known.index().map_err(failed("find it"))?;
        if !known.is_ethernet().map_err(failed("find it"))? {
            let other = io::Error::other("its frames are not Ethernet's");
            return Err(failed("use it")(other));
        }
        let mut device = Self {
            socket,
            interface: known,
            promiscuous,
            index: 0,
            is_up: true,
            readable: true,
            incoming: vec![0; ROOM].into(),
            segment: Vec::new(),
            outgoing: Box::new([0; LARGEST_FRAME]),
        };
        device.attach(index).map_err(failed("listen there"))?;
        Ok(device)
    }

    /// The interface's largest payload, in bytes.
    ///
    /// # Errors
    /// [`PacketError`]; the interface may be gone.
    pub fn mtu(&self) -> Result<u32, PacketError> {
        self.interface.mtu().map_err(|source| PacketError {
            interface: self.interface.name().to_owned(),
            what: "ask for its MTU",
            source,
        })
    }

    fn attach(&mut self, index: u32) -> io::Result<()> {
        if self.promiscuous {
            self.socket.be_promiscuous(index)?;
        }
        self.socket.bind(index)?;
        self.index = index;
        Ok(())
    }

    /// Whether the interface is there again.
    fn recover(&mut self) -> bool {
        let Ok(index) = self.interface.index() else {
            return false;
        };
        // At the same interface the system goes on by itself.
        let attached = index == self.index || self.attach(index).is_ok();
        let is_up = attached && self.interface.is_up().unwrap_or(false);
        if is_up {
            tracing::info!(interface = self.interface.name(), "up");
        }
        is_up
    }

    /// Takes in one frame, if there is one.
    fn receive_one(&mut self, sink: &mut dyn Sink) -> Result<(), Gone> {
        match self.socket.receive(&mut self.incoming[TAG..]) {
            Ok(Some(received)) => self.take_in(&received, sink),
            Ok(None) => {
                self.readable = false;
                let lost = self.socket.lost().unwrap_or(0);
                (0..lost).for_each(|_| sink.refuse(DropReason::QueueFull));
            }
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::NETDOWN) => {
                    tracing::warn!(interface = self.interface.name(), "down");
                    self.is_up = false;
                }
                // A piece of a kind that even the header in front of it has no word for.
                Some(Errno::INVAL) => sink.refuse(DropReason::TooLong),
                _ => {
                    let call = "recvmsg";
                    return Err(Gone::Os {
                        call,
                        source: error,
                    });
                }
            },
        }
        Ok(())
    }

    fn take_in(&mut self, received: &Received, sink: &mut dyn Sink) {
        if received.is_own {
            return;
        }
        if received.is_cut {
            return sink.refuse(DropReason::TooLong);
        }
        let end = TAG + received.bytes;
        let start = match received.tag {
            Some(_) if received.bytes < ADDRESSES => return sink.refuse(DropReason::TooShort),
            Some(tag) => {
                self.incoming.copy_within(TAG..TAG + ADDRESSES, 0);
                self.incoming[ADDRESSES..ADDRESSES + TAG].copy_from_slice(&tag);
                0
            }
            None => TAG,
        };
        let frame = &mut self.incoming[start..end];
        let finished = match Undone::read(&received.offload, TAG - start) {
            Ok(Undone::Nothing) => {
                forward_own(frame, sink);
                Ok(())
            }
            Ok(Undone::Checksum(from, at)) => {
                offload::complete(frame, from, at).map(|()| forward_own(frame, sink))
            }
            Ok(Undone::Segments(pieces)) => {
                pieces.cut(frame, &mut self.segment, |piece| forward_own(piece, sink))
            }
            Err(hopeless) => Err(hopeless),
        };
        if finished.is_err() {
            sink.refuse(DropReason::TooLong);
        }
    }
}

impl Device for PacketDevice {
    fn kind(&self) -> &'static str {
        "packet"
    }

    fn watch(
        &self,
        watch: &mut dyn FnMut(Source, BorrowedFd<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        watch(Source(0), self.socket.as_fd())
    }

    fn notice(&mut self, _: News) {
        self.readable = true;
    }

    fn receive(&mut self, sink: &mut dyn Sink) -> Result<bool, Gone> {
        if !self.is_up {
            self.is_up = self.recover();
            self.readable = true; // what came meanwhile was perhaps no news
        }
        for _ in 0..BURST {
            if !self.readable || !self.is_up {
                return Ok(false);
            }
            self.receive_one(sink)?;
        }
        Ok(self.readable)
    }

    fn deliver(&mut self, frame: &Frame<'_>, _: &Stamp) -> Delivered {
        let room = self.outgoing.get_mut(..frame.len());
        let room = room.ok_or(DropReason::TooLong)?;
        let length = frame.copy_to(room);
        let sent = self.socket.send(&self.outgoing[..length]);
        sent.map_err(|error| drop_reason(&error))
    }

    fn flush(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    fn undelivered(&self) -> u64 {
        0
    }

    fn largest(&self) -> usize {
        LARGEST_FRAME
    }

    fn look_again(&mut self) -> Option<Duration> {
        (!self.is_up).then_some(RETRY)
    }
}

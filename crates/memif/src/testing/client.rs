//! A client on a raw socket: connects, owns the memory, and lies when told to.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::bytes::kinds;
use super::datagrams::{AddRegion, AddRing, Disconnect, Hello, Init, Name};
use super::layout::{Layout, Memory};
use super::receiving::Receiving;
use super::ring::{RawRing, bell};
use super::sending::Sending;
use super::setup::{Setup, Step};
use super::socket::{PATIENCE, Received, Wire};
use super::traffic::Regions;

/// A client on a raw socket. Dropped, it is gone as a killed process would be.
#[derive(Debug)]
pub struct RawClient {
    wire: Wire,
    setup: Setup,
    memory: Memory,
    step: Step,
    tx: Vec<Sending>,
    rx: Vec<Receiving>,
}

impl RawClient {
    /// Connects the socket and lays out the memory; nothing is said yet.
    pub fn connect(address: impl AsRef<Path>, setup: Setup) -> io::Result<RawClient> {
        RawClient::over(Wire::connect(address)?, setup)
    }

    /// The same on a socket that is connected.
    pub fn over(wire: Wire, setup: Setup) -> io::Result<RawClient> {
        let memory = Memory::new(&setup.layout)?;
        let mut client = RawClient {
            wire,
            setup,
            memory,
            step: Step::Socket,
            tx: Vec::new(),
            rx: Vec::new(),
        };
        client.lay_rings()?;
        Ok(client)
    }

    /// Connects and shakes hands, honestly and completely.
    pub fn up(address: impl AsRef<Path>, setup: Setup) -> io::Result<RawClient> {
        let mut client = RawClient::connect(address, setup)?;
        client.handshake()?;
        Ok(client)
    }

    /// The honest handshake, from wherever it stands to the end.
    pub fn handshake(&mut self) -> io::Result<()> {
        self.advance(Step::Up)
    }

    /// The honest handshake, until `step` is done.
    pub fn advance(&mut self, step: Step) -> io::Result<()> {
        while self.step < step {
            self.step = self.one_step()?;
        }
        Ok(())
    }

    /// Sends any bytes with any fds.
    pub fn send_bytes(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.wire.send(bytes, fds)
    }

    /// The next message.
    pub fn receive(&self, timeout: Duration) -> io::Result<Received> {
        self.wire.receive(timeout)
    }

    /// Waits for HELLO.
    pub fn hello(&self) -> io::Result<Hello> {
        let message = self.wire.expect(kinds::HELLO, PATIENCE)?;
        message.datagram().map(Hello::parse)
    }

    /// Waits for an ACK.
    pub fn ack(&self) -> io::Result<()> {
        self.wire.expect(kinds::ACK, PATIENCE).map(drop)
    }

    /// Waits until the server has closed; the reason it gave, if any.
    pub fn rejected(&self, timeout: Duration) -> io::Result<Option<String>> {
        self.wire.closed(timeout)
    }

    /// Sends INIT, changed by `lie`.
    pub fn send_init(&self, lie: impl FnOnce(&mut Init)) -> io::Result<()> {
        let mut init = self.setup.init.clone();
        lie(&mut init);
        self.wire.send(&init.compose(&self.setup.manner), &[])
    }

    /// Sends ADD_REGION for one of our regions with its fd, changed by `lie`.
    pub fn send_region(&self, index: u16, lie: impl FnOnce(&mut AddRegion)) -> io::Result<()> {
        let file = self.memory.regions[usize::from(index)].file.as_fd();
        self.send_region_with(index, &[file], lie)
    }

    /// Sends ADD_REGION for one of our regions with any fds, changed by `lie`.
    pub fn send_region_with(
        &self,
        index: u16,
        fds: &[BorrowedFd<'_>],
        lie: impl FnOnce(&mut AddRegion),
    ) -> io::Result<()> {
        let size = self.memory.regions[usize::from(index)].size();
        let mut message = AddRegion { index, size };
        lie(&mut message);
        self.wire.send(&message.compose(&self.setup.manner), fds)
    }

    /// Sends ADD_RING for one of our rings with its eventfd, changed by `lie`.
    pub fn send_ring(
        &self,
        is_s2m: bool,
        index: u16,
        lie: impl FnOnce(&mut AddRing),
    ) -> io::Result<()> {
        let bell = self.raw(is_s2m, index).bell();
        self.send_ring_with(is_s2m, index, &[bell], lie)
    }

    /// Sends ADD_RING for one of our rings with any fds, changed by `lie`.
    pub fn send_ring_with(
        &self,
        is_s2m: bool,
        index: u16,
        fds: &[BorrowedFd<'_>],
        lie: impl FnOnce(&mut AddRing),
    ) -> io::Result<()> {
        let mut message = self.setup.layout.add_ring(is_s2m, index);
        lie(&mut message);
        self.wire.send(&message.compose(&self.setup.manner), fds)
    }

    /// Sends CONNECT.
    pub fn send_connect(&self) -> io::Result<()> {
        let name = self.setup.if_name.clone();
        let message = Name {
            kind: kinds::CONNECT,
            name,
        };
        self.wire.send(&message.compose(&self.setup.manner), &[])
    }

    /// Sends DISCONNECT; the socket stays open.
    pub fn send_disconnect(&self, text: &str) -> io::Result<()> {
        let message = Disconnect {
            code: 0,
            text: text.into(),
        };
        self.wire.send(&message.compose(&self.setup.manner), &[])
    }

    /// The control connection.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// The memory, to look into or to truncate.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The sending end of an S2M ring.
    pub fn tx(&mut self, queue: u16) -> &mut Sending {
        &mut self.tx[usize::from(queue)]
    }

    /// The receiving end of an M2S ring.
    pub fn rx(&mut self, queue: u16) -> &mut Receiving {
        &mut self.rx[usize::from(queue)]
    }

    /// One of our rings, to lie with.
    pub fn raw(&self, is_s2m: bool, index: u16) -> &RawRing {
        match is_s2m {
            true => self.tx[usize::from(index)].raw(),
            false => self.rx[usize::from(index)].raw(),
        }
    }

    fn one_step(&mut self) -> io::Result<Step> {
        match self.step {
            Step::Socket => self.hello().map(|_| Step::Hello),
            Step::Hello => self.step_init(),
            Step::Init => self.step_regions(),
            Step::Regions => self.step_rings(),
            Step::Rings | Step::Up => self.step_connect(),
        }
    }

    fn step_init(&self) -> io::Result<Step> {
        self.send_init(|_| ())?;
        self.ack()?;
        Ok(Step::Init)
    }

    fn step_regions(&self) -> io::Result<Step> {
        for index in 0..self.memory.regions.len() {
            let index = u16::try_from(index).expect("a layout has one region or two");
            self.send_region(index, |_| ())?;
            self.ack()?;
        }
        Ok(Step::Regions)
    }

    fn step_rings(&self) -> io::Result<Step> {
        let Layout { s2m, m2s, .. } = self.setup.layout;
        let rings = (0..s2m).map(|i| (true, i));
        for (is_s2m, index) in rings.chain((0..m2s).map(|i| (false, i))) {
            self.send_ring(is_s2m, index, |_| ())?;
            self.ack()?;
        }
        Ok(Step::Rings)
    }

    /// Buffers are posted only now: servers may zero the indexes at CONNECT.
    fn step_connect(&self) -> io::Result<Step> {
        self.send_connect()?;
        self.wire.expect(kinds::CONNECTED, PATIENCE)?;
        for rx in &self.rx {
            rx.post(self.setup.layout.slots());
        }
        Ok(Step::Up)
    }

    fn lay_rings(&mut self) -> io::Result<()> {
        let layout = self.setup.layout;
        let mappings = self.memory.regions.iter().map(|r| Arc::clone(&r.mapping));
        let regions: Regions = Arc::new(mappings.collect());
        for index in 0..layout.s2m {
            let ring = self.lay_ring(layout.position(true, index))?;
            let regions = Arc::clone(&regions);
            self.tx.push(Sending::client(ring, regions, layout, index));
        }
        for index in 0..layout.m2s {
            let position = layout.position(false, index);
            let ring = self.lay_ring(position)?;
            let regions = Arc::clone(&regions);
            self.rx
                .push(Receiving::client(ring, regions, layout, position));
        }
        Ok(())
    }

    fn lay_ring(&self, position: u16) -> io::Result<RawRing> {
        let layout = &self.setup.layout;
        let memory = Arc::clone(&self.memory.regions[0].mapping);
        let offset = layout.ring_offset(position);
        let ring = RawRing::new(memory, offset, layout.line, layout.log2_slots, bell()?);
        ring.reset();
        Ok(ring)
    }
}

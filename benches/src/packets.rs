//! Packets per second in one direction over a Memwire link: copied in from private memory in bursts, copied out to
//! private memory.

use std::time::Instant;

use anyhow::{Result, ensure};
use memif::{LinkOptions, Rx, Tx, Wait};

use crate::exchange::{Exchange, PATIENCE, Run, Work};
use crate::figures::Sample;
use crate::links::{self, Direction};
use crate::stamp;

/// Packets that are sent and received together.
const BURST: usize = 64;
/// Packets of a run, unless they are large: then fewer, of so many bytes together.
const PACKETS_A_RUN: u64 = 8_000_000;
const BYTES_A_RUN: u64 = 4_000_000_000;

/// The exchange: the second process sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packets {
    /// Which way.
    pub(crate) direction: Direction,
    /// Bytes of a packet.
    pub(crate) bytes: usize,
}

impl Exchange for Packets {
    fn measure(&self, run: &Run) -> Result<Sample> {
        let work = self.work(run);
        let peer = run.start_peer()?;
        let mut link = self.direction.receiving(run, options())?;
        let mut receiver = Receiver::new(link.rx(0)?, self.bytes);
        while receiver.received < work.warm_up {
            receiver.receive()?;
        }
        let (started, before) = (Instant::now(), receiver.received);
        while receiver.received < work.total() {
            receiver.receive()?;
        }
        let took = started.elapsed();
        peer.finish()?;
        receiver.expect_no_more(work.total())?;
        Ok(Sample::of_rate(work.total() - before, took))
    }

    fn accompany(&self, run: &Run) -> Result<()> {
        let work = self.work(run);
        let mut link = self.direction.sending(run, options())?;
        let mut sender = Sender::new(link.tx(0)?, self.bytes);
        while sender.sent < work.total() {
            let most = usize::try_from(work.total() - sender.sent)?;
            sender.send(most.min(BURST))?;
        }
        links::close(link)
    }
}

impl Packets {
    fn work(&self, run: &Run) -> Work {
        let packets = PACKETS_A_RUN.min(BYTES_A_RUN / self.bytes as u64);
        run.work(packets, 4 * BURST as u64)
    }
}

fn options() -> LinkOptions {
    LinkOptions::new(0).wait(Wait::Poll).prefault(true)
}

/// Takes packets out, and proves each.
struct Receiver {
    rx: Rx,
    blank: Vec<u8>,
    packet: Vec<u8>,
    received: u64,
}

impl Receiver {
    fn new(rx: Rx, bytes: usize) -> Self {
        Self {
            rx,
            blank: stamp::blank(bytes),
            packet: vec![0; bytes],
            received: 0,
        }
    }

    /// One burst; waits for it.
    fn receive(&mut self) -> Result<()> {
        let burst = self.rx.burst(BURST)?;
        if burst.is_empty() {
            drop(burst);
            return Ok(self.rx.wait(PATIENCE)?);
        }
        for packet in burst.iter() {
            let bytes = packet.len();
            ensure!(bytes == self.packet.len(), "a packet of {bytes} bytes came");
            packet.copy_to(&mut self.packet);
            stamp::check(&self.packet, self.received, &self.blank)?;
            self.received += 1;
        }
        Ok(())
    }

    fn expect_no_more(&mut self, sent: u64) -> Result<()> {
        let received = self.received;
        ensure!(
            received == sent && self.rx.burst(1).map_or(true, |burst| burst.is_empty()),
            "of {sent} packets more than {received} came"
        );
        Ok(())
    }
}

/// Copies packets in, from as many private buffers as a burst has.
struct Sender {
    tx: Tx,
    packets: Vec<u8>,
    bytes: usize,
    sent: u64,
}

impl Sender {
    fn new(tx: Tx, bytes: usize) -> Self {
        let packets = stamp::blank(bytes).repeat(BURST);
        Self {
            tx,
            packets,
            bytes,
            sent: 0,
        }
    }

    /// One burst of `count`; waits for room.
    fn send(&mut self, count: usize) -> Result<()> {
        let Self { packets, bytes, .. } = self;
        let packets = packets.chunks_exact_mut(*bytes).take(count);
        for (packet, number) in packets.zip(self.sent..) {
            stamp::stamp(packet, number);
        }
        let frames: [&[u8]; BURST] =
            std::array::from_fn(|index| &self.packets[index * self.bytes..][..self.bytes]);
        let mut left = &frames[..count];
        while !left.is_empty() {
            let sent = self.tx.send_burst(left)?;
            if sent == 0 {
                self.tx.wait(PATIENCE)?;
            }
            left = &left[sent..];
        }
        self.sent += count as u64;
        Ok(())
    }
}

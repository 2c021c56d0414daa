//! Round trips of 64 bytes over a Memwire link: there on one ring, back on the other, copied in and out at both ends.

use std::time::Instant;

use anyhow::{Result, ensure};
use memif::{Link, LinkOptions, Role, Rx, Tx, Wait};

use crate::exchange::{Exchange, PATIENCE, Run, Work};
use crate::figures::Sample;
use crate::{links, stamp};

/// Bytes of a packet.
const BYTES: usize = 64;

/// The exchange: the second process sends back what it gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo {
    /// How both wait.
    pub(crate) wait: Wait,
    /// How both receive.
    pub(crate) receive: Receive,
}

/// The two ways to receive.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Receive {
    /// [`Rx::burst`]: packets are looked at and given back together.
    Burst,
    /// [`Rx::recv`]: a frame is owned, and may go to another thread.
    Owned,
}

impl Exchange for Echo {
    fn measure(&self, run: &Run) -> Result<Sample> {
        let work = self.work(run);
        let peer = run.start_peer()?;
        let mut ends = self.open(Role::Server, run)?;
        let blank = stamp::blank(BYTES);
        let (mut packet, mut reply) = (blank.clone(), vec![0; BYTES]);
        let mut marks = Vec::with_capacity(usize::try_from(work.measured)? + 1);
        for number in 1..=work.total() {
            stamp::stamp(&mut packet, number);
            ends.send(&packet)?;
            ends.receive(self.receive, &mut reply)?;
            stamp::check(&reply, number, &blank)?;
            if number >= work.warm_up {
                marks.push(Instant::now());
            }
        }
        peer.finish()?;
        Ok(Sample::of_trips(&marks))
    }

    fn accompany(&self, run: &Run) -> Result<()> {
        let mut ends = self.open(Role::Client, run)?;
        let mut packet = vec![0; BYTES];
        for _ in 0..self.work(run).total() {
            ends.receive(self.receive, &mut packet)?;
            ends.send(&packet)?;
        }
        links::close(ends.link)
    }
}

impl Echo {
    fn work(self, run: &Run) -> Work {
        match self.wait {
            Wait::Poll => run.work(200_000, 1_000),
            _ => run.work(20_000, 500),
        }
    }

    fn open(self, role: Role, run: &Run) -> Result<Ends> {
        let options = LinkOptions::new(0).wait(self.wait).prefault(true);
        let mut link = links::open(role, run, options)?;
        let (tx, rx) = (link.tx(0)?, link.rx(0)?);
        Ok(Ends { link, tx, rx })
    }
}

/// Both ends of one process.
struct Ends {
    link: Link,
    tx: Tx,
    rx: Rx,
}

impl Ends {
    fn send(&mut self, packet: &[u8]) -> Result<()> {
        while !self.tx.try_send(packet)? {
            self.tx.wait(PATIENCE)?; // only before the client has posted its buffers
        }
        Ok(())
    }

    fn receive(&mut self, how: Receive, target: &mut [u8]) -> Result<()> {
        let got = match how {
            Receive::Burst => self.burst(target)?,
            Receive::Owned => self.rx.recv(PATIENCE)?.copy_to(target),
        };
        ensure!(got == BYTES, "a packet of {got} bytes came");
        Ok(())
    }

    fn burst(&mut self, target: &mut [u8]) -> Result<usize> {
        loop {
            if let Some(packet) = self.rx.burst(1)?.iter().next() {
                return Ok(packet.copy_to(target));
            }
            self.rx.wait(PATIENCE)?;
        }
    }
}

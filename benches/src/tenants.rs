//! Two tenants of a DMA Agent, by descriptor sockets or by rings: the agent and the sender in the second process, the
//! receiver here.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use descsock::{Batch, Client, Events, Options, Route};
use dma_agent::{Admission, Agent};
use memif::unix::SocketFile;

use crate::ethernet::{BURST, Frame, Wire, Wires};
use crate::exchange::{PATIENCE, Run};

/// The services of the two tenants.
pub(crate) const SENDER: u32 = 8;
pub(crate) const RECEIVER: u32 = 9;

/// The wires of this subject.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tenants {
    /// Whether they offer rings.
    pub(crate) rings: bool,
}

impl Wires for Tenants {
    fn unavailable(&self) -> Option<String> {
        None
    }

    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    fn receiving(&self, run: &Run) -> Result<Box<dyn Wire>> {
        Ok(Box::new(Tenant::new(run, RECEIVER, self.rings)?))
    }

    fn sending(&self, run: &Run) -> Result<Box<dyn Wire>> {
        serve(run)?;
        Ok(Box::new(Tenant::new(run, SENDER, self.rings)?))
    }
}

/// Starts an agent, which ends with this process.
pub(crate) fn serve(run: &Run) -> Result<()> {
    memif::sigbus::contain().context("cannot guard against clients")?;
    let settings = switch::Settings::default();
    let mut agent = Agent::new(
        Admission::same_user(),
        settings,
        u64::from(std::process::id()),
    )?;
    agent.listen(&run.socket.parse()?, &SocketFile::default())?;
    std::thread::spawn(move || while agent.turn(None).is_ok() {});
    Ok(())
}

/// One tenant.
struct Tenant {
    client: Client,
    batch: Batch,
}

impl Tenant {
    fn new(run: &Run, service: u32, rings: bool) -> Result<Self> {
        let patience = PATIENCE.unwrap_or(Duration::MAX);
        let options = Options::new(&run.socket, "/dev/shm", service)
            .tenant(format!("bench-{}-{service}", std::process::id()))
            .patience(patience)
            .rings(rings);
        Ok(Self {
            client: Client::open(options)?,
            batch: Batch::new(),
        })
    }

    fn wait(&self, events: Events) -> Result<()> {
        let found = self.client.wait(events, PATIENCE)?;
        ensure!(!found.is_empty(), "nothing happened for too long");
        Ok(())
    }
}

impl Wire for Tenant {
    fn send(&mut self, frames: &[Frame]) -> Result<usize> {
        loop {
            let sent = self.client.send_batch(frames, &Route::default());
            match sent {
                Ok(0) | Err(descsock::Error::WouldBlock) => self.wait(Events::OUT)?,
                Ok(sent) => return Ok(sent),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn receive(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.wait(Events::IN)?;
        self.look(each)
    }

    fn look(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.client.recv_batch(&mut self.batch, BURST)?;
        self.batch.iter().try_for_each(|(bytes, _)| each(bytes))
    }
}

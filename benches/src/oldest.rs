//! Baseline for tenants: two clients of the same agent in the oldest form there is. They register by text, their
//! descriptors have the first layout, and each is written by a system call of its own.
//!
//! ```text
//! file    0                     4 MiB                 8 MiB      64 MiB
//!         | 1023 buffers, RX    | 1023 buffers, TX    | unused   |
//! ```

use std::fs::File;
use std::io::{ErrorKind, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use memif_ring::{Region, Seals};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::time::Timespec;

use crate::ethernet::{FRAME, Frame, Wire, Wires};
use crate::exchange::{PATIENCE, Run};
use crate::tenants::{RECEIVER, SENDER, serve};

const BUFFERS: u64 = 1023;
const BUFFER: u64 = 2048;
const TX: u64 = 4 << 20;
const FILE: u64 = 64 << 20;
const BASE: u64 = 0x7f00_0000_0000;
/// Start and end of packet, to be sent, in the first layout.
const WHOLE: u32 = 0x1A;
const LADEN: usize = 32;
const SHORT: usize = 8;
const CRC: u64 = 4;

/// The wires of this subject.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OldestTenants;

impl Wires for OldestTenants {
    fn unavailable(&self) -> Option<String> {
        None
    }

    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    fn receiving(&self, run: &Run) -> Result<Box<dyn Wire>> {
        Ok(Box::new(Oldest::register(run, RECEIVER)?))
    }

    fn sending(&self, run: &Run) -> Result<Box<dyn Wire>> {
        serve(run)?;
        Ok(Box::new(Oldest::register(run, SENDER)?))
    }
}

/// A client as it was in 2019.
struct Oldest {
    path: PathBuf,
    _doorbell: UnixStream,
    _others: Vec<UnixStream>,
    rx: UnixStream,
    tx: UnixStream,
    region: Region,
    posted: u64,
    received: u64,
    sent: u64,
    completed: u64,
    /// The beginnings of records that were read in part, of laden descriptors and of completions.
    laden: Vec<u8>,
    completions: Vec<u8>,
}

impl Oldest {
    fn register(run: &Run, service: u32) -> Result<Self> {
        let path = format!("/dev/shm/memwire-bench-{}-{service}", std::process::id());
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(true);
        let file = options.open(&path).context("no shared file")?;
        let doorbell = ring(run, &path, service)?;
        let mut sockets = (0..8)
            .map(|_| take_socket(&doorbell))
            .collect::<Result<Vec<_>>>()?;
        // The agent has made the file as long as was said.
        let region = Region::from_peer(file.into(), FILE, Seals::Waived)?;
        let (tx, rx) = (sockets.remove(4), sockets.remove(0));
        let mut client = Self {
            path: path.into(),
            _doorbell: doorbell,
            _others: sockets,
            rx,
            tx,
            region,
            posted: 0,
            received: 0,
            sent: 0,
            completed: 0,
            laden: Vec::new(),
            completions: Vec::new(),
        };
        (0..BUFFERS).try_for_each(|_| client.post())?;
        Ok(client)
    }

    /// Gives the next receive buffer to the agent.
    fn post(&mut self) -> Result<()> {
        let address = BASE + self.posted % BUFFERS * BUFFER;
        self.posted += 1;
        write(&mut self.rx, &(address | (BUFFER << 48)).to_le_bytes())
    }

    fn send_one(&mut self, frame: &Frame) -> Result<()> {
        let offset = TX + self.sent % BUFFERS * BUFFER;
        let span = self.region.span_mut(offset, u32::try_from(BUFFER)?);
        span.context("outside the file")?.copy_from(frame);
        let mut laden = [0; LADEN];
        let length = FRAME as u64 + CRC;
        laden[..8].copy_from_slice(&((BASE + offset) | (length << 48)).to_le_bytes());
        laden[8..12].copy_from_slice(&WHOLE.to_le_bytes());
        self.sent += 1;
        write(&mut self.tx, &laden)
    }

    /// Takes in completions, if there are any.
    fn complete(&mut self) -> Result<()> {
        read(&mut self.tx, &mut self.completions)?;
        let whole = self.completions.len() / SHORT;
        self.completions.drain(..whole * SHORT);
        self.completed += whole as u64;
        Ok(())
    }
}

impl Wire for Oldest {
    fn send(&mut self, frames: &[Frame]) -> Result<usize> {
        loop {
            self.complete()?;
            let room = BUFFERS - (self.sent - self.completed);
            let due = frames.len().min(usize::try_from(room)?);
            if due > 0 {
                let mut due_now = frames[..due].iter();
                due_now.try_for_each(|frame| self.send_one(frame))?;
                return Ok(due);
            }
            wait(&self.tx, PollFlags::IN)?;
        }
    }

    fn receive(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        wait(&self.rx, PollFlags::IN)?;
        self.look(each)
    }

    fn look(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        read(&mut self.rx, &mut self.laden)?;
        let whole = self.laden.len() / LADEN * LADEN;
        let laden: Vec<u8> = self.laden.drain(..whole).collect();
        for descriptor in laden.chunks_exact(LADEN) {
            let length = u64::from(u16::from_le_bytes([descriptor[6], descriptor[7]]));
            let mut frame = [0; FRAME];
            let offset = self.received % BUFFERS * BUFFER;
            let length = usize::try_from(length - CRC)?.min(FRAME);
            let span = self.region.span(offset, u32::try_from(length)?);
            span.context("outside the file")?.copy_to(&mut frame);
            self.received += 1;
            self.post()?;
            each(&frame[..length])?;
        }
        Ok(())
    }
}

impl Drop for Oldest {
    fn drop(&mut self) {
        // Somebody may have removed it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Registers, once there is an agent.
fn ring(run: &Run, path: &str, service: u32) -> Result<UnixStream> {
    let name = run.socket.trim_start_matches('@');
    let address = SocketAddr::from_abstract_name(name)?;
    let start = Instant::now();
    let mut doorbell = loop {
        match UnixStream::connect_addr(&address) {
            Ok(doorbell) => break doorbell,
            Err(_) if PATIENCE.is_none_or(|most| start.elapsed() < most) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error).context("no agent"),
        }
    };
    let text = format!(
        "path={path}\nbase={BASE}\nlength={FILE}\nnum_sep=1\npid=1\nsvc_ids={service}\n\n\0"
    );
    let mut text = text.into_bytes();
    text.resize(256, 0);
    doorbell.write_all(&text)?;
    Ok(doorbell)
}

/// One byte, and one socket with it.
fn take_socket(doorbell: &UnixStream) -> Result<UnixStream> {
    let mut byte = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let parts = &mut [IoSliceMut::new(&mut byte)];
    recvmsg(doorbell, parts, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let socket = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
        _ => None,
    });
    let socket = UnixStream::from(socket.context("the agent has refused")?);
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Writes one record, and waits if there is no room for it.
fn write(socket: &mut UnixStream, mut record: &[u8]) -> Result<()> {
    while !record.is_empty() {
        match socket.write(record) {
            Ok(count) => record = &record[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => wait(&*socket, PollFlags::OUT)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Adds what is there.
fn read(socket: &mut UnixStream, to: &mut Vec<u8>) -> Result<()> {
    let mut bytes = [0; 64 * LADEN];
    match socket.read(&mut bytes) {
        Ok(0) => Err(anyhow::anyhow!("the agent is gone")),
        Ok(count) => {
            to.extend_from_slice(&bytes[..count]);
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn wait(socket: impl AsFd, what: PollFlags) -> Result<()> {
    let patience = PATIENCE.and_then(|time| Timespec::try_from(time).ok());
    let ready = poll(&mut [PollFd::new(&socket, what)], patience.as_ref())?;
    ensure!(ready > 0, "nothing happened for too long");
    Ok(())
}

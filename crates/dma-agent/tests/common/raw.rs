//! A client that knows nothing but the wire.

use std::fs::File;
use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

/// Where clients of these tests have their files in memory. Nothing is ever mapped there.
pub(crate) const BASE: u64 = 0x7f00_0000_0000;
/// Bytes of a frame buffer.
pub(crate) const BUFFER: u64 = 2048;
/// Where TX buffers begin in the file.
pub(crate) const TX: u64 = 4 << 20;

/// Where an agent is, and its clients have their files.
pub(crate) trait Place {
    fn dir(&self) -> &Path;

    fn doorbell(&self) -> PathBuf {
        self.dir().join("doorbell.sock")
    }
}

/// A client by hand.
pub(crate) struct Raw {
    pub(crate) file: File,
    pub(crate) doorbell: UnixStream,
    pub(crate) sockets: Vec<UnixStream>,
    pub(crate) posted: u64,
    pub(crate) sent: u64,
}

impl Raw {
    /// Registers in the oldest form: text, padded with garbage to `size` bytes. The file stays empty: extending it is the
    /// agent's business.
    pub(crate) fn register_text(agent: &impl Place, name: &str, svc: u32, size: usize) -> Self {
        let path = agent.dir().join(name);
        let file = new_file(&path);
        let mut text = format!(
            "path={}\nbase={BASE}\nlength=67112959\nnum_sep=1\npid=1\nsvc_ids={svc}\n\n\0",
            path.display()
        )
        .into_bytes();
        text.resize(size, 0xA5);
        let mut doorbell = UnixStream::connect(agent.doorbell()).expect("the doorbell");
        doorbell.write_all(&text).expect("written");
        let sockets = take_sockets(&doorbell);
        Self::with(file, doorbell, sockets)
    }

    /// Registers in binary form.
    pub(crate) fn register_binary(agent: &impl Place, name: &str, svc: u32) -> Self {
        let path = agent.dir().join(name);
        let file = new_file(&path);
        let mut doorbell = UnixStream::connect(agent.doorbell()).expect("the doorbell");
        doorbell
            .write_all(&system_request(&path, name, svc))
            .expect("written");
        let mut answer = [0; 280];
        doorbell.read_exact(&mut answer).expect("an answer");
        assert_eq!(answer[16..20], 1_u32.to_le_bytes(), "accepted");
        let sockets = take_sockets(&doorbell);
        Self::with(file, doorbell, sockets)
    }

    fn with(file: File, doorbell: UnixStream, sockets: Vec<UnixStream>) -> Self {
        for socket in &sockets {
            let long = Some(Duration::from_secs(10));
            socket.set_read_timeout(long).expect("a timeout");
        }
        Self {
            file,
            doorbell,
            sockets,
            posted: 0,
            sent: 0,
        }
    }

    /// Posts receive buffers on tier 0.
    pub(crate) fn post(&mut self, count: u64) {
        let bytes: Vec<u8> = (self.posted..self.posted + count)
            .flat_map(Self::empty)
            .collect();
        self.posted += count;
        self.sockets[0].write_all(&bytes).expect("posted");
    }

    /// Sends one frame by one descriptor of layout A or B, with room for its CRC.
    pub(crate) fn send(&mut self, frame: &[u8], layout: char, directed: Option<(u32, u32, u32)>) {
        let descriptor = self.prepare(frame, layout, directed);
        self.sockets[4].write_all(&descriptor).expect("sent");
    }

    /// Writes a frame to the next TX buffer; the descriptor to send it by. Directed to a did, svc and sep.
    pub(crate) fn prepare(
        &mut self,
        frame: &[u8],
        layout: char,
        directed: Option<(u32, u32, u32)>,
    ) -> [u8; 32] {
        let offset = TX + self.sent % 1023 * BUFFER;
        self.sent += 1;
        self.file.write_all_at(frame, offset).expect("written");
        let length = frame.len() as u64 + 4;
        let mut descriptor = [0; 32];
        descriptor[..8].copy_from_slice(&((BASE + offset) | (length << 48)).to_le_bytes());
        let (did, svc, sep) = directed.unwrap_or_default();
        let flag = u32::from(directed.is_some()) << 3;
        let word0 = match layout {
            'A' => 0x1A | flag << 5 | did << 21,
            _ => 0x62 | flag << 8 | did << 16,
        };
        descriptor[8..12].copy_from_slice(&word0.to_le_bytes());
        descriptor[12..16].copy_from_slice(&(sep | svc << 6).to_le_bytes());
        descriptor
    }

    /// The descriptor of the receive buffer that is posted as the n-th.
    pub(crate) fn empty(number: u64) -> [u8; 8] {
        let address = BASE + number % 1023 * BUFFER;
        (address | (BUFFER << 48)).to_le_bytes()
    }

    /// The next received frame, padding and CRC included, and its descriptor. `at` counts from the first buffer posted.
    pub(crate) fn receive(&mut self, at: u64) -> (Vec<u8>, [u8; 32]) {
        let mut descriptor = [0; 32];
        self.sockets[0]
            .read_exact(&mut descriptor)
            .expect("a frame");
        let length = u16::from_le_bytes([descriptor[6], descriptor[7]]);
        let mut frame = vec![0; usize::from(length)];
        let offset = at % 1023 * BUFFER;
        self.file
            .read_exact_at(&mut frame, offset)
            .expect("in the file");
        (frame, descriptor)
    }

    /// The next completion.
    pub(crate) fn completion(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.sockets[4]
            .read_exact(&mut bytes)
            .expect("a completion");
        u64::from_le_bytes(bytes)
    }
}

/// CONN_REQ_SYSTEM by hand, garbage where nothing is meant.
pub(crate) fn system_request(path: &Path, name: &str, svc: u32) -> Vec<u8> {
    let mut bytes = vec![0xA5; 1356];
    for (at, number) in [(0, 1356), (4, 0xF5DC), (8, 2), (12, 5)] {
        put(&mut bytes, at, u64::from(number as u32), 4);
    }
    put_text(&mut bytes, 16, name.as_bytes());
    put(&mut bytes, 80, BASE, 8);
    put(&mut bytes, 88, 1 << 30, 4);
    put(&mut bytes, 92, 1, 4);
    put(&mut bytes, 96, u64::from(std::process::id()), 4);
    put_text(&mut bytes, 100, path.as_os_str().as_bytes());
    put(&mut bytes, 1100, u64::from(svc), 4);
    bytes
}

fn put(bytes: &mut [u8], at: usize, number: u64, size: usize) {
    bytes[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
}

fn put_text(bytes: &mut [u8], at: usize, text: &[u8]) {
    bytes[at..at + text.len()].copy_from_slice(text);
    bytes[at + text.len()] = 0;
}

pub(crate) fn new_file(path: &Path) -> File {
    let mut options = File::options();
    let options = options.read(true).write(true).create(true).truncate(true);
    options.open(path).expect("a file")
}

/// Eight messages of one byte and one descriptor each.
pub(crate) fn take_sockets(doorbell: &UnixStream) -> Vec<UnixStream> {
    doorbell
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    (0..8).map(|_| take_socket(doorbell)).collect()
}

fn take_socket(doorbell: &UnixStream) -> UnixStream {
    UnixStream::from(take_descriptor(doorbell))
}

/// One message of one byte and one descriptor.
pub(crate) fn take_descriptor(doorbell: &UnixStream) -> OwnedFd {
    let mut byte = [0; 1];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let parts = &mut [std::io::IoSliceMut::new(&mut byte)];
    let got = recvmsg(doorbell, parts, &mut control, RecvFlags::CMSG_CLOEXEC).expect("a message");
    assert_eq!(got.bytes, 1, "one byte with each descriptor");
    let mut fds: Vec<OwnedFd> = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => Some(fds),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(fds.len(), 1, "one descriptor in each message");
    let fd = fds.remove(0);
    assert!(fd.as_raw_fd() > 2);
    fd
}

/// A frame between two hosts, `length` bytes without CRC, with a number in it.
pub(crate) fn frame(to: u8, from: u8, number: u64, length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length).map(|at| (at as u64 + number) as u8).collect();
    bytes[..12].copy_from_slice(&[2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from]);
    bytes[12..14].copy_from_slice(&0x88B5_u16.to_be_bytes());
    bytes[14..22].copy_from_slice(&number.to_le_bytes());
    bytes
}

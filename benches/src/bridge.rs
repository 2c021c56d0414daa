//! Baseline for tenants: the Linux bridge between two veth pairs, and a packet socket at the far end of each.
//!
//! # Safety
//!
//! Unsafe code here leaves the network namespace, and makes two system calls that no crate of ours wraps. Their message
//! headers point to buffers that live as long as the call.
#![allow(unsafe_code)]

use std::mem::zeroed;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::Command;
use std::ptr::null_mut;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use rustix::time::Timespec;

use crate::ethernet::{BURST, FRAME, Frame, TYPE, Wire, Wires};
use crate::exchange::{PATIENCE, Run};

/// Two pairs and a bridge, in a network namespace of this process.
const SETUP: &str = "ip link add mwbridge type bridge && ip link set mwbridge up
for end in 0 1; do
  ip link add mwend$end type veth peer name mwport$end && ip link set mwport$end master mwbridge || exit 1
  ip link set mwend$end up && ip link set mwport$end up || exit 1
done";

/// The wires of this subject.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bridge;

impl Wires for Bridge {
    fn unavailable(&self) -> Option<String> {
        if !rustix::process::geteuid().is_root() {
            return Some("making a bridge takes root".to_owned());
        }
        let found = Command::new("ip").arg("-Version").output();
        found
            .err()
            .map(|error| format!("there is no ip(8): {error}"))
    }

    fn prepare(&self) -> Result<()> {
        static MADE: OnceLock<()> = OnceLock::new();
        if MADE.get().is_some() {
            return Ok(());
        }
        // SAFETY: only this thread changes its namespace; it has no network resources yet that it relies on.
        let left = unsafe { libc::unshare(libc::CLONE_NEWNET) };
        ensure!(
            left == 0,
            "unshare failed: {}",
            std::io::Error::last_os_error()
        );
        let done = Command::new("sh").args(["-c", SETUP]).status()?;
        ensure!(done.success(), "the bridge could not be made");
        MADE.get_or_init(|| ());
        Ok(())
    }

    fn receiving(&self, _: &Run) -> Result<Box<dyn Wire>> {
        Ok(Box::new(PacketSocket::open("mwend0")?))
    }

    fn sending(&self, _: &Run) -> Result<Box<dyn Wire>> {
        Ok(Box::new(PacketSocket::open("mwend1")?))
    }
}

/// A packet socket of one interface, and room for a burst.
struct PacketSocket {
    fd: OwnedFd,
    buffers: Box<[Frame; BURST]>,
}

impl PacketSocket {
    fn open(interface: &str) -> Result<Self> {
        let (kind, protocol) = (libc::SOCK_RAW | libc::SOCK_CLOEXEC, i32::from(TYPE.to_be()));
        // SAFETY: no pointers are passed.
        let fd = unsafe { libc::socket(libc::AF_PACKET, kind, protocol) };
        ensure!(
            fd >= 0,
            "socket failed: {}",
            std::io::Error::last_os_error()
        );
        // SAFETY: the descriptor is new, and nobody else's.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        // Room for a window of frames, each of which the kernel counts as many times its size.
        set_socket_recv_buffer_size_force(&fd, 16 << 20).context("no room to receive")?;
        let index = index_of(interface).with_context(|| format!("no interface {interface}"))?;
        // SAFETY: all-zero is a valid address.
        let mut address: libc::sockaddr_ll = unsafe { zeroed() };
        address.sll_family = u16::try_from(libc::AF_PACKET)?;
        address.sll_protocol = TYPE.to_be();
        address.sll_ifindex = index;
        let length = u32::try_from(size_of_val(&address))?;
        // SAFETY: the address lives through the call, and has this length.
        let bound = unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length) };
        ensure!(
            bound == 0,
            "bind failed: {}",
            std::io::Error::last_os_error()
        );
        let buffers = Box::new([[0; FRAME]; BURST]);
        Ok(Self { fd, buffers })
    }

    fn wait(&self, what: PollFlags) -> Result<()> {
        let patience = PATIENCE.and_then(|time| Timespec::try_from(time).ok());
        let ready = poll(&mut [PollFd::new(&self.fd, what)], patience.as_ref())?;
        ensure!(ready > 0, "nothing happened for too long");
        Ok(())
    }
}

impl Wire for PacketSocket {
    fn send(&mut self, frames: &[Frame]) -> Result<usize> {
        loop {
            let frames = &frames[..frames.len().min(BURST)];
            let mut parts = frames.iter().map(part_of).collect::<Vec<_>>();
            let mut headers = parts.iter_mut().map(header_of).collect::<Vec<_>>();
            let (count, flags) = (u32::try_from(headers.len())?, libc::MSG_DONTWAIT);
            // SAFETY: the headers, their parts and the frames live through the call.
            let sent =
                unsafe { libc::sendmmsg(self.fd.as_raw_fd(), headers.as_mut_ptr(), count, flags) };
            match usize::try_from(sent) {
                Ok(sent) if sent > 0 => return Ok(sent),
                _ => self.wait(PollFlags::OUT)?,
            }
        }
    }

    fn receive(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.wait(PollFlags::IN)?;
        self.look(each)
    }

    fn look(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut parts = self.buffers.iter().map(part_of).collect::<Vec<_>>();
        let mut headers = parts.iter_mut().map(header_of).collect::<Vec<_>>();
        let (count, flags) = (u32::try_from(headers.len())?, libc::MSG_DONTWAIT);
        let (fd, target) = (self.fd.as_raw_fd(), headers.as_mut_ptr());
        // SAFETY: the headers, their parts and the buffers live through the call.
        let got = unsafe { libc::recvmmsg(fd, target, count, flags, null_mut()) };
        let got = usize::try_from(got).unwrap_or(0);
        let lengths: Vec<_> = headers[..got].iter().map(|header| header.msg_len).collect();
        for (frame, length) in self.buffers.iter().zip(lengths) {
            let length = usize::try_from(length)?.min(FRAME);
            each(&frame[..length])?;
        }
        Ok(())
    }
}

fn part_of(frame: &Frame) -> libc::iovec {
    libc::iovec {
        iov_base: frame.as_ptr().cast_mut().cast(),
        iov_len: frame.len(),
    }
}

fn header_of(part: &mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: all-zero is a valid header.
    let mut header: libc::mmsghdr = unsafe { zeroed() };
    header.msg_hdr.msg_iov = part;
    header.msg_hdr.msg_iovlen = 1;
    header
}

fn index_of(interface: &str) -> Option<i32> {
    let name = std::ffi::CString::new(interface).ok()?;
    // SAFETY: a text with a NUL at its end.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    i32::try_from(index).ok().filter(|index| *index > 0)
}

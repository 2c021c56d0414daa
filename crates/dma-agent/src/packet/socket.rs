//! A packet socket: whole frames from and to one network interface.
//!
//! ```text
//!   receive:  virtio-net header (10) │ frame, as the interface's queue had it
//!             beside it: who sent it, and the VLAN tag that was taken out of it
//! ```
//!
//! # Safety
//!
//! The system is told where buffers are and how long they are. All of them are borrowed or on our stack until the call
//! returns, and the lengths are theirs; every byte that it writes is initialised, and is read as numbers only.
#![allow(unsafe_code)]

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use libc::{c_int, c_void, socklen_t};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendFlags, SocketFlags, SocketType, sendmsg, socket_with,
    sockopt,
};

/// Bytes in front of each frame, which say what offloading has left undone.
pub(super) const OFFLOAD_BYTES: usize = 10;
/// Bytes of frames that wait for us, if the system allows.
const RECEIVE_BUFFER: usize = 8 << 20;
/// Every protocol, in the order of the network.
const ALL_PROTOCOLS: u16 = 0x0003_u16.to_be();
/// Where a control message has its data.
const CONTROL_HEADER: usize = size_of::<libc::cmsghdr>();
/// A tag was taken out of the frame; and its type is known.
const VLAN_VALID: u32 = 1 << 4;
const VLAN_TYPE_VALID: u32 = 1 << 6;
const IEEE_802_1Q: u16 = 0x8100;

/// A raw socket of the packet family, which does not wait.
#[derive(Debug)]
pub(super) struct PacketSocket(OwnedFd);

/// A received frame, apart from its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    pub(super) bytes: usize,
    /// There was more than fitted.
    pub(super) is_cut: bool,
    /// This host has sent it.
    pub(super) is_own: bool,
    /// The VLAN tag that belongs behind its addresses.
    pub(super) tag: Option<[u8; 4]>,
    /// What offloading has left undone.
    pub(super) offload: [u8; OFFLOAD_BYTES],
}

#[repr(C, align(8))]
struct Control([u8; 64]);

impl PacketSocket {
    /// A socket that is at no interface yet and receives nothing.
    pub(super) fn new() -> io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None)?;
        // The first needs a privilege that the socket itself does not; with the second, less than was asked for is given.
        let _ = sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER)
            .or_else(|_| sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER));
        let socket = Self(socket);
        let one: c_int = 1;
        socket.set(libc::PACKET_AUXDATA, &one.to_ne_bytes())?;
        socket.set(libc::PACKET_VNET_HDR, &one.to_ne_bytes())?;
        // Older systems show us our own frames; we know them by their type.
        let _ = socket.set(libc::PACKET_IGNORE_OUTGOING, &one.to_ne_bytes());
        Ok(socket)
    }

    /// Receives and sends at this interface from now on.
    pub(super) fn bind(&self, index: u32) -> io::Result<()> {
        let address = address(c_int::try_from(index).unwrap_or(0));
        let length = length_of(&address);
        // SAFETY: an address of `length` bytes on our stack (module doc).
        let bound = unsafe { libc::bind(self.0.as_raw_fd(), (&raw const address).cast(), length) };
        done(bound)
    }

    /// Has the interface take in frames for other hosts too, until this socket is closed.
    pub(super) fn be_promiscuous(&self, index: u32) -> io::Result<()> {
        let mut request = [0; 16]; // index u32, type u16, and an address that is not looked at
        let kind = u16::try_from(libc::PACKET_MR_PROMISC).unwrap_or(1);
        request[..4].copy_from_slice(&index.to_ne_bytes());
        request[4..6].copy_from_slice(&kind.to_ne_bytes());
        self.set(libc::PACKET_ADD_MEMBERSHIP, &request)
    }

    /// Frames that the system has dropped since this was last asked, because we did not take them.
    pub(super) fn lost(&self) -> io::Result<u32> {
        let mut counts = [0_u32; 2]; // all, and those dropped
        let mut length = length_of(&counts);
        let to = (&raw mut counts).cast();
        let (fd, option) = (self.0.as_raw_fd(), libc::PACKET_STATISTICS);
        // SAFETY: `length` bytes on our stack (module doc).
        let got = unsafe { libc::getsockopt(fd, libc::SOL_PACKET, option, to, &raw mut length) };
        done(got).map(|()| counts[1])
    }

    /// The next frame, if there is one now.
    pub(super) fn receive(&self, frame: &mut [u8]) -> io::Result<Option<Received>> {
        let mut offload = [0; OFFLOAD_BYTES];
        let mut control = Control([0; 64]);
        let mut from = address(0);
        let mut parts = [vector(&mut offload), vector(frame)];
        // SAFETY: numbers and pointers, which may all be 0.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_name = (&raw mut from).cast();
        message.msg_namelen = length_of(&from);
        message.msg_iov = parts.as_mut_ptr();
        message.msg_iovlen = parts.len() as _;
        message.msg_control = (&raw mut control).cast();
        message.msg_controllen = size_of_val(&control) as _;
        // SAFETY: all that the message points to is ours until the call returns (module doc).
        let got = unsafe { libc::recvmsg(self.0.as_raw_fd(), &raw mut message, 0) };
        let Ok(bytes) = usize::try_from(got) else {
            return match Errno::from_io_error(&io::Error::last_os_error()) {
                Some(Errno::AGAIN | Errno::INTR) | None => Ok(None),
                Some(error) => Err(error.into()),
            };
        };
        Ok(Some(Received {
            bytes: bytes.saturating_sub(OFFLOAD_BYTES),
            is_cut: message.msg_flags & libc::MSG_TRUNC != 0,
            is_own: from.sll_pkttype == libc::PACKET_OUTGOING,
            tag: tag(&control.0),
            offload,
        }))
    }

    /// Sends a frame.
    pub(super) fn send(&self, frame: &[u8]) -> io::Result<()> {
        let nothing_to_do = [0; OFFLOAD_BYTES];
        let parts = [IoSlice::new(&nothing_to_do), IoSlice::new(frame)];
        let mut control = SendAncillaryBuffer::default();
        let flags = SendFlags::DONTWAIT;
        rustix::io::retry_on_intr(|| sendmsg(&self.0, &parts, &mut control, flags))?;
        Ok(())
    }

    fn set(&self, option: c_int, value: &[u8]) -> io::Result<()> {
        let length = socklen_t::try_from(value.len()).unwrap_or(0);
        let from = value.as_ptr().cast();
        let (fd, level) = (self.0.as_raw_fd(), libc::SOL_PACKET);
        // SAFETY: `length` borrowed bytes (module doc).
        done(unsafe { libc::setsockopt(fd, level, option, from, length) })
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Bytes of something small.
fn length_of<T>(value: &T) -> socklen_t {
    socklen_t::try_from(size_of_val(value)).unwrap_or(0)
}

fn address(index: c_int) -> libc::sockaddr_ll {
    libc::sockaddr_ll {
        sll_family: AddressFamily::PACKET.as_raw(),
        sll_protocol: ALL_PROTOCOLS,
        sll_ifindex: index,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    }
}

fn vector(bytes: &mut [u8]) -> libc::iovec {
    libc::iovec {
        iov_base: bytes.as_mut_ptr().cast::<c_void>(),
        iov_len: bytes.len(),
    }
}

fn done(result: c_int) -> io::Result<()> {
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The VLAN tag in a control message: `status u32 | lengths u32 ×2 | offsets u16 ×2 | tci u16 | type u16`. It is the only
/// message that was asked for; without one all is 0.
fn tag(control: &[u8; 64]) -> Option<[u8; 4]> {
    let data = &control[CONTROL_HEADER..];
    let status = u32::from_ne_bytes(data.first_chunk().copied()?);
    let tci = u16::from_ne_bytes(data[16..].first_chunk().copied()?);
    let kind = u16::from_ne_bytes(data[18..].first_chunk().copied()?);
    let kind = match status & VLAN_TYPE_VALID {
        0 => IEEE_802_1Q,
        _ => kind,
    };
    let ([a, b], [c, d]) = (kind.to_be_bytes(), tci.to_be_bytes());
    (status & VLAN_VALID != 0).then_some([a, b, c, d])
}

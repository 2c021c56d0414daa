//! Network interfaces of the system, asked and told by ioctl.
//!
//! # Safety
//!
//! Every request here reads and writes one `ifreq`, and nothing beyond it: it lives on our stack until the call
//! returns. Of its union the kernel has filled the member that belongs to the request, and all members are plain
//! numbers, for which any bytes will do.
#![allow(unsafe_code)]

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use libc::{c_char, c_int, c_short};
use rustix::io::Errno;
use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use switch::{DropReason, Mac};

/// What the flags of an interface say when it is up.
const UP: c_int = libc::IFF_UP | libc::IFF_RUNNING;

/// An interface by its name, in the network namespace that the process was in when it was named.
#[derive(Debug)]
pub(crate) struct Interface {
    /// Any socket will do: it stands for the namespace.
    socket: OwnedFd,
    name: String,
}

impl Interface {
    /// The interface need not exist.
    pub(crate) fn named(name: &str) -> io::Result<Self> {
        let (family, kind) = (AddressFamily::INET, SocketType::DGRAM);
        Ok(Self {
            socket: socket_with(family, kind, SocketFlags::CLOEXEC, None)?,
            name: name.to_owned(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its number; another one each time it is made anew.
    pub(crate) fn index(&self) -> io::Result<u32> {
        Ok(name_to_index(&self.socket, &self.name)?)
    }

    /// The largest payload, in bytes.
    pub(crate) fn mtu(&self) -> io::Result<u32> {
        let answer = self.ask(libc::SIOCGIFMTU, |_| {})?;
        // SAFETY: the member of this request (module doc).
        let mtu = unsafe { answer.ifr_ifru.ifru_mtu };
        u32::try_from(mtu).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    pub(crate) fn set_mtu(&self, mtu: u32) -> io::Result<()> {
        let mtu = c_int::try_from(mtu).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.ask(libc::SIOCSIFMTU, |request| request.ifr_ifru.ifru_mtu = mtu)?;
        Ok(())
    }

    /// Whether its frames are Ethernet's.
    pub(crate) fn is_ethernet(&self) -> io::Result<bool> {
        Ok(self.hardware()?.sa_family == libc::ARPHRD_ETHER)
    }

    /// Its Ethernet address.
    pub(crate) fn mac(&self) -> io::Result<Mac> {
        let address = self.hardware()?;
        let mut mac = Mac::ZERO;
        for (byte, got) in mac.0.iter_mut().zip(address.sa_data) {
            *byte = got.cast_unsigned();
        }
        Ok(mac)
    }

    pub(crate) fn set_mac(&self, mac: Mac) -> io::Result<()> {
        let address = socket_address(libc::ARPHRD_ETHER, 0, &mac.0);
        self.ask(libc::SIOCSIFHWADDR, |request| {
            request.ifr_ifru.ifru_hwaddr = address;
        })?;
        Ok(())
    }

    /// Whether frames can be sent and received: it is switched on, and has a carrier.
    pub(crate) fn is_up(&self) -> io::Result<bool> {
        Ok(c_int::from(self.flags()?) & UP == UP)
    }

    /// Switches it on.
    pub(crate) fn bring_up(&self) -> io::Result<()> {
        let flags = self.flags()?;
        if c_int::from(flags) & libc::IFF_UP != 0 {
            return Ok(()); // then no privilege is needed
        }
        let wanted = flags | c_short::try_from(libc::IFF_UP).unwrap_or(1);
        self.ask(libc::SIOCSIFFLAGS, |request| {
            request.ifr_ifru.ifru_flags = wanted;
        })?;
        Ok(())
    }

    /// Gives the host an address here.
    pub(crate) fn set_address(&self, address: Ipv4Addr, netmask: Ipv4Addr) -> io::Result<()> {
        for (request, address) in [
            (libc::SIOCSIFADDR, address),
            (libc::SIOCSIFNETMASK, netmask),
        ] {
            let internet = c_int::from(AddressFamily::INET.as_raw());
            let family = internet.try_into().unwrap_or_default();
            let address = socket_address(family, 2, &address.octets());
            self.ask(request, |request| request.ifr_ifru.ifru_addr = address)?;
        }
        Ok(())
    }

    fn hardware(&self) -> io::Result<libc::sockaddr> {
        let answer = self.ask(libc::SIOCGIFHWADDR, |_| {})?;
        // SAFETY: the member of this request (module doc).
        Ok(unsafe { answer.ifr_ifru.ifru_hwaddr })
    }

    fn flags(&self) -> io::Result<c_short> {
        let answer = self.ask(libc::SIOCGIFFLAGS, |_| {})?;
        // SAFETY: the member of this request (module doc).
        Ok(unsafe { answer.ifr_ifru.ifru_flags })
    }

    fn ask(
        &self,
        request: libc::Ioctl,
        fill: impl FnOnce(&mut libc::ifreq),
    ) -> io::Result<libc::ifreq> {
        let mut parameters = blank(&self.name)?;
        fill(&mut parameters);
        call(self.socket.as_fd(), request, &mut parameters)?;
        Ok(parameters)
    }
}

/// Why the system did not take a frame for an interface.
pub(crate) fn drop_reason(error: &io::Error) -> DropReason {
    match Errno::from_io_error(error) {
        Some(Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM) => DropReason::QueueFull,
        Some(Errno::IO | Errno::NETDOWN | Errno::NXIO | Errno::NODEV | Errno::BADFD) => {
            DropReason::LinkDown
        }
        Some(Errno::MSGSIZE) => DropReason::ExceedsMtu,
        _ => DropReason::DeviceRefused,
    }
}

/// Makes an open `/dev/net/tun` the other end of a TAP interface: of one that is there, or of a new one. Returns its name.
pub(crate) fn attach_tap(tun: BorrowedFd<'_>, name: &str) -> io::Result<String> {
    let mut parameters = blank(name)?;
    parameters.ifr_ifru.ifru_flags = (libc::IFF_TAP | libc::IFF_NO_PI)
        .try_into()
        .unwrap_or_default();
    call(tun, libc::TUNSETIFF, &mut parameters)?;
    interface_name(&parameters)
}

/// The name of the TAP interface that a descriptor is the other end of.
pub(crate) fn tap_name(tun: BorrowedFd<'_>) -> io::Result<String> {
    let mut parameters = blank("")?;
    call(tun, libc::TUNGETIFF, &mut parameters)?;
    // SAFETY: the member of this request (module doc).
    let flags = unsafe { parameters.ifr_ifru.ifru_flags };
    if c_int::from(flags) & (libc::IFF_TAP | libc::IFF_NO_PI) != libc::IFF_TAP | libc::IFF_NO_PI {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    interface_name(&parameters)
}

fn interface_name(parameters: &libc::ifreq) -> io::Result<String> {
    let name = parameters.ifr_name.iter().map(|byte| byte.cast_unsigned());
    let name = name.take_while(|byte| *byte != 0).collect();
    String::from_utf8(name).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn call(fd: BorrowedFd<'_>, request: libc::Ioctl, parameters: &mut libc::ifreq) -> io::Result<()> {
    // SAFETY: these requests touch one `ifreq`, which `parameters` is (module doc).
    match unsafe { libc::ioctl(fd.as_raw_fd(), request, parameters) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Parameters for the interface of this name, which has to leave room for a NUL.
fn blank(name: &str) -> io::Result<libc::ifreq> {
    // SAFETY: numbers and bytes, all of which may be 0 (module doc).
    let mut blank: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.len() >= blank.ifr_name.len() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    for (to, byte) in blank.ifr_name.iter_mut().zip(name.bytes()) {
        *to = c_char::from_ne_bytes([byte]);
    }
    Ok(blank)
}

/// `family | bytes`, the bytes from `at` on.
fn socket_address(family: u16, at: usize, bytes: &[u8]) -> libc::sockaddr {
    let mut address = libc::sockaddr {
        sa_family: family,
        sa_data: [0; 14],
    };
    for (to, byte) in address.sa_data.iter_mut().skip(at).zip(bytes) {
        *to = c_char::from_ne_bytes([*byte]);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_says_what_it_is() {
        let loopback = Interface::named("lo").expect("a socket");
        assert_eq!(loopback.index().expect("there"), 1);
        assert!(loopback.mtu().expect("an MTU") >= 1500);
        assert_eq!(loopback.mac().expect("an address"), Mac::ZERO);
        assert!(!loopback.is_ethernet().expect("a kind"));
    }

    #[test]
    fn an_interface_that_does_not_exist_is_an_error_and_so_is_a_name_too_long() {
        for name in ["no-such-one", "a-name-of-16-chars"] {
            let interface = Interface::named(name).expect("a socket");
            assert!(interface.mtu().is_err(), "{name}");
            assert!(interface.index().is_err(), "{name}");
        }
    }
}

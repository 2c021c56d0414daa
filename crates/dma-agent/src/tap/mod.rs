//! TAP interfaces: the host sees a network card, a program reads and writes its frames.

mod device;

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use switch::Mac;

use crate::interface::{Interface, attach_tap, tap_name};
pub use device::TapDevice;

/// What a TAP interface should be like. All but the name is left as it is unless asked for, which takes no privilege with
/// an interface that was prepared for this user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TapOptions {
    /// The interface's name, at most 15 bytes. The system puts a number in place of a `%d`, and chooses one itself
    /// if the name is empty.
    pub name: String,
    /// The Ethernet address that the host has there.
    pub mac: Option<Mac>,
    /// The largest payload in bytes, without Ethernet header, VLAN tags and CRC.
    pub mtu: Option<u32>,
    /// The address that the host has there, and the mask of its network.
    pub address: Option<(Ipv4Addr, Ipv4Addr)>,
}

/// Why there is no TAP interface.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TapError {
    /// Not the name of an interface.
    #[error("{name:?} cannot be the name of an interface: 1 to 15 bytes, no spaces, no / and no :")]
    Name {
        /// The name asked for.
        name: String,
    },
    /// Not the address of one host.
    #[error("{mac} is no address for an interface")]
    Mac {
        /// The address asked for.
        mac: Mac,
    },
    /// A mask with holes.
    #[error("{netmask} is no netmask")]
    Netmask {
        /// The mask asked for.
        netmask: Ipv4Addr,
    },
    /// The system refused.
    #[error("TAP interface {name}: cannot {what}: {source}")]
    Os {
        /// The interface.
        name: String,
        /// What was tried.
        what: &'static str,
        /// Its error.
        source: io::Error,
    },
}

/// A TAP interface. It goes when this is dropped, unless somebody made it to stay.
pub struct Tap {
    tun: OwnedFd,
    interface: Interface,
}

impl Tap {
    /// Makes a TAP interface, or takes one that was prepared, and switches it on.
    ///
    /// # Errors
    /// [`TapError`].
    pub fn open(options: &TapOptions) -> Result<Self, TapError> {
        options.check()?;
        let failed = |what| os(&options.name, what);
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let tun = rustix::fs::open("/dev/net/tun", flags, Mode::empty())
            .map_err(|error| failed("open /dev/net/tun")(error.into()))?;
        let name = attach_tap(tun.as_fd(), &options.name).map_err(failed("attach to it"))?;
        let interface = Interface::named(&name).map_err(failed("make a socket"))?;
        options.apply(&interface)?;
        Ok(Self { tun, interface })
    }

    /// Goes on with the TAP interface that this descriptor of another process is the other end of.
    ///
    /// # Errors
    /// [`TapError::Os`]: it is no such descriptor.
    pub(crate) fn inherit(tun: OwnedFd) -> Result<Self, TapError> {
        let failed = |what| os("of the predecessor", what);
        let name = tap_name(tun.as_fd()).map_err(failed("ask for its name"))?;
        let interface = Interface::named(&name).map_err(failed("make a socket"))?;
        Ok(Self { tun, interface })
    }

    /// Makes it what is wanted, where it is not.
    ///
    /// # Errors
    /// [`TapError`].
    pub(crate) fn adapt(&self, options: &TapOptions) -> Result<(), TapError> {
        options.check()?;
        options.apply(&self.interface)
    }

    /// The name of the interface, as the system has it.
    pub fn name(&self) -> &str {
        self.interface.name()
    }

    /// The Ethernet address that the host has there.
    ///
    /// # Errors
    /// What the system says; the interface may be gone.
    pub fn mac(&self) -> io::Result<Mac> {
        self.interface.mac()
    }

    /// The largest payload in bytes.
    ///
    /// # Errors
    /// What the system says; the interface may be gone.
    pub fn mtu(&self) -> io::Result<u32> {
        self.interface.mtu()
    }

    /// Sets the largest payload in bytes, unless it is that already.
    ///
    /// # Errors
    /// What the system says: most often that this process has not the right `CAP_NET_ADMIN`.
    pub fn set_mtu(&self, mtu: u32) -> io::Result<()> {
        match self.mtu()? == mtu {
            true => Ok(()),
            false => self.interface.set_mtu(mtu),
        }
    }

    /// Takes the next frame that the host has sent there, without CRC; returns its length, `None` if there is none now.
    /// What does not fit is cut off.
    ///
    /// # Errors
    /// What the system says; the interface may be gone.
    pub fn read(&self, frame: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match rustix::io::read(&self.tun, &mut *frame) {
                Ok(length) => return Ok(Some(length)),
                Err(rustix::io::Errno::AGAIN) => return Ok(None),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Has the host receive a frame, without CRC.
    ///
    /// # Errors
    /// What the system says; `EIO` while the interface is switched off.
    pub fn write(&self, frame: &[u8]) -> io::Result<()> {
        rustix::io::retry_on_intr(|| rustix::io::write(&self.tun, frame))?;
        Ok(())
    }
}

impl AsFd for Tap {
    /// Readable while there are frames.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tun.as_fd()
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

impl TapOptions {
    /// The options of an interface with this name, and nothing else said.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    fn check(&self) -> Result<(), TapError> {
        let name = &self.name;
        let wrong = |byte: u8| byte.is_ascii_whitespace() || b"/:\0".contains(&byte);
        if name.len() > 15 || name.bytes().any(wrong) || matches!(&**name, "." | "..") {
            return Err(TapError::Name { name: name.clone() });
        }
        if let Some(mac) = self.mac.filter(|mac| mac.is_group() || *mac == Mac::ZERO) {
            return Err(TapError::Mac { mac });
        }
        match self.address {
            Some((_, netmask))
                if netmask.to_bits().leading_ones() != netmask.to_bits().count_ones() =>
            {
                Err(TapError::Netmask { netmask })
            }
            _ => Ok(()),
        }
    }

    fn apply(&self, interface: &Interface) -> Result<(), TapError> {
        let failed = |what| os(interface.name(), what);
        if let Some(mac) = self.mac.filter(|mac| interface.mac().ok() != Some(*mac)) {
            let set = interface.set_mac(mac);
            set.map_err(failed("set its Ethernet address"))?;
        }
        if let Some(mtu) = self.mtu.filter(|mtu| interface.mtu().ok() != Some(*mtu)) {
            interface.set_mtu(mtu).map_err(failed("set its MTU"))?;
        }
        if let Some((address, netmask)) = self.address {
            let set = interface.set_address(address, netmask);
            set.map_err(failed("set its address"))?;
        }
        interface.bring_up().map_err(failed("switch it on"))
    }
}

/// For `map_err`: this did not work with the interface.
fn os(name: &str, what: &'static str) -> impl FnOnce(io::Error) -> TapError {
    let name = name.to_owned();
    move |source| TapError::Os { name, what, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_interface_can_have_is_refused_before_the_system_is_asked() {
        for name in ["a name", "a/b", "a:b", "sixteen-letters!", ".."] {
            let error = Tap::open(&TapOptions::new(name)).expect_err("no name");
            assert!(matches!(error, TapError::Name { .. }), "{name}: {error}");
        }
        let mut options = TapOptions::new("tap%d");
        options.mac = Some(Mac([1, 0, 0x5E, 0, 0, 1]));
        assert!(matches!(options.check(), Err(TapError::Mac { .. })));
        options.mac = None;
        options.address = Some((Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(255, 0, 255, 0)));
        assert!(matches!(options.check(), Err(TapError::Netmask { .. })));
        options.address = Some((Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(255, 255, 240, 0)));
        assert!(options.check().is_ok());
    }
}

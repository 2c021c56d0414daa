//! What the tests of this layer share: a place for a socket file; a process of one's own, to stop
//! it, starve it or change its user; and patience, since such a process holds, as it starts, a
//! copy of every descriptor.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::net::{SocketAddrUnix, SocketType, bind};
use tempfile::TempDir;

use super::seqpacket::unconnected;
use super::{Address, BindError, Incoming, ListenSocket, SeqPacket, SocketFile, now};

const MARK: &str = "MEMIF_TEST_ALONE";

/// Starts the calling test again, alone in a new process; `None` in that process.
pub(crate) fn again(module: &str, test: &str) -> Option<Child> {
    if std::env::var_os(MARK).is_some() {
        return None;
    }
    let (_crate_name, module) = module.split_once("::").expect("a test in a module");
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", &format!("{module}::{test}"), "--nocapture"])
        .env(MARK, "1")
        .stdout(Stdio::piped())
        .spawn();
    Some(child.expect("start this program again"))
}

/// Waits for that process, in which the test has to have run and passed.
pub(crate) fn passes(child: Child) {
    let output = child.wait_with_output().expect("wait");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "no such test: {said}");
}

/// Waits until `condition` holds, which it has to within ten seconds.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    let deadline = now() + Duration::from_secs(10);
    while !condition() {
        assert!(now() < deadline, "it never came true");
        std::thread::yield_now();
    }
}

/// A directory with the path of a socket in it.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    pub(crate) path: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Place {
        let dir = tempfile::tempdir().expect("directory");
        let path = dir.path().join("cam.sock");
        Place { dir, path }
    }

    pub(crate) fn bind(&self) -> Result<ListenSocket, BindError> {
        self.bind_with(&SocketFile::default())
    }

    pub(crate) fn bind_with(&self, file: &SocketFile) -> Result<ListenSocket, BindError> {
        ListenSocket::bind(&self.address(), file)
    }

    pub(crate) fn address(&self) -> Address {
        Address::Path(self.path.clone())
    }

    pub(crate) fn connect(&self) -> io::Result<SeqPacket> {
        SeqPacket::connect(&self.address())
    }

    /// Leaves a socket file that nobody listens on.
    pub(crate) fn leave_stale(&self) {
        let target = SocketAddrUnix::new(&self.path).expect("fits");
        bind(unconnected(SocketType::SEQPACKET).expect("socket"), &target).expect("bind");
        assert!(self.has_socket());
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).expect("list");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        entries.map(|entry| name(entry.expect("entry"))).collect()
    }

    pub(crate) fn has_socket(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|found| found.file_type().is_socket())
    }
}

/// A client comes, and a message goes through.
pub(crate) fn assert_connects(address: &Address, listener: &ListenSocket) {
    const MESSAGE: [u8; 128] = [7; 128];
    let client = SeqPacket::connect(address).expect("connect");
    let served = listener.accept().expect("accept").expect("a client");
    assert!(listener.accept().expect("accept").is_none());
    served.send(&MESSAGE, None).expect("send");
    let got = client.receive().expect("receive");
    assert!(matches!(got, Incoming::Datagram { bytes: MESSAGE, .. }));
}

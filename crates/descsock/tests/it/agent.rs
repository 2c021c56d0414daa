//! An agent in a thread, in a directory of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use descsock::{Client, Error, Options, Wait};
use dma_agent::{Admission, Agent};
use memif::Address;
use memif::unix::SocketFile;
use switch::Settings;

/// How long anything may take that should be done at once, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A place for a doorbell and for files, with an agent if it is started.
pub(crate) struct Place {
    pub(crate) directory: tempfile::TempDir,
    agent: Option<Running>,
}

struct Running {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Place {
    /// Without an agent.
    pub(crate) fn deserted() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a directory"),
            agent: None,
        }
    }

    /// With one.
    pub(crate) fn new() -> Self {
        let mut place = Self::deserted();
        place.start();
        place
    }

    pub(crate) fn doorbell(&self) -> PathBuf {
        self.directory.path().join("doorbell.sock")
    }

    pub(crate) fn start(&mut self) {
        self.start_with(Admission::same_user());
    }

    /// Starts an agent with rules of its own.
    pub(crate) fn start_with(&mut self, admission: Admission) {
        let address = Address::Path(self.doorbell());
        let agent = Agent::new(admission, Settings::default(), 7);
        let mut agent = agent.expect("an agent");
        let listening = agent.listen(&address, &SocketFile::default());
        listening.expect("a doorbell");
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                let turn = agent.turn(Some(Duration::from_millis(5)));
                turn.expect("the agent turns");
            }
        });
        let thread = Some(thread);
        self.agent = Some(Running { stop, thread });
    }

    /// The agent dies; all its descriptors are closed at once.
    pub(crate) fn kill(&mut self) {
        self.agent = None;
    }

    pub(crate) fn options(&self, service: u32) -> Options {
        let options = Options::new(self.doorbell(), self.directory.path(), service);
        let options = options.wait(Wait::For(SOON)).patience(SOON);
        options.rings(crate::RINGS)
    }

    pub(crate) fn client(&self, service: u32) -> Client {
        Client::open(self.options(service)).expect("a client")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(
                ended.is_ok() || std::thread::panicking(),
                "the agent failed"
            );
        }
    }
}

/// A broadcast frame with a number in it, and bytes that depend on it. At least 22 bytes.
pub(crate) fn frame(number: u64, len: usize) -> Vec<u8> {
    let mut frame: Vec<u8> = (0..len as u64)
        .map(|at| (7 * at + number).to_le_bytes()[0])
        .collect();
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
    frame[12..14].copy_from_slice(&[0x88, 0xb5]);
    frame[14..22].copy_from_slice(&number.to_le_bytes());
    frame
}

/// The number in a frame.
pub(crate) fn number(frame: &[u8]) -> u64 {
    let bytes = frame[14..22].try_into().expect("eight bytes");
    u64::from_le_bytes(bytes)
}

/// Receives a frame as it is.
pub(crate) fn receive(client: &Client) -> Result<Vec<u8>, Error> {
    let mut frame = vec![0; 9600];
    let received = client.recv(&mut frame)?;
    frame.truncate(received.len);
    Ok(frame)
}

/// Polls until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within {SOON:?}: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

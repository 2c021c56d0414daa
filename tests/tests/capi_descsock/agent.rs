//! An agent in a thread of the test, and a neighbour that exchanges frames with the program under test.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use descsock::{Client, Options, Wait};
use dma_agent::{Admission, Agent};
use memif::Address;
use memif::unix::SocketFile;
use memwire_tests::deadline::SOON;
use memwire_tests::workshop;
use switch::Settings;

/// A place for a doorbell and for files, with an agent if it is started.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) directory: tempfile::TempDir,
    agent: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Place {
    /// Without an agent.
    pub(crate) fn deserted() -> Self {
        Self {
            directory: workshop(),
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

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn start(&mut self) {
        let agent = Agent::new(Admission::same_user(), Settings::default(), 7);
        let mut agent = agent.expect("an agent");
        let address = Address::Path(self.doorbell());
        let listening = agent.listen(&address, &SocketFile::default());
        listening.expect("a doorbell");
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                let turned = agent.turn(Some(Duration::from_millis(5)));
                turned.expect("the agent turns");
            }
        });
        let thread = Some(thread);
        self.agent = Some(Running { stop, thread });
    }

    /// The agent dies; all its descriptors are closed.
    pub(crate) fn kill(&mut self) {
        self.agent = None;
    }

    /// Another client of the agent.
    pub(crate) fn neighbour(&self, service: u32) -> Client {
        let options = Options::new(self.doorbell(), self.directory.path(), service);
        let options = options.tenant("neighbour").wait(Wait::For(SOON));
        Client::open(options.patience(SOON)).expect("a neighbour")
    }

    /// Files that clients have made here.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory.path()).expect("a directory");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        let mut names: Vec<_> = names
            .filter(|name| !name.ends_with(".sock") && !name.ends_with("neighbour"))
            .collect();
        names.sort();
        names
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

/// A broadcast frame of so many bytes, without CRC, that depends on a number.
pub(crate) fn frame(number: u8, len: usize) -> Vec<u8> {
    let counting = (0..=255_u8).cycle();
    let mut frame: Vec<u8> = counting
        .map(|at| at.wrapping_mul(7).wrapping_add(number))
        .take(len)
        .collect();
    let header = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5, number,
    ];
    let known = header.len().min(len);
    frame[..known].copy_from_slice(&header[..known]);
    frame
}

/// The same with four bytes behind it.
pub(crate) fn with_crc(mut frame: Vec<u8>, byte: u8) -> Vec<u8> {
    frame.extend([byte; 4]);
    frame
}

/// Receives a frame as it is.
pub(crate) fn receive(neighbour: &Client) -> Vec<u8> {
    let mut frame = vec![0; 2048];
    let received = neighbour.recv(&mut frame).expect("a frame");
    frame.truncate(received.len);
    frame
}

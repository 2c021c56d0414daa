//! A sender and a receiver, each a process of its own, and what can differ between them.

use std::path::PathBuf;
use std::time::Instant;

use memif::testing::{RawClient, Setup};
use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::workshop;

use crate::puppet::{Puppet, Reply};

/// Which side listens, and which is started first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) tx_is_master: bool,
    pub(crate) rx_is_first: bool,
}

/// Two connected puppets, with connection 0 of each.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) tx: Puppet,
    pub(crate) rx: Puppet,
    pub(crate) place: Place,
    pub(crate) made: [Reply; 2],
}

/// Where two sides meet, and what for.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) ends: Ends,
    pub(crate) payload: String,
    pub(crate) directory: tempfile::TempDir,
}

/// Pixels of a picture whose frame has 4 bytes for each.
pub(crate) const YUV422P10LE: i64 = 2;

/// ST 2110-20 video.
pub(crate) fn video(width: u32, height: u32, pix_fmt: i64) -> String {
    format!("payload=1 video.width={width} video.height={height} video.pix_fmt={pix_fmt}")
}

/// A picture with frames of 8192 bytes.
pub(crate) fn small() -> String {
    video(64, 32, YUV422P10LE)
}

impl Ends {
    /// The sender listens, and is there first.
    pub(crate) const USUAL: Ends = Ends {
        tx_is_master: true,
        rx_is_first: false,
    };

    /// All four.
    pub(crate) fn every() -> impl Iterator<Item = Ends> {
        let both = [false, true];
        both.into_iter().flat_map(move |tx_is_master| {
            both.map(|rx_is_first| Ends {
                tx_is_master,
                rx_is_first,
            })
        })
    }

    /// Both roles, in the usual order.
    pub(crate) fn roles() -> [Ends; 2] {
        [true, false].map(|tx_is_master| Ends {
            tx_is_master,
            ..Ends::USUAL
        })
    }

    /// Two new puppets, connected.
    pub(crate) fn connect(self, payload: &str) -> Pair {
        self.connect_puppets(payload, Puppet::start(), Puppet::start())
    }

    /// These two, connected.
    pub(crate) fn connect_puppets(self, payload: &str, tx: Puppet, rx: Puppet) -> Pair {
        Place::new(self, payload).connect(tx, rx)
    }
}

impl Place {
    /// In a directory of its own.
    pub(crate) fn new(ends: Ends, payload: &str) -> Place {
        Place {
            ends,
            payload: payload.to_owned(),
            directory: workshop(),
        }
    }

    /// Has both create their connection 0, one after the other has begun to wait.
    pub(crate) fn connect(self, mut tx: Puppet, mut rx: Puppet) -> Pair {
        let made = self.meet(&mut tx, &mut rx, 0);
        Pair {
            tx,
            rx,
            place: self,
            made,
        }
    }

    /// Has both create a connection of this number and id.
    pub(crate) fn meet(&self, tx: &mut Puppet, rx: &mut Puppet, id: u32) -> [Reply; 2] {
        let (create_tx, create_rx) = (self.create_tx(id), self.create_rx(id));
        if self.ends.rx_is_first {
            rx.begin(&create_rx);
            rx.is_waiting();
            tx.begin(&create_tx);
        } else {
            tx.begin(&create_tx);
            tx.is_waiting();
            rx.begin(&create_rx);
        }
        [tx.answer().is("made"), rx.answer().is("made")]
    }

    /// What a sender is told to create.
    pub(crate) fn create_tx(&self, id: u32) -> String {
        self.create(id, 0, self.ends.tx_is_master)
    }

    /// What a receiver is told to create.
    pub(crate) fn create_rx(&self, id: u32) -> String {
        self.create(id, 1, !self.ends.tx_is_master)
    }

    /// A stranger's socket, connected as soon as there is a master. Nothing is said yet.
    pub(crate) fn caller(&self, setup: Setup) -> RawClient {
        eventually("a master listens", SOON, || {
            RawClient::connect(self.socket(), setup.clone()).ok()
        })
    }

    /// A stranger that has shaken hands with the master.
    pub(crate) fn stranger(&self, setup: Setup) -> RawClient {
        let mut client = self.caller(setup);
        client.handshake().expect("an honest client is served");
        client
    }

    /// The socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("mcm.sock")
    }

    fn create(&self, id: u32, direction: u8, master: bool) -> String {
        let (socket, master) = (self.socket(), u8::from(master));
        let (socket, payload) = (socket.display(), &self.payload);
        format!(
            "create {id} type={direction} protocol=1 path={socket} id={id} master={master} {payload}"
        )
    }
}

impl Pair {
    /// Sends one numbered frame of so many bytes.
    pub(crate) fn send(&mut self, number: u64, len: usize) {
        send(&mut self.tx, 0, number, len);
    }

    /// Receives one frame of these numbers, and gives it back.
    pub(crate) fn receive(&mut self, number: u64, len: usize) {
        receive(&mut self.rx, 0, number, len);
    }

    /// Puts another process in the place of the sender, and connects it.
    pub(crate) fn replace_sender(&mut self) {
        self.tx = Puppet::start();
        let create = self.place.create_tx(0);
        join(&mut self.tx, &create, &mut self.rx);
    }

    /// Puts another process in the place of the receiver, and connects it.
    pub(crate) fn replace_receiver(&mut self) {
        self.rx = Puppet::start();
        let create = self.place.create_rx(0);
        join(&mut self.rx, &create, &mut self.tx);
    }

    /// A frame goes through.
    pub(crate) fn works(&mut self, number: u64) {
        self.send(number, 100);
        self.receive(number, 100);
    }

    /// Sends until there is no room; how many frames.
    pub(crate) fn fill_up(&mut self, number: u64) -> u64 {
        let mut sent = 0;
        while self.tx.ask("dequeue 0 127 0").text().starts_with("buffer") {
            self.tx.ask(&format!("fill 127 100 {}", number + sent));
            self.tx.ask("enqueue 0 127").has("code", 0);
            sent += 1;
            assert!(sent <= 1000, "there is no end to the room");
        }
        sent
    }

    /// Ends both.
    pub(crate) fn quit(self) {
        self.tx.quit();
        self.rx.quit();
    }
}

/// Sends one numbered frame on a connection.
#[track_caller]
pub(crate) fn send(tx: &mut Puppet, connection: u32, number: u64, len: usize) {
    let command = format!("send {connection} 1 {len} 0 {number}");
    tx.ask(&command).is("sent").has("n", 1);
}

/// Receives one frame on a connection, which has to be this one.
#[track_caller]
pub(crate) fn receive(rx: &mut Puppet, connection: u32, number: u64, len: usize) {
    let command = format!("receive {connection} 1 5000 0 {number}");
    let reply = rx.ask(&command).is("received").has("n", 1).has("bad", 0);
    reply.has("bytes", i64::try_from(len).expect("a length"));
}

/// Has a newcomer create its connection, to one who is there and waits for a peer in dequeues.
#[track_caller]
pub(crate) fn join(newcomer: &mut Puppet, create: &str, present: &mut Puppet) {
    newcomer.begin(create);
    let deadline = Instant::now() + SOON;
    while !newcomer.has_answered() {
        assert!(Instant::now() < deadline, "not connected: {create}");
        if present.ask("dequeue 0 126 20").text().starts_with("buffer") {
            present.ask("cancel 0 126").has("code", 0);
        }
    }
    newcomer.answer().is("made");
    // The news of the one before, if there was no occasion to tell it.
    if present.ask("dequeue 0 126 0").text().starts_with("buffer") {
        present.ask("cancel 0 126").has("code", 0);
    }
}

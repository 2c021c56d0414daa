//! Clients that send and receive on all tiers, and an agent that is turned by hand.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use dma_agent::{Agent, Scheduling, Weights};

use crate::common::{BASE, BUFFER, Raw, Running, frame};

/// Frames of each class in one round.
pub(crate) const WEIGHTS: [u16; 4] = [1, 2, 4, 8];
/// Receive buffers of tier 0, and of each of the others.
const BUFFERS: u64 = 1023;
const OTHER_BUFFERS: u64 = 300;

pub(crate) fn weighted() -> Scheduling {
    Scheduling::Weighted(Weights::new(WEIGHTS).expect("in their bounds"))
}

/// A client of an agent, which counts on each tier for itself.
pub(crate) struct Tenant {
    pub(crate) raw: Raw,
    /// Frames sent by tier.
    pub(crate) sent: [u64; 4],
    pub(crate) completed: [u64; 4],
    pub(crate) posted: [u64; 4],
    pub(crate) received: [u64; 4],
    /// Of a descriptor that has not come whole.
    partial: [Vec<u8>; 4],
}

/// One frame that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Got {
    /// The did of its sender.
    pub(crate) from: u32,
    /// The tier it was sent on.
    pub(crate) class: usize,
    /// Its number in that class, of that sender.
    pub(crate) number: u64,
}

impl Tenant {
    pub(crate) fn new(agent: &Running, name: &str, svc: u32) -> Self {
        let raw = Raw::register_binary(agent, name, svc);
        for socket in &raw.sockets {
            socket.set_nonblocking(true).expect("a flag");
        }
        Self {
            raw,
            sent: [0; 4],
            completed: [0; 4],
            posted: [0; 4],
            received: [0; 4],
            partial: Default::default(),
        }
    }

    /// Sends numbered frames on a tier, in one write.
    pub(crate) fn send(&mut self, class: usize, count: u64) {
        let mut descriptors = Vec::new();
        for _ in 0..count {
            let number = (class as u64) << 32 | self.sent[class];
            let sent = frame(0xFF, 0xA, number, 60);
            descriptors.extend(self.raw.prepare(&sent, 'B', None));
            self.sent[class] += 1;
        }
        let written = self.raw.sockets[4 + class].write(&descriptors);
        assert_eq!(written.expect("room"), descriptors.len());
    }

    /// Posts receive buffers on a tier.
    pub(crate) fn post(&mut self, tier: usize, count: u64) {
        let first = self.posted[tier];
        let empties = (first..first + count).map(|number| BASE + place(tier, number));
        let empties: Vec<u8> = empties
            .flat_map(|address| (address | (BUFFER << 48)).to_le_bytes())
            .collect();
        self.posted[tier] += count;
        let written = self.raw.sockets[tier].write(&empties);
        assert_eq!(written.expect("room"), empties.len());
    }

    /// What has come on a tier.
    pub(crate) fn receive(&mut self, tier: usize) -> Vec<Got> {
        let mut bytes = std::mem::take(&mut self.partial[tier]);
        read_all(&mut self.raw.sockets[tier], &mut bytes);
        let descriptors = bytes.chunks_exact(32);
        self.partial[tier] = descriptors.remainder().to_vec();
        let descriptors: Vec<_> = descriptors.map(<[u8]>::to_vec).collect();
        let got = descriptors.iter().map(|descriptor| {
            let mut payload = [0; 22];
            let at = place(tier, self.received[tier]);
            let read = self.raw.file.read_exact_at(&mut payload, at);
            read.expect("in the file");
            self.received[tier] += 1;
            let number = payload[14..].try_into().map(u64::from_le_bytes);
            let number = number.expect("eight bytes");
            Got {
                from: u32::from(u16::from_le_bytes([descriptor[10], descriptor[11]]) & 0x7FF),
                class: (number >> 32) as usize,
                number: number & 0xFFFF_FFFF,
            }
        });
        got.collect()
    }

    /// Takes the completions that have come.
    pub(crate) fn complete(&mut self) {
        for class in 0..4 {
            let mut bytes = Vec::new();
            read_all(&mut self.raw.sockets[4 + class], &mut bytes);
            // They are written whole, in batches that the socket takes whole.
            assert_eq!(bytes.len() % 8, 0);
            self.completed[class] += bytes.len() as u64 / 8;
        }
    }

    pub(crate) fn outstanding(&self) -> u64 {
        self.sent.iter().sum::<u64>() - self.completed.iter().sum::<u64>()
    }
}

/// Where in the file the n-th buffer of a tier is.
fn place(tier: usize, number: u64) -> u64 {
    let buffer = match tier as u64 {
        0 => number % BUFFERS,
        other => BUFFERS + (other - 1) * OTHER_BUFFERS + number % OTHER_BUFFERS,
    };
    buffer * BUFFER
}

fn read_all(socket: &mut impl Read, bytes: &mut Vec<u8>) {
    match socket.read_to_end(bytes) {
        Ok(_) => panic!("the agent let go of this client"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
    }
}

/// An agent that stands still until it is turned, with a sender and a receiver.
pub(crate) struct Still {
    pub(crate) agent: Agent,
    pub(crate) sender: Tenant,
    pub(crate) receiver: Tenant,
    _dir: tempfile::TempDir,
}

impl Still {
    pub(crate) fn new(scheduling: Scheduling) -> Self {
        let mut running = Running::start();
        let sender = Tenant::new(&running, "sender", 8);
        let receiver = Tenant::new(&running, "receiver", 9);
        let dir = std::mem::replace(&mut running.dir, tempfile::tempdir().expect("a directory"));
        let mut agent = running.stop();
        agent.schedule_by(scheduling);
        Self {
            agent,
            sender,
            receiver,
            _dir: dir,
        }
    }

    /// Turns the agent until it has taken in all that was sent and posted.
    pub(crate) fn settle(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            // Twice: what the first turn hears of, the second has certainly served.
            for _ in 0..2 {
                self.agent.turn(Some(Duration::ZERO)).expect("a turn");
            }
            self.sender.complete();
            if self.sender.outstanding() == 0 {
                return;
            }
            assert!(Instant::now() < deadline, "frames that were not taken in");
        }
    }
}

/// The classes of frames, one after the other.
pub(crate) fn classes(got: &[Got]) -> Vec<usize> {
    got.iter().map(|got| got.class).collect()
}

/// One round of all classes by their weights.
pub(crate) fn round() -> Vec<usize> {
    let turn = |class: usize| std::iter::repeat_n(class, WEIGHTS[class].into());
    (0..4).rev().flat_map(turn).collect()
}

/// That the frames of each class of each sender are in order.
pub(crate) fn assert_in_order(got: &[Got]) {
    let mut last = BTreeMap::new();
    for one in got {
        let before = last.insert((one.from, one.class), one.number);
        assert!(
            before.is_none_or(|before| before < one.number),
            "{one:?} after {before:?}"
        );
    }
}

//! Two clients that send and receive all the time: numbered frames both ways, each exactly once and in order, in
//! descriptors that are cut anywhere.

use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::raw::{BASE, BUFFER, Raw, TX, frame};

/// Frames that may be under way: for all the buffers there are, and some that have to wait.
const WINDOW: u64 = 1200;
/// The buffers of one client.
const BUFFERS: u64 = 1023;

/// A client that sends in one of the layouts.
pub(crate) struct End {
    pub(crate) raw: Raw,
    pub(crate) layout: char,
    /// The last byte of its address.
    host: u8,
}

/// Both clients, and what has passed between them.
pub(crate) struct Load {
    ends: [End; 2],
    /// From the first to the second, and back.
    ways: [Way; 2],
    hush: AtomicBool,
    stop: AtomicBool,
}

#[derive(Default)]
struct Way {
    sent: AtomicU64,
    received: AtomicU64,
    /// The longest time between two frames, in microseconds.
    gap: AtomicU64,
}

impl Load {
    pub(crate) fn new(one: (Raw, char), other: (Raw, char)) -> Self {
        let end = |(mut raw, layout): (Raw, char), host| {
            raw.post(BUFFERS);
            End { raw, layout, host }
        };
        Self {
            ends: [end(one, 0xA), end(other, 0xB)],
            ways: Default::default(),
            hush: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        }
    }

    /// Runs while something happens, and then until everything has come. How many frames that were.
    pub(crate) fn run(&self, during: impl FnOnce(&Self)) -> [u64; 2] {
        let [one, other] = &self.ends;
        let [there, back] = &self.ways;
        std::thread::scope(|scope| {
            let senders = [
                scope.spawn(|| self.send(one, other, there)),
                scope.spawn(|| self.send(other, one, back)),
            ];
            scope.spawn(|| self.receive(other, there));
            scope.spawn(|| self.receive(one, back));
            during(self);
            self.hush.store(true, Ordering::Relaxed);
            for sender in senders {
                sender.join().expect("it sends");
            }
            self.stop.store(true, Ordering::Relaxed);
        });
        self.received()
    }

    /// Waits until so many more frames have come, both ways.
    pub(crate) fn flow(&self, more: u64) {
        let before = self.received();
        let started = Instant::now();
        while self
            .received()
            .iter()
            .zip(before)
            .any(|(now, old)| *now < old + more)
        {
            let waited = started.elapsed();
            assert!(waited < Duration::from_secs(60), "frames flow both ways");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The longest time that a client has waited for a frame.
    pub(crate) fn gap(&self) -> Duration {
        let gaps = self.ways.iter().map(|way| way.gap.load(Ordering::Relaxed));
        Duration::from_micros(gaps.max().unwrap_or(0))
    }

    fn received(&self) -> [u64; 2] {
        self.ways
            .each_ref()
            .map(|way| way.received.load(Ordering::Relaxed))
    }

    /// Sends frames until told to stop, and takes completions, which come in order.
    fn send(&self, from: &End, to: &End, way: &Way) {
        let mut socket = from.raw.sockets[4].try_clone().expect("a descriptor");
        let mut number = 0;
        while !self.hush.load(Ordering::Relaxed) {
            if number - way.received.load(Ordering::Relaxed) >= WINDOW {
                std::thread::yield_now();
                continue;
            }
            let offset = TX + number % 1023 * BUFFER;
            let sent = frame(to.host, from.host, number, 60);
            from.raw.file.write_all_at(&sent, offset).expect("written");
            let mut descriptor = [0; 32];
            descriptor[..8].copy_from_slice(&((BASE + offset) | (64 << 48)).to_le_bytes());
            descriptor[8] = if from.layout == 'A' { 0x1A } else { 0x62 };
            let (first, rest) = descriptor.split_at(1 + (number % 31) as usize);
            socket.write_all(first).expect("sent");
            socket.write_all(rest).expect("sent");
            let mut completion = [0; 8];
            socket.read_exact(&mut completion).expect("completed");
            let address = u64::from_le_bytes(completion) & 0xFFFF_FFFF_FFFF;
            assert_eq!(address, BASE + offset, "completions come in order");
            number += 1;
            way.sent.store(number, Ordering::Relaxed);
        }
    }

    /// Takes frames, each with the number that is due, and posts each buffer again.
    fn receive(&self, to: &End, way: &Way) {
        let mut socket = to.raw.sockets[0].try_clone().expect("a descriptor");
        let (mut descriptor, mut got) = ([0; 32], [0; 22]);
        let mut last = Instant::now();
        for number in 0.. {
            while number == way.sent.load(Ordering::Relaxed) {
                if self.stop.load(Ordering::Relaxed) && number == way.sent.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::yield_now();
            }
            socket.read_exact(&mut descriptor).expect("a frame");
            let gap = u64::try_from(last.elapsed().as_micros()).unwrap_or(u64::MAX);
            way.gap.fetch_max(gap, Ordering::Relaxed);
            last = Instant::now();
            let offset = number % 1023 * BUFFER;
            to.raw.file.read_exact_at(&mut got, offset).expect("there");
            assert_eq!(got[14..], number.to_le_bytes(), "in order, and once");
            let empty = Raw::empty(to.raw.posted + number);
            let (first, rest) = empty.split_at(1 + (number % 7) as usize);
            socket.write_all(first).expect("posted");
            socket.write_all(rest).expect("posted");
            way.received.store(number + 1, Ordering::Relaxed);
        }
    }
}

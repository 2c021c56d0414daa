//! One queue of one link: receives, answers, and sends when told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use memif::{Error, Link, Rx, Tx};
use memwire_tests::counters::Counters;
use memwire_tests::frames::{number_of, numbered};

use crate::options::{Options, Task};
use crate::say;

/// How long a worker waits before it looks for orders again.
const TURN: Duration = Duration::from_millis(20);

/// Frames in one direction before the other has its turn.
const TURNS: usize = 64;

/// What workers and the main thread share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) over: AtomicBool,
    rx: AtomicU64,
    rx_bytes: AtomicU64,
    bad: AtomicU64,
    tx: AtomicU64,
    tx_bytes: AtomicU64,
    /// Numbers up to this one may be sent.
    ordered: AtomicU64,
    order_bytes: AtomicUsize,
}

impl Shared {
    /// Allows so many more frames to be sent.
    pub(crate) fn order(&self, count: u64, bytes: usize) {
        self.order_bytes.store(bytes, Ordering::Relaxed);
        self.ordered.fetch_add(count, Ordering::Release);
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            rx: self.rx.load(Ordering::Relaxed),
            rx_bytes: self.rx_bytes.load(Ordering::Relaxed),
            bad: self.bad.load(Ordering::Relaxed),
            tx: self.tx.load(Ordering::Relaxed),
            tx_bytes: self.tx_bytes.load(Ordering::Relaxed),
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// Both directions of one queue.
#[derive(Debug)]
pub(crate) struct Worker {
    rx: Rx,
    tx: Tx,
    id: u32,
    queue: u16,
    task: Task,
    /// The number of the next frame that is this queue's to send.
    next: u64,
    step: u64,
    /// Most frames sent and not come back.
    window: u64,
    sent: u64,
    received: u64,
    /// The last epoch that is over for our sending side.
    tx_ended: u64,
    shared: Arc<Shared>,
}

impl Worker {
    pub(crate) fn new(
        link: &mut Link,
        id: u32,
        queue: u16,
        options: &Options,
        shared: &Arc<Shared>,
    ) -> Result<Worker, Error> {
        Ok(Worker {
            rx: link.rx(queue.into())?,
            tx: link.tx(queue.into())?,
            id,
            queue,
            task: options.task,
            next: queue.into(),
            step: options.queues.into(),
            window: options.window,
            sent: 0,
            received: 0,
            tx_ended: 0,
            shared: Arc::clone(shared),
        })
    }

    pub(crate) fn run(mut self) {
        while !self.shared.is_over() {
            self.receive_some();
            self.send_some();
        }
    }

    /// Waits for a frame, then takes a few more that are there already.
    fn receive_some(&mut self) {
        let mut patience = self.patience();
        for _ in 0..TURNS {
            match self.rx.recv(Some(patience)) {
                Ok(frame) => self.take(&frame.to_vec(), frame.epoch()),
                Err(Error::Timeout) => return,
                Err(other) => {
                    self.tell("rx", &other);
                    self.let_go();
                }
            }
            patience = Duration::ZERO;
        }
    }

    /// A sending side that nobody uses holds the memory of an ended epoch until it is asked again.
    fn let_go(&mut self) {
        if let Err(error) = self.tx.try_loan(1) {
            self.tell("tx", &error);
        }
    }

    /// No patience while there is something to send.
    fn patience(&self) -> Duration {
        match self.is_ordered() {
            true => Duration::ZERO,
            false => TURN,
        }
    }

    fn is_ordered(&self) -> bool {
        let fits = self.sent.saturating_sub(self.received) < self.window;
        fits && self.next < self.shared.ordered.load(Ordering::Acquire)
    }

    fn take(&mut self, frame: &[u8], epoch: u64) {
        self.received += 1;
        self.shared.rx.fetch_add(1, Ordering::Relaxed);
        let bytes = frame.len() as u64;
        self.shared.rx_bytes.fetch_add(bytes, Ordering::Relaxed);
        match self.task {
            Task::Echo => self.send_back(frame, epoch),
            Task::Sink if number_of(frame).is_none() => {
                self.shared.bad.fetch_add(1, Ordering::Relaxed);
            }
            Task::Sink => {}
        }
    }

    /// Sends a few of the frames ordered while there is room, so that receiving does not starve.
    fn send_some(&mut self) {
        for _ in 0..TURNS {
            if !self.is_ordered() {
                return;
            }
            let bytes = self.shared.order_bytes.load(Ordering::Relaxed);
            match self
                .tx
                .send(&numbered(self.next, bytes), Some(Duration::ZERO))
            {
                Ok(()) => {
                    self.count_sent(bytes);
                    self.next += self.step;
                    self.sent += 1;
                }
                Err(error) => return self.tell("tx", &error),
            }
        }
    }

    /// Sends a frame of `epoch` back; waits for room until that epoch has ended.
    fn send_back(&mut self, frame: &[u8], epoch: u64) {
        while epoch > self.tx_ended && !self.shared.is_over() {
            match self.tx.send(frame, Some(TURN)) {
                Ok(()) => return self.count_sent(frame.len()),
                Err(error) => self.tell("tx", &error),
            }
        }
    }

    fn count_sent(&self, bytes: usize) {
        self.shared.tx.fetch_add(1, Ordering::Relaxed);
        self.shared
            .tx_bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The end of an epoch is news once, from the first queue's receiving side.
    fn tell(&mut self, side: &str, error: &Error) {
        match error {
            Error::Timeout => {}
            Error::Disconnected(ended) if side == "tx" => self.tx_ended = ended.epoch,
            Error::Disconnected(ended) if self.queue == 0 => {
                let how = if ended.clean { "clean" } else { "dirty" };
                say(&format!("down {} {how} {}", self.id, ended.reason));
            }
            Error::Disconnected(_) => {}
            other => say(&format!("error {} {side} {other}", self.id)),
        }
    }
}

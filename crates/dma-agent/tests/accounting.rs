//! Every frame is accounted for: sent = delivered + dropped by reason, whoever is killed when.
//!
//! `MEMWIRE_SOAK_FRAMES` sets how many frames go through; the usual number keeps a debug build quick.

#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of tests that fit by their making"
)]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::{Raw, Running, frame};
use dma_agent::{Agent, PortCounters};

const BATCH: u64 = 64;
const SERVICES: [u32; 3] = [10, 11, 12];
/// The dids that the first three clients of an agent get.
const DIDS: [u32; 3] = [16, 17, 18];

fn frames() -> u64 {
    let asked = std::env::var("MEMWIRE_SOAK_FRAMES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(150_000)
}

/// A client in two threads: one takes what comes and posts its buffers anew, one takes completions.
struct Busy {
    raw: Raw,
    received: Arc<AtomicU64>,
    completed: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    fn new(mut raw: Raw) -> Self {
        raw.post(1023);
        let (received, completed) = (Arc::default(), Arc::default());
        let stop = Arc::new(AtomicBool::new(false));
        let threads = vec![
            take(&raw, 0, 32, &received, &stop, true),
            take(&raw, 4, 8, &completed, &stop, false),
        ];
        Self {
            raw,
            received,
            completed,
            stop,
            threads,
        }
    }

    /// Sends a batch to another client, in one write, waiting while too many are on their way.
    fn send(&mut self, to: usize) {
        while self.raw.sent - self.completed.load(Ordering::Relaxed) > 1023 - BATCH {
            std::thread::yield_now();
        }
        let directed = Some((DIDS[to], SERVICES[to], 15));
        let sent = frame(1, 2, self.raw.sent, 60);
        let batch: Vec<u8> = (0..BATCH)
            .flat_map(|_| self.raw.prepare(&sent, 'B', directed))
            .collect();
        self.raw.sockets[4].write_all(&batch).expect("sent");
    }

    /// Goes, as a killed process does.
    fn end(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for socket in &self.raw.sockets {
            // Wakes the threads, which have descriptors of their own.
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
        for thread in self.threads.drain(..) {
            thread.join().expect("no panic");
        }
    }
}

/// Counts records of one socket until its end.
fn take(
    raw: &Raw,
    socket: usize,
    size: usize,
    count: &Arc<AtomicU64>,
    stop: &Arc<AtomicBool>,
    posts: bool,
) -> JoinHandle<()> {
    let mut socket = raw.sockets[socket].try_clone().expect("a descriptor");
    let (count, stop) = (Arc::clone(count), Arc::clone(stop));
    let mut posted = raw.posted;
    std::thread::spawn(move || {
        let (mut buffer, mut held) = (vec![0; 65_536], 0);
        loop {
            let read = match socket.read(&mut buffer) {
                Ok(0) => return,
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(_) if stop.load(Ordering::Relaxed) => return,
                Err(error) => panic!("{error}"),
            };
            held += read;
            let whole = (held / size) as u64;
            held %= size;
            count.fetch_add(whole, Ordering::Relaxed);
            if posts {
                let anew: Vec<u8> = (posted..posted + whole).flat_map(Raw::empty).collect();
                posted += whole;
                if socket.write_all(&anew).is_err() {
                    return;
                }
            }
        }
    })
}

/// All there is and was.
fn totals(agent: &Agent) -> (PortCounters, u64) {
    let mut all = agent.gone();
    let mut waiting = 0;
    for port in agent.ports() {
        all.received += port.counters.received;
        all.sent += port.counters.sent;
        waiting += port.waiting;
    }
    (all, waiting)
}

#[test]
fn what_is_sent_is_delivered_or_dropped_for_a_reason_through_random_kills() {
    let agent = Running::start();
    let name = |number: usize, generation: u64| format!("client{number}-{generation}");
    let join = |number: usize, generation: u64| {
        let name = name(number, generation);
        Busy::new(Raw::register_binary(&agent, &name, SERVICES[number]))
    };
    let mut clients: Vec<Busy> = (0..3).map(|number| join(number, 0)).collect();
    let mut random = 12_345_u64;
    let (mut sent, mut generation) = (0, 0);
    let mut sent_by_the_dead = 0;
    while sent < frames() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let from = (random >> 33) as usize % 3;
        let to = (from + 1 + (random >> 40) as usize % 2) % 3;
        clients[from].send(to);
        sent += BATCH;
        if (random >> 48).is_multiple_of(199) {
            generation += 1;
            let victim = (random >> 20) as usize % 3;
            let dead = clients.remove(victim);
            sent_by_the_dead += dead.raw.sent;
            dead.end();
            clients.insert(victim, join(victim, generation));
        }
    }
    assert!(generation > 3, "nobody was killed");
    // What the living have sent is completed, and so has been forwarded or dropped.
    for client in &clients {
        while client.completed.load(Ordering::Relaxed) < client.raw.sent {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let living: u64 = clients.iter().map(|client| client.raw.sent).sum();
    assert_eq!(living + sent_by_the_dead, sent);
    let agent = agent.stop();
    let (all, waiting) = totals(&agent);
    let drops = agent.drops();
    assert_eq!(
        all.received,
        all.sent + drops.total(),
        "{waiting} waiting, {drops:?}"
    );
    // Of the dead, the agent may not have read all; of the living it has.
    assert!((living..=sent).contains(&all.received), "{all:?}");
    for client in clients {
        client.end();
    }
}

#[test]
fn what_a_living_client_is_sent_it_gets() {
    let agent = Running::start();
    let mut sender = Busy::new(Raw::register_binary(&agent, "sender", SERVICES[0]));
    let receiver = Busy::new(Raw::register_text(&agent, "receiver", SERVICES[1], 256));
    while sender.raw.sent < frames() {
        sender.send(1);
    }
    while sender.completed.load(Ordering::Relaxed) < sender.raw.sent {
        std::thread::sleep(Duration::from_millis(1));
    }
    let agent = agent.stop();
    // What the agent has written is still to be read: the sockets are open as long as it is here.
    let (_, waiting) = totals(&agent);
    let delivered = sender.raw.sent - agent.drops().total() - waiting;
    let deadline = Instant::now() + Duration::from_secs(10);
    let count = || receiver.received.load(Ordering::Relaxed);
    while count() < delivered && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(count(), delivered, "{:?}", agent.drops());
}

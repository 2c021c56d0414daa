//! Senders that are killed, and come back.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Listens, PATIENCE, Place, SOON, bytes};
use media::{Receiver, Sender};
use memif::{Address, Connector, Listener};

/// Tells the copy of this program that is to be killed where to send.
const VICTIM: &str = "MEMWIRE_TEST_VICTIM";
/// Tells it to listen, rather than to connect.
const AS_SERVER: &str = "MEMWIRE_TEST_VICTIM_LISTENS";

/// Another process that sends ten frames and then waits to be killed.
struct Victim {
    process: Child,
    /// Made when all is sent.
    mark: PathBuf,
}

impl Victim {
    fn start(address: &Address, listens: Listens) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "a_process_that_is_told_to_sends_until_it_is_killed",
        ]);
        command.env(VICTIM, address.to_string());
        if listens == Listens::Sender {
            command.env(AS_SERVER, "yes");
        }
        command.stdout(Stdio::null());
        Self {
            process: command.spawn().unwrap(),
            mark: mark(&address.to_string()),
        }
    }

    fn wait_until_all_is_sent(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.mark.exists() {
            assert!(Instant::now() < deadline);
            std::thread::yield_now();
        }
        std::fs::remove_file(&self.mark).unwrap();
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.kill();
    }
}

fn mark(address: &str) -> PathBuf {
    Path::new(address).with_extension("sent")
}

#[test]
fn a_process_that_is_told_to_sends_until_it_is_killed() {
    let Ok(address) = std::env::var(VICTIM) else {
        return;
    };
    let place = address.parse::<Address>().unwrap();
    let options = Sender::options(0, 1000);
    let link = match std::env::var(AS_SERVER) {
        Ok(_) => Listener::bind(&place).unwrap().link(options),
        Err(_) => Connector::new(&place).link(options),
    };
    let mut sender = Sender::open(link.unwrap()).unwrap();
    for number in 0..10 {
        sender.send(&bytes(1000, number), 0, SOON).unwrap();
    }
    std::fs::write(mark(&address), "").unwrap();
    // The receiver holds frames for as long as this process lives.
    let error = sender.flush(SOON).unwrap_err();
    panic!("was not killed: {error}");
}

#[test]
fn all_that_a_killed_client_sent_arrives_and_then_its_end_is_told_once() {
    receive_from_the_killed(Listens::Receiver);
}

#[test]
fn all_that_a_killed_server_sent_arrives_and_then_its_end_is_told_once() {
    receive_from_the_killed(Listens::Sender);
}

fn receive_from_the_killed(listens: Listens) {
    let place = Place::new();
    let link = place.receiving(listens, Receiver::options(0));
    let mut receiver = Receiver::open(link).unwrap();
    for epoch in 1..=3 {
        let mut victim = Victim::start(&place.address, listens);
        let mut held = Vec::new();
        for number in 0..4 {
            let frame = receiver.recv(SOON).unwrap();
            assert_eq!(frame.to_vec(), bytes(1000, number));
            held.push(frame);
        }
        victim.wait_until_all_is_sent();
        victim.kill();
        for number in 4..10 {
            let frame = receiver.recv(SOON).unwrap();
            assert_eq!(frame.to_vec(), bytes(1000, number));
            assert_eq!(frame.metadata().unwrap().sequence, number as u64);
            assert_eq!(frame.epoch(), epoch);
        }
        let error = receiver.recv(SOON).unwrap_err();
        let ended = error.ended().unwrap();
        assert!(!ended.clean, "{ended:?}");
        assert_eq!(ended.epoch, epoch);
        let quiet = receiver.recv(Some(Duration::from_millis(20))).unwrap_err();
        assert!(quiet.is_timeout(), "{quiet}");
        for (number, frame) in held.iter().enumerate() {
            assert_eq!(frame.to_vec(), bytes(1000, number));
        }
    }
    let totals = receiver.totals();
    assert_eq!((totals.frames, totals.lost, totals.malformed), (30, 0, 0));
}

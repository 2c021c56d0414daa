//! `kill -9` in mid-stream, 50 times, of either side in either role: the other side notices within 100 ms, what a dead
//! sender had published is delivered, nothing is corrupt or delivered twice, the link comes back, nothing is left behind.

use std::fs::{File, read_to_string};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memwire_tests::deadline::{SOON, becomes, eventually, monotonic};
use memwire_tests::holdings::Holdings;
use memwire_tests::process::Running;
use memwire_tests::workshop;

const KILLS: usize = 50;
/// The promise: how soon the other side notices.
const NOTICED: Duration = Duration::from_millis(100);
/// Frames of each round before the kill: more than the ring has slots.
const ROUND: u64 = 150;

/// One kill at a time: what is promised within 100 ms is not promised to a machine that four tests keep busy.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stream(task: &str, role: &str, socket: &Path, from: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stream"));
    command.args([task, role]).arg(socket).arg(from.to_string());
    command
}

/// The end that is killed. What it says goes into a file, which is complete whenever it dies.
struct Victim {
    child: Child,
    journal: PathBuf,
}

impl Victim {
    fn start(mut command: Command, journal: PathBuf) -> Victim {
        let said = File::create(&journal).expect("a journal");
        let child = command
            .stdin(Stdio::piped())
            .stdout(said)
            .spawn()
            .expect("it starts");
        Victim { child, journal }
    }

    /// Numbers after `word` in complete lines of the journal.
    fn numbers(&self, word: &str) -> Vec<u64> {
        let text = read_to_string(&self.journal).expect("the journal");
        let complete = text.rsplit_once('\n').map_or("", |(complete, _)| complete);
        assert!(
            !complete.contains("corrupt"),
            "a corrupt frame:\n{complete}"
        );
        complete
            .lines()
            .filter_map(|line| number_after(line, word))
            .collect()
    }

    /// Kills it; the moment before.
    fn kill(&mut self) -> Duration {
        let moment = monotonic();
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
        moment
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number_after(line: &str, word: &str) -> Option<u64> {
    line.strip_prefix(word)?
        .trim()
        .split(' ')
        .next()?
        .parse()
        .ok()
}

/// What the surviving end said from `mark` on, as numbers after `word`.
fn heard(survivor: &Running, mark: usize, word: &str) -> Vec<u64> {
    let lines = survivor.lines_since(mark);
    assert!(
        !lines.iter().any(|line| line == "corrupt"),
        "a corrupt frame: {lines:?}"
    );
    lines
        .iter()
        .filter_map(|line| number_after(line, word))
        .collect()
}

fn assert_noticed_in_time(survivor: &Running, mark: usize, killed: Duration) {
    let noticed = survivor.hear(mark, SOON, "an end of the link", |line| {
        number_after(line, "down")
    });
    let after = Duration::from_nanos(noticed).saturating_sub(killed);
    assert!(after <= NOTICED, "noticed only after {after:?}");
}

fn assert_contiguous(numbers: &[u64], what: &str) {
    let jump = numbers.windows(2).find(|pair| pair[1] != pair[0] + 1);
    assert_eq!(jump, None, "{what}: {} frames", numbers.len());
}

/// The surviving end stops when asked, and leaves nothing beside the journals.
fn stop(mut survivor: Running, dir: &Path) {
    survivor.say("stop");
    let status = survivor.exit(SOON);
    assert!(status.success(), "{status}\n{}", survivor.transcript());
    let entries = std::fs::read_dir(dir).expect("the workshop");
    let names = entries.map(|entry| {
        entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("UTF-8")
    });
    let left: Vec<_> = names.filter(|name| name != "journal").collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

fn kill_the_sender(sender_role: &str, receiver_role: &str) {
    let _alone = alone();
    let dir = workshop();
    let (socket, journal) = (dir.path().join("memif.sock"), dir.path().join("journal"));
    let receiver = Running::start("receiver", &mut stream("recv", receiver_role, &socket, 0));
    receiver.hear(0, SOON, "ready", |line| (line == "ready").then_some(()));
    let mut from = 0;
    let mut holdings = None;
    for round in 0..KILLS {
        let mark = receiver.mark();
        let mut sender = Victim::start(stream("send", sender_role, &socket, from), journal.clone());
        let enough = |line: &str| {
            number_after(line, "got")
                .filter(|&number| number >= from + ROUND)
                .map(drop)
        };
        receiver.hear(mark, SOON, "a round of frames", enough);
        let killed = sender.kill();
        assert_noticed_in_time(&receiver, mark, killed);

        let published = *sender.numbers("sent").last().expect("it sent something");
        let delivered = heard(&receiver, mark, "got");
        assert_eq!(delivered[0], from, "round {round}");
        assert_contiguous(&delivered, "delivered");
        let last = delivered[delivered.len() - 1];
        assert!(
            last >= published,
            "round {round}: published {published}, delivered up to {last}"
        );
        from = last + 1;
        check_holdings(&mut holdings, &receiver);
    }
    let last = Running::start(
        "last sender",
        &mut stream("send", sender_role, &socket, from),
    );
    receiver.hear(0, SOON, "the last epoch", |line| {
        (line == format!("up {}", KILLS + 1)).then_some(())
    });
    match sender_role {
        "server" => {
            drop_politely(receiver);
            stop(last, dir.path());
        }
        _ => {
            drop_politely(last);
            stop(receiver, dir.path());
        }
    }
}

fn kill_the_receiver(sender_role: &str, receiver_role: &str) {
    let _alone = alone();
    let dir = workshop();
    let (socket, journal) = (dir.path().join("memif.sock"), dir.path().join("journal"));
    let sender = Running::start("sender", &mut stream("send", sender_role, &socket, 0));
    sender.hear(0, SOON, "ready", |line| (line == "ready").then_some(()));
    let mut before = None;
    let mut holdings = None;
    for round in 0..KILLS {
        let mark = sender.mark();
        let mut receiver =
            Victim::start(stream("recv", receiver_role, &socket, 0), journal.clone());
        eventually("a round of frames", SOON, || {
            (receiver.numbers("got").len() as u64 >= ROUND).then_some(())
        });
        let killed = receiver.kill();
        assert_noticed_in_time(&sender, mark, killed);

        let delivered = receiver.numbers("got");
        assert_contiguous(&delivered, "delivered");
        assert!(
            before < delivered.first().copied(),
            "round {round}: {before:?}, then {:?}",
            delivered[0]
        );
        before = delivered.last().copied();
        check_holdings(&mut holdings, &sender);
    }
    let last = Running::start(
        "last receiver",
        &mut stream("recv", receiver_role, &socket, 0),
    );
    last.hear(0, SOON, "frames", |line| number_after(line, "got"));
    match sender_role {
        "server" => {
            drop_politely(last);
            stop(sender, dir.path());
        }
        _ => {
            drop_politely(sender);
            stop(last, dir.path());
        }
    }
}

/// After each kill the survivor holds what it held after the first.
fn check_holdings(first: &mut Option<Holdings>, survivor: &Running) {
    let held = || Holdings::of(survivor.pid());
    match first {
        Some(first) => becomes("what the survivor holds", first, held),
        None => {
            let unconnected =
                |held: &Holdings| !held.fds.contains_key("memfd") && held.shared_mappings == 0;
            *first = Some(eventually("nothing of the dead is held", SOON, || {
                Some(held()).filter(unconnected)
            }));
        }
    }
}

fn drop_politely(mut end: Running) {
    end.say("stop");
    let status = end.exit(SOON);
    assert!(status.success(), "{status}\n{}", end.transcript());
}

#[test]
fn a_server_that_sends_is_killed_fifty_times() {
    kill_the_sender("server", "client");
}

#[test]
fn a_client_that_sends_is_killed_fifty_times() {
    kill_the_sender("client", "server");
}

#[test]
fn a_client_that_receives_is_killed_fifty_times() {
    kill_the_receiver("server", "client");
}

#[test]
fn a_server_that_receives_is_killed_fifty_times() {
    kill_the_receiver("client", "server");
}

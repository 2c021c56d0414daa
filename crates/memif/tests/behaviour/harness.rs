//! What these tests share: a place for a socket, two ends in one process, patience, and a process of one's own.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use memif::testing::{RawClient, Setup, Step};
use memif::{Address, Connector, Ended, Error, Link, LinkOptions, Listener, Rx};
use rustix::time::{ClockId, clock_gettime};

/// What should take no time at all gets this much.
pub(crate) const A_WHILE: Duration = Duration::from_secs(10);
pub(crate) const SOON: Option<Duration> = Some(A_WHILE);
/// Long enough for work that is pending to be done, short enough to wait for nothing.
pub(crate) const BRIEF: Option<Duration> = Some(Duration::from_millis(20));

/// A directory of its own, with the address of a socket in it.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    pub(crate) address: Address,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let address = Address::parse(dir.path().join("memif.sock")).expect("an address");
        Self { dir, address }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("memif.sock")
    }

    pub(crate) fn listener(&self) -> Listener {
        Listener::bind(&self.address).expect("a listener")
    }

    pub(crate) fn server(&self, options: LinkOptions) -> Link {
        self.listener().link(options).expect("a server")
    }

    pub(crate) fn client(&self, options: LinkOptions) -> Link {
        Connector::new(&self.address)
            .link(options)
            .expect("a client")
    }

    /// A server and a client of the same options, connected.
    pub(crate) fn pair(&self, options: &LinkOptions) -> (Link, Link) {
        let pair = (self.server(options.clone()), self.client(options.clone()));
        connect(&pair.0, &pair.1);
        pair
    }
}

/// A few slots of few bytes.
pub(crate) fn small() -> LinkOptions {
    LinkOptions::new(0).slots(8)
}

/// Both ends live in one thread: each gets its turn until both are up.
pub(crate) fn connect(one: &Link, other: &Link) {
    until(|| {
        drive(&[one, other]);
        one.is_up() && other.is_up()
    });
}

/// Brings a raw client as far as `step`, with a server that is driven meanwhile.
pub(crate) fn arrive(place: &Place, server: &Link, setup: Setup, step: Step) -> RawClient {
    let mut client = RawClient::connect(place.path(), setup).expect("a server");
    std::thread::scope(|scope| {
        let arriving = scope.spawn(|| client.advance(step).expect("so far"));
        while !arriving.is_finished() {
            drive(&[server]);
        }
    });
    client
}

/// The same, all the way.
pub(crate) fn connect_raw(place: &Place, server: &Link, setup: Setup) -> RawClient {
    arrive(place, server, setup, Step::Up)
}

pub(crate) fn drive(links: &[&Link]) {
    for link in links {
        link.drive().expect("driven");
    }
}

/// Waits until `condition` holds, which it has to soon.
#[track_caller]
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + A_WHILE;
    while !condition() {
        assert!(Instant::now() < deadline, "it never came true");
        std::thread::yield_now();
    }
}

/// The end that a receiver is told of next.
#[track_caller]
pub(crate) fn end_of(rx: &mut Rx) -> Ended {
    match rx.recv(SOON) {
        Err(Error::Disconnected(ended)) => ended,
        other => panic!("no end: {other:?}"),
    }
}

/// Processor time of the calling thread.
fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a time")
}

/// Asserts that `work` sleeps nearly all the time it takes.
#[track_caller]
pub(crate) fn is_lazy(work: impl FnOnce()) {
    let diligence = Diligence::new();
    work();
    diligence.is_low();
}

/// How much of the time its thread does something.
pub(crate) struct Diligence {
    started: Instant,
    used: Duration,
}

impl Diligence {
    pub(crate) fn new() -> Self {
        let (started, used) = (Instant::now(), thread_cpu());
        Self { started, used }
    }

    #[track_caller]
    pub(crate) fn is_low(&self) {
        let (passed, used) = (self.started.elapsed(), thread_cpu() - self.used);
        assert!(used < passed / 10, "{used:?} of {passed:?}");
    }
}

const MARK: &str = "MEMIF_TEST_ALONE";

/// Starts the test of this name, given as `module::test`, in a process of its own; `None` in that process.
pub(crate) fn again(test: &str) -> Option<Child> {
    if std::env::var_os(MARK).is_some() {
        return None;
    }
    let program = std::env::current_exe().expect("this program");
    let child = Command::new(program)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(MARK, "1")
        .stdout(Stdio::piped())
        .spawn();
    Some(child.expect("this program again"))
}

/// Waits for that process, in which the test has to have run and passed.
#[track_caller]
pub(crate) fn passes(child: Child) {
    let output = child.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "no such test: {said}");
}

/// Runs the test of this name in a process of its own. True in that process.
#[track_caller]
pub(crate) fn alone(test: &str) -> bool {
    match again(test) {
        None => true,
        Some(child) => {
            passes(child);
            false
        }
    }
}

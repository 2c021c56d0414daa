//! The process under attack, and the honest peers that show it is unharmed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) use memif::testing::PATIENCE;
use memif::testing::{RawClient, RawServer, RawSession, ServerSetup, Setup, Step};
use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::endpoint::Endpoint;
use memwire_tests::frames::numbered;
use memwire_tests::holdings::Holdings;
use memwire_tests::workshop;

/// The id that is attacked.
pub(crate) const ATTACKED: u32 = 0;
/// The id on which the witness works.
const WITNESSED: u32 = 1;

/// A server that echoes, with a witness beside the attack.
pub(crate) struct ServerVictim {
    pub(crate) endpoint: Endpoint,
    witness: Witness,
    before: Holdings,
    socket: PathBuf,
    _dir: tempfile::TempDir,
}

impl ServerVictim {
    pub(crate) fn new() -> ServerVictim {
        ServerVictim::with(&[])
    }

    pub(crate) fn with(options: &[&str]) -> ServerVictim {
        let dir = workshop();
        let socket = dir.path().join("victim.sock");
        let options = [&["ids=0,1"], options].concat();
        let endpoint = start("server", &socket, &options);
        let witness = Witness::start(&socket);
        honest_visit(&socket);
        let before = settled(&endpoint);
        ServerVictim {
            endpoint,
            witness,
            before,
            socket,
            _dir: dir,
        }
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// A client that was honest up to this step.
    pub(crate) fn liar(&self, step: Step) -> RawClient {
        self.liar_with(step, Setup::new(ATTACKED))
    }

    /// A client with this setup that was honest up to this step. The one before
    /// may still have the id for a moment.
    pub(crate) fn liar_with(&self, step: Step, setup: Setup) -> RawClient {
        eventually("the victim serves", SOON, || {
            let mut liar = RawClient::connect(&self.socket, setup.clone()).ok()?;
            liar.advance(step).ok().map(|()| liar)
        })
    }

    /// The victim has to end this connection and say why.
    pub(crate) fn refuses(&self, liar: &RawClient) -> String {
        let reason = liar.rejected(SOON).expect("the victim ends the connection");
        let reason = reason.expect("the victim says why");
        assert!(!reason.is_empty(), "the victim says why");
        reason
    }

    /// The client leaves, and its id is free for the next.
    pub(crate) fn is_left_by(&self, client: RawClient) {
        let mark = self.endpoint.mark();
        drop(client);
        self.endpoint.hear(mark, "down 0");
    }

    /// Everything that must still be true.
    pub(crate) fn proves_unharmed(mut self) {
        assert!(self.endpoint.process().is_running(), "the victim runs");
        honest_visit(&self.socket);
        self.endpoint.holds_again(&self.before);
        self.witness.has_noticed_nothing();
        self.endpoint.quit();
        assert!(!self.socket.exists(), "the socket file is gone");
    }
}

/// A client that echoes, and the address where its servers come and go.
pub(crate) struct ClientVictim {
    endpoint: Endpoint,
    server: RawServer,
    before: Holdings,
    _dir: tempfile::TempDir,
}

impl ClientVictim {
    pub(crate) fn new() -> ClientVictim {
        ClientVictim::with(&["handshake_ms=1000"])
    }

    pub(crate) fn with(options: &[&str]) -> ClientVictim {
        let dir = workshop();
        let socket = dir.path().join("liar.sock");
        let server = RawServer::bind(&socket, ServerSetup::default()).expect("a fresh path");
        let endpoint = start("client", &socket, options);
        let mut session = honest_session(&server);
        exchange_as_server(&mut session);
        let before = settled(&endpoint);
        ClientVictim {
            endpoint,
            server,
            before,
            _dir: dir,
        }
    }

    /// A session in which nothing has been said yet.
    pub(crate) fn caught(&self) -> RawSession {
        self.server.accept(SOON).expect("the victim connects")
    }

    /// A session with an honest handshake behind it.
    pub(crate) fn trusting(&self) -> RawSession {
        honest_session(&self.server)
    }

    /// The victim has to leave; the reason it gives, if any.
    pub(crate) fn leaves(&self, session: &RawSession) -> Option<String> {
        session.left(SOON).expect("the victim leaves")
    }

    /// Everything that must still be true.
    pub(crate) fn proves_unharmed(mut self) {
        assert!(self.endpoint.process().is_running(), "the victim runs");
        let mut session = honest_session(&self.server);
        exchange_as_server(&mut session);
        self.endpoint.holds_again(&self.before);
        self.endpoint.quit();
    }
}

/// An honest client that works all the time and counts what it sees.
struct Witness {
    over: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Witness {
    fn start(socket: &Path) -> Witness {
        let mut client = RawClient::up(socket, Setup::new(WITNESSED)).expect("the victim serves");
        let over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                echo(&mut client, number, 200);
                number += 1;
                std::thread::sleep(Duration::from_micros(500));
            }
            number
        });
        Witness { over, thread }
    }

    fn has_noticed_nothing(self) {
        self.over.store(true, Ordering::Relaxed);
        let exchanged = self.thread.join().expect("the witness saw nothing odd");
        assert!(exchanged > 0, "the witness worked");
    }
}

/// One frame there and back.
pub(crate) fn echo(client: &mut RawClient, number: u64, len: usize) {
    let frame = numbered(number, len);
    client.tx(0).send(&frame, SOON).expect("room for a frame");
    let back = client.rx(0).recv(SOON).expect("an echo");
    assert!(
        back == frame,
        "frame {number} of {len} bytes came back changed"
    );
}

/// The honest client that comes to the attacked id, works, and leaves. The id
/// may still belong to the liar for a moment.
fn honest_visit(socket: &Path) {
    let mut client = eventually("an honest handshake", SOON, || {
        RawClient::up(socket, Setup::new(ATTACKED)).ok()
    });
    for (number, len) in (0..).zip([22, 64, 1518, 2048, 2049, 9000]) {
        echo(&mut client, number, len);
    }
}

/// The next client that shakes hands; connections given up meanwhile are skipped.
fn honest_session(server: &RawServer) -> RawSession {
    let deadline = Instant::now() + SOON;
    loop {
        let mut session = server.accept(SOON).expect("the victim connects");
        match session.handshake() {
            Ok(()) => return session,
            Err(error) => assert!(Instant::now() < deadline, "no honest handshake: {error}"),
        }
    }
}

fn exchange_as_server(session: &mut RawSession) {
    for (number, len) in (0..).zip([22, 64, 1518, 2048, 2049, 9000]) {
        let frame = numbered(number, len);
        session
            .tx(0)
            .send(&frame, PATIENCE)
            .expect("room for a frame");
        let back = session.rx(0).recv(PATIENCE).expect("an echo");
        assert!(
            back == frame,
            "frame {number} of {len} bytes came back changed"
        );
    }
}

/// What the process holds once that has not changed for a while.
fn settled(endpoint: &Endpoint) -> Holdings {
    let mut last = endpoint.holdings();
    let mut since = Instant::now();
    while since.elapsed() < Duration::from_millis(100) {
        std::thread::sleep(Duration::from_millis(5));
        let now = endpoint.holdings();
        if now != last {
            last = now;
            since = Instant::now();
        }
    }
    last
}

fn start(role: &str, socket: &Path, options: &[&str]) -> Endpoint {
    let program = env!("CARGO_BIN_EXE_endpoint");
    Endpoint::start(program, "echo", role, socket, options)
}

//! The `memwire eth` commands among liars: they stay up through peers that
//! come, misbehave and go.

use std::path::Path;

use memif::testing::{Descriptor, NEXT, RawClient, Setup, Step, kinds};
use memwire_tests::built::memwire;
use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::frames::numbered;
use memwire_tests::process::Running;
use memwire_tests::workshop;
use rustix::process::Signal;

/// What one liar does before it leaves.
type Attack = fn(&Path);

fn liar(socket: &Path, step: Step) -> RawClient {
    eventually("the id is free for the next liar", SOON, || {
        let mut liar = RawClient::connect(socket, Setup::new(0)).ok()?;
        liar.advance(step).ok()?;
        Some(liar)
    })
}

/// A descriptor that is wrong in this way, published.
fn publish(liar: &mut RawClient, lie: impl FnOnce(&mut Descriptor)) {
    let tx = liar.tx(0);
    let mut descriptor = tx.honest_descriptor(0, 64);
    lie(&mut descriptor);
    tx.raw().set_descriptor(tx.position(), descriptor);
    tx.publish(1).expect("rung");
}

const ATTACKS: [Attack; 9] = [
    |socket| drop(liar(socket, Step::Hello)),
    |socket| {
        let liar = liar(socket, Step::Hello);
        liar.send_bytes(&[0; 5], &[]).expect("sent");
    },
    |socket| {
        let liar = liar(socket, Step::Hello);
        let mut hello = [0; 128];
        hello[..2].copy_from_slice(&kinds::HELLO.to_le_bytes());
        liar.send_bytes(&hello, &[]).expect("sent");
    },
    |socket| {
        let liar = liar(socket, Step::Init);
        liar.send_region(0, |region| region.index = 200)
            .expect("sent");
    },
    |socket| {
        let liar = liar(socket, Step::Regions);
        liar.send_ring(true, 0, |ring| ring.region = 9)
            .expect("sent");
    },
    |socket| publish(&mut liar(socket, Step::Up), |d| d.region = 9),
    |socket| publish(&mut liar(socket, Step::Up), |d| d.length = u32::MAX),
    |socket| publish(&mut liar(socket, Step::Up), |d| d.flags = NEXT),
    |socket| {
        let mut liar = liar(socket, Step::Up);
        liar.tx(0).publish(50_000).expect("rung");
    },
];

fn start(words: &[&str], socket: &Path) -> Running {
    let mut command = memwire();
    command.arg("eth").args(words).arg(socket);
    command.args(["--role", "server", "--json"]);
    let program = Running::start("memwire eth", &mut command);
    eventually("it listens", SOON, || socket.exists().then_some(()));
    program
}

/// It still runs, listens, and ends well; then nothing is left.
fn survives(mut program: Running, socket: &Path) {
    assert!(program.is_running(), "{}", program.transcript());
    drop(liar(socket, Step::Up));
    program.signal(Signal::INT);
    let status = program.exit(SOON);
    assert!(status.success(), "{status}\n{}", program.transcript());
    assert!(!socket.exists(), "the socket file is gone");
}

#[test]
fn sink_stays_up_through_liars() {
    let dir = workshop();
    let socket = dir.path().join("m.sock");
    let program = start(&["sink"], &socket);
    ATTACKS.iter().for_each(|attack| attack(&socket));
    survives(program, &socket);
}

#[test]
fn echo_stays_up_through_liars_and_still_answers() {
    let dir = workshop();
    let socket = dir.path().join("m.sock");
    let program = start(&["echo"], &socket);
    for attack in ATTACKS {
        attack(&socket);
        let mut honest = liar(&socket, Step::Up);
        honest.tx(0).send(&numbered(1, 100), SOON).expect("room");
        let back = honest.rx(0).recv(SOON).expect("an echo");
        assert_eq!(back.len(), 100);
        assert_eq!(back[14..], numbered(1, 100)[14..]);
    }
    survives(program, &socket);
}

#[test]
fn gen_stays_up_through_liars() {
    let dir = workshop();
    let socket = dir.path().join("m.sock");
    let program = start(&["gen"], &socket);
    ATTACKS.iter().for_each(|attack| attack(&socket));
    survives(program, &socket);
}

#[test]
fn dump_stays_up_through_liars() {
    let dir = workshop();
    let socket = dir.path().join("m.sock");
    let program = start(&["dump"], &socket);
    ATTACKS.iter().for_each(|attack| attack(&socket));
    survives(program, &socket);
}

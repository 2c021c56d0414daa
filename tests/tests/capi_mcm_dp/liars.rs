//! Peers that lie: an error for the program, and an honest peer is served next.

use memif::testing::{Descriptor, Layout, NEXT, RawClient, RawServer, ServerSetup, Setup, Step};
use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::frames::numbered;

use crate::pair::{Ends, Place, YUV422P10LE, video};
use crate::puppet::Puppet;

const FRAME: u32 = 64 * 32 * 4;

/// A descriptor that is wrong in one way.
type Lie = fn(&mut Descriptor);

const LIES: [Lie; 7] = [
    |d| d.region = 7,
    |d| d.region = u16::MAX,
    |d| d.offset = u32::MAX,
    |d| d.offset = 16 * 2 * FRAME - 1,
    |d| d.length = u32::MAX,
    |d| d.length = 33 * FRAME,
    |d| d.flags = NEXT,
];

fn setup() -> Setup {
    Setup::new(0).with_layout(|layout: &mut Layout| {
        layout.log2_slots = 4;
        layout.buffer_size = FRAME;
    })
}

/// A master of ours, to which clients connect one after another.
fn master(direction: u8) -> (Puppet, Place) {
    let ends = Ends {
        tx_is_master: direction == 0,
        ..Ends::USUAL
    };
    let place = Place::new(ends, &video(64, 32, YUV422P10LE));
    let mut puppet = Puppet::start();
    puppet.begin(&match direction {
        0 => place.create_tx(0),
        _ => place.create_rx(0),
    });
    (puppet, place)
}

/// An honest handshake, while ours waits in dequeues. The client before may still have the id for a
/// moment.
fn client(ours: &mut Puppet, place: &Place) -> RawClient {
    std::thread::scope(|threads| {
        let connecting = threads.spawn(|| {
            eventually("the id is free", SOON, || {
                RawClient::up(place.socket(), setup()).ok()
            })
        });
        while !connecting.is_finished() {
            if ours.ask("dequeue 0 9 5").text().starts_with("buffer") {
                ours.ask("cancel 0 9");
            }
        }
        connecting.join().expect("a client")
    })
}

/// The first client, which a create is waiting for.
fn first_client(ours: &Puppet, place: &Place) -> RawClient {
    let client = place.stranger(setup());
    ours.answer().is("made");
    client
}

/// Whatever the lie led to, sooner or later there is nothing more to say about it.
fn settles(ours: &mut Puppet) {
    eventually("the liar is forgotten", SOON, || {
        let reply = ours.ask("dequeue 0 0 0");
        if reply.text().starts_with("buffer") {
            ours.ask("check 0");
            ours.ask("enqueue 0 0");
        }
        let over = reply.text().starts_with("none error=0");
        (over && ours.ask("stats 0").number("connected") == 0).then_some(())
    });
}

#[test]
fn a_receiver_survives_descriptors_that_lie() {
    let (mut ours, place) = master(1);
    let mut first = first_client(&ours, &place);
    for lie in LIES {
        let tx = first.tx(0);
        let mut descriptor = tx.honest_descriptor(0, 64);
        lie(&mut descriptor);
        tx.raw().set_descriptor(tx.position(), descriptor);
        tx.publish(1).expect("rung");
        let reply = ours.ask("dequeue 0 0 300");
        assert!(reply.text().starts_with("none"), "{}", reply.text());
        drop(first);
        settles(&mut ours);
        let mut honest = client(&mut ours, &place);
        honest.tx(0).send(&numbered(5, 100), SOON).expect("room");
        crate::pair::receive(&mut ours, 0, 5, 100);
        first = honest;
    }
    drop(first);
    ours.quit();
}

#[test]
fn a_receiver_survives_an_index_that_jumps() {
    let (mut ours, place) = master(1);
    let mut first = first_client(&ours, &place);
    for count in [17, 300, 50_000] {
        first.tx(0).publish(count).expect("rung");
        for _ in 0..40 {
            let reply = ours.ask("dequeue 0 0 0");
            if reply.text().starts_with("buffer") {
                ours.ask("check 0");
                ours.ask("enqueue 0 0");
            }
        }
        drop(first);
        settles(&mut ours);
        first = client(&mut ours, &place);
        first.tx(0).send(&numbered(5, 100), SOON).expect("room");
        crate::pair::receive(&mut ours, 0, 5, 100);
    }
    drop(first);
    ours.quit();
}

#[test]
fn a_sender_survives_buffers_that_lie() {
    let (mut ours, place) = master(0);
    let mut liar = first_client(&ours, &place);
    for lie in LIES {
        for index in 0..16 {
            let ring = liar.raw(false, 0);
            let mut descriptor = ring.descriptor(index);
            lie(&mut descriptor);
            ring.set_descriptor(index, descriptor);
        }
        for buffer in 0..4 {
            let reply = ours.ask(&format!("dequeue 0 {buffer} 20"));
            if reply.text().starts_with("buffer") {
                ours.ask(&format!("fill {buffer} 100 1"));
                ours.ask(&format!("enqueue 0 {buffer}"));
            }
        }
        drop(liar);
        ours.notices_the_end();
        let mut honest = client(&mut ours, &place);
        crate::pair::send(&mut ours, 0, 6, 100);
        let frame = honest.rx(0).recv(SOON).expect("a frame");
        assert!(frame == numbered(6, 100), "the honest peer's frame");
        liar = honest;
    }
    drop(liar);
    ours.quit();
}

#[test]
fn memory_that_is_cut_off_does_not_kill_the_program() {
    for direction in [1, 0] {
        let (mut ours, place) = master(direction);
        let setup = setup().with_layout(|layout| layout.sealed = false);
        let mut liar = place.caller(setup);
        if liar.handshake().is_err() {
            // Refused from the start, which is as good; an honest one is not.
            drop(first_client(&ours, &place));
            continue;
        }
        ours.answer().is("made");
        if direction == 1 {
            liar.tx(0).send(&numbered(1, 8000), SOON).expect("room");
        }
        ours.ask("dequeue 0 0 1000").is("buffer");
        liar.memory().truncate(1, 0).expect("cut");
        let word = if direction == 1 {
            "check 0"
        } else {
            "fill 0 8000 1"
        };
        ours.ask(word);
        ours.ask("enqueue 0 0");
        drop(liar);
        ours.quit();
    }
}

#[test]
fn a_create_survives_handshakes_that_stop_or_make_no_sense() {
    let (ours, place) = master(1);
    for step in [
        Step::Socket,
        Step::Hello,
        Step::Init,
        Step::Regions,
        Step::Rings,
    ] {
        let mut liar = place.caller(setup());
        liar.advance(step).expect("so far");
        drop(liar);
    }
    let liar = place.caller(setup());
    liar.send_bytes(&[0xff; 128], &[]).expect("sent");
    drop(liar);
    drop(first_client(&ours, &place));
    ours.quit();
}

#[test]
fn a_slave_survives_servers_that_make_no_sense() {
    let ends = Ends {
        tx_is_master: false,
        ..Ends::USUAL
    };
    let place = Place::new(ends, &video(64, 32, YUV422P10LE));
    let server = RawServer::bind(place.socket(), ServerSetup::default()).expect("bound");
    let mut ours = Puppet::start();
    ours.begin(&place.create_tx(0));
    let session = server.accept(SOON).expect("it connects");
    drop(session);
    let session = server.accept(SOON).expect("it connects again");
    session.send_bytes(&[0xff; 128], &[]).expect("sent");
    drop(session);
    // It may give up on a server that breaks the rules, or try again.
    let again = server.accept(SOON);
    if let Ok(mut session) = again {
        session.handshake().expect("an honest server is used");
        ours.answer().is("made");
        crate::pair::send(&mut ours, 0, 3, 100);
        let frame = session.rx(0).recv(SOON).expect("a frame");
        assert!(frame == numbered(3, 100));
    } else {
        ours.answer().is("failed");
    }
    ours.quit();
}

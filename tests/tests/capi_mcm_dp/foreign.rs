//! Against plain memif 2.0 peers that know nothing of us: 16 slots of W x H x 4, one ring each way.

use memif::testing::{Layout, Manner, NEXT, RawClient, RawServer, RawSession, ServerSetup, Setup};
use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::frames::{number_of, numbered};

use crate::pair::{Ends, Place, YUV422P10LE, video};
use crate::puppet::Puppet;

const WIDTH: u32 = 160;
const HEIGHT: u32 = 90;
const FRAME: u32 = WIDTH * HEIGHT * 4;

fn len() -> usize {
    usize::try_from(FRAME).expect("a length")
}

/// The memory of an original peer.
fn setup() -> Setup {
    Setup::new(0).with_layout(|layout: &mut Layout| {
        layout.log2_slots = 4;
        layout.buffer_size = FRAME;
    })
}

/// Our side, as master or slave, with its create under way.
fn ours(direction: u8, master: bool) -> (Puppet, Place) {
    let ends = Ends {
        tx_is_master: master == (direction == 0),
        ..Ends::USUAL
    };
    let place = Place::new(ends, &video(WIDTH, HEIGHT, YUV422P10LE));
    let mut puppet = Puppet::start();
    puppet.begin(&match direction {
        0 => place.create_tx(0),
        _ => place.create_rx(0),
    });
    (puppet, place)
}

/// A stranger that connects to us.
fn client(direction: u8, setup: Setup) -> (Puppet, RawClient, Place) {
    let (puppet, place) = ours(direction, true);
    let client = place.stranger(setup);
    puppet.answer().is("made").has("frame_size", FRAME.into());
    (puppet, client, place)
}

/// A stranger that we connect to.
fn server(direction: u8, setup: ServerSetup) -> (Puppet, RawSession, Place) {
    let (puppet, place) = ours(direction, false);
    let server = RawServer::bind(place.socket(), setup).expect("a fresh path");
    let session = server.serve().expect("an honest server is used");
    puppet.answer().is("made").has("frame_size", FRAME.into());
    (puppet, session, place)
}

/// Sends as a program does, until the stranger has got what it should.
fn sends(ours: &mut Puppet, mut receive: impl FnMut() -> Vec<u8>) {
    for number in 0..50 {
        let len = if number % 3 == 0 { len() } else { 1000 };
        crate::pair::send(ours, 0, number, len);
        let frame = receive();
        assert_eq!(frame.len(), len, "no more bytes than were sent");
        assert_eq!(number_of(&frame), Some(number));
    }
    ours.ask("stats 0").has("frames", 50).has("copied", 0);
}

fn receives(ours: &mut Puppet, mut send: impl FnMut(&[u8])) {
    for number in 0..50 {
        let len = if number % 3 == 0 { len() } else { 1000 };
        send(&numbered(number, len));
        ours.ask("dequeue 0 0 2000")
            .is("buffer")
            .has("seq", 0)
            .has("ts", 0);
        let number = i64::try_from(number).expect("a number");
        let frame = ours.ask("check 0").has("number", number).has("wrong", -1);
        frame.has("len", i64::try_from(len).expect("a length"));
        ours.ask("enqueue 0 0").has("code", 0);
    }
    ours.ask("stats 0")
        .has("frames", 50)
        .has("refused", 0)
        .has("lost", 0);
}

#[test]
fn a_master_sends_to_a_stranger() {
    for manner in [Manner::TIDY, Manner::UNTIDY, Manner::ENDLESS_NAMES] {
        let (mut ours, mut client, _place) = client(0, setup().with_manner(manner));
        sends(&mut ours, || client.rx(0).recv(SOON).expect("a frame"));
        ours.quit();
    }
}

#[test]
fn a_master_receives_from_a_stranger() {
    for manner in [Manner::TIDY, Manner::UNTIDY, Manner::ENDLESS_NAMES] {
        let (mut ours, mut client, _place) = client(1, setup().with_manner(manner));
        receives(&mut ours, |frame| {
            client.tx(0).send(frame, SOON).expect("room");
        });
        ours.quit();
    }
}

#[test]
fn a_slave_sends_to_a_stranger() {
    for manner in [Manner::TIDY, Manner::UNTIDY] {
        let setup = ServerSetup {
            manner,
            ..ServerSetup::default()
        };
        let (mut ours, mut session, _place) = server(0, setup);
        sends(&mut ours, || session.rx(0).recv(SOON).expect("a frame"));
        ours.quit();
    }
}

#[test]
fn a_slave_receives_from_a_stranger() {
    for manner in [Manner::TIDY, Manner::UNTIDY] {
        let setup = ServerSetup {
            manner,
            ..ServerSetup::default()
        };
        let (mut ours, mut session, _place) = server(1, setup);
        receives(&mut ours, |frame| {
            session.tx(0).send(frame, SOON).expect("room");
        });
        ours.quit();
    }
}

/// An original peer that gets a frame in pieces writes past its own stack.
#[test]
fn a_stranger_gets_each_frame_in_one_descriptor() {
    let (mut ours, mut session, _place) = server(0, ServerSetup::default());
    for number in 0..40 {
        crate::pair::send(&mut ours, 0, number, len());
        eventually("a frame is there", SOON, || {
            (session.rx(0).waiting() > 0).then_some(())
        });
        assert_eq!(session.rx(0).waiting(), 1, "slots for one frame");
        let ring = session.rx(0);
        let descriptor = ring.raw().descriptor(ring.position());
        assert_eq!((descriptor.flags & NEXT, descriptor.length), (0, FRAME));
        session.rx(0).recv(SOON).expect("a frame");
    }
    ours.quit();
}

/// And sends frames of that size in one descriptor too: every posted buffer has room for it.
#[test]
fn a_stranger_is_offered_room_for_a_whole_picture_in_each_descriptor() {
    let (ours, mut session, _place) = server(1, ServerSetup::default());
    let room = session.tx(0).room();
    assert!(room >= 15, "{room} posted buffers");
    for ahead in 0..room {
        let at = session.tx(0).position().wrapping_add(ahead);
        let posted = session.tx(0).raw().descriptor(at);
        assert!(posted.length >= FRAME, "{posted:?}");
    }
    ours.quit();
}

#[test]
fn several_transmit_buffers_go_to_a_stranger_in_the_order_in_which_they_are_sent() {
    let (mut ours, mut client, _place) = client(0, setup());
    several(&mut ours, || client.rx(0).recv(SOON).expect("a frame"));
    ours.quit();
    let (mut ours, mut session, _place) = server(0, ServerSetup::default());
    several(&mut ours, || session.rx(0).recv(SOON).expect("a frame"));
    ours.quit();
}

fn several(ours: &mut Puppet, mut receive: impl FnMut() -> Vec<u8>) {
    for round in 0..10 {
        for buffer in 0..4 {
            ours.ask(&format!("dequeue 0 {buffer} 1000")).is("buffer");
            let number = 10 * round + buffer;
            ours.ask(&format!("fill {buffer} {FRAME} {number}"));
        }
        for buffer in [2, 0, 3, 1] {
            ours.ask(&format!("enqueue 0 {buffer}")).has("code", 0);
        }
        for buffer in [2, 0, 3, 1] {
            assert_eq!(number_of(&receive()), Some(10 * round + buffer));
        }
    }
}

/// A stranger expects its buffers back in the order of its ring; what is held has to stay as it is.
#[test]
fn buffers_of_a_stranger_may_be_given_back_in_any_order() {
    let (mut ours, mut client, _place) = client(1, setup());
    for number in 0..8 {
        client
            .tx(0)
            .send(&numbered(number, len()), SOON)
            .expect("room");
        ours.ask(&format!("dequeue 0 {number} 1000")).is("buffer");
    }
    for number in [7, 3, 1] {
        ours.ask(&format!("enqueue 0 {number}")).has("code", 0);
    }
    let mut more = 100;
    while client.tx(0).try_send(&numbered(more, len())).expect("rung") {
        ours.ask("dequeue 0 20 1000").is("buffer");
        ours.ask("enqueue 0 20").has("code", 0);
        more += 1;
        assert!(more < 200, "the buffers that are held were given away");
    }
    for number in [0, 2, 4, 5, 6] {
        let frame = ours.ask(&format!("check {number}"));
        frame.has("number", number).has("wrong", -1);
        ours.ask(&format!("enqueue 0 {number}")).has("code", 0);
    }
    client
        .tx(0)
        .send(&numbered(500, len()), SOON)
        .expect("room again");
    crate::pair::receive(&mut ours, 0, 500, len());
    ours.quit();
}

//! Servers that break the rules of the handshake.

use std::fs::File;
use std::os::fd::AsFd;
use std::time::Duration;

use memif::testing::{Hello, Init, Manner, RawSession, kinds};
use memwire_tests::deadline::SOON;

use crate::victim::ClientVictim;

/// What is wrong, and how to make it so.
type HelloLie = (&'static str, fn(&mut Hello));

/// Keeps and acknowledges what the victim sends until it has sent `kind`.
fn acknowledge_until(session: &mut RawSession, kind: u16) {
    while session.keep_next().expect("the victim goes on") != kind {
        session.send_ack().expect("sent");
    }
}

#[test]
fn a_hello_that_cannot_be_is_not_answered() {
    let lies: [HelloLie; 5] = [
        ("too new", |hello| {
            hello.min_version = 0x0300;
            hello.max_version = 0x0300;
        }),
        ("too old", |hello| {
            hello.min_version = 0x0100;
            hello.max_version = 0x01FF;
        }),
        ("upside down", |hello| {
            hello.min_version = 0x0300;
            hello.max_version = 0x0100;
        }),
        ("rings without slots", |hello| hello.max_log2_slots = 0),
        ("no region for buffers", |hello| hello.max_log2_slots = 0),
    ];
    let victim = ClientVictim::new();
    for (what, lie) in lies {
        let liar = victim.caught();
        liar.send_hello(lie).expect(what);
        victim.leaves(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_server_with_little_to_offer_is_taken_or_left_but_never_feared() {
    let offers: [fn(&mut Hello); 4] = [
        |hello| hello.max_region = 0,
        |hello| {
            hello.max_m2s_ring = 0;
            hello.max_s2m_ring = 0;
        },
        |hello| hello.max_log2_slots = 1,
        |hello| {
            hello.max_region = u16::MAX;
            hello.max_m2s_ring = u16::MAX;
            hello.max_s2m_ring = u16::MAX;
            hello.max_log2_slots = 255;
        },
    ];
    let victim = ClientVictim::new();
    for offer in offers {
        let mut liar = victim.caught();
        liar.send_hello(offer).expect("sent");
        while let Ok(kind) = liar.keep_next() {
            if kind == kinds::CONNECT || kind == kinds::DISCONNECT {
                break;
            }
            liar.send_ack().expect("sent");
        }
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn anything_but_hello_is_refused_as_the_first_message() {
    let victim = ClientVictim::new();
    for kind in [kinds::ACK, kinds::INIT, kinds::CONNECTED, 0, 9, u16::MAX] {
        let liar = victim.caught();
        liar.send_bare(kind).expect("sent");
        victim.leaves(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn messages_of_any_other_length_are_refused() {
    let victim = ClientVictim::new();
    for len in [1, 2, 127, 129, 4096] {
        let liar = victim.caught();
        let mut bytes = Hello::default().compose(&Manner::TIDY).to_vec();
        bytes.resize(len, 0);
        liar.send_bytes(&bytes, &[]).expect("sent");
        victim.leaves(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_second_hello_is_refused() {
    let victim = ClientVictim::new();
    let liar = victim.caught();
    liar.send_hello(|_| ()).expect("sent");
    liar.send_hello(|_| ()).expect("sent");
    victim.leaves(&liar);
    victim.proves_unharmed();
}

#[test]
fn connected_before_connect_is_refused() {
    let victim = ClientVictim::new();
    for kind in [kinds::INIT, kinds::ADD_REGION, kinds::ADD_RING] {
        let mut liar = victim.caught();
        liar.send_hello(|_| ()).expect("sent");
        acknowledge_until(&mut liar, kind);
        liar.send_connected().expect("sent");
        victim.leaves(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn acknowledgements_nobody_asked_for_are_refused() {
    let victim = ClientVictim::new();
    let mut liar = victim.caught();
    liar.handshake_until_connect()
        .expect("an honest handshake so far");
    liar.send_ack().expect("sent");
    victim.leaves(&liar);

    let liar = victim.trusting();
    liar.send_ack().expect("sent");
    victim.leaves(&liar);
    victim.proves_unharmed();
}

#[test]
fn a_client_message_from_a_server_is_refused() {
    let victim = ClientVictim::new();
    let liar = victim.caught();
    liar.send_hello(|_| ()).expect("sent");
    let init = Init::default().compose(&Manner::TIDY);
    liar.send_bytes(&init, &[]).expect("sent");
    victim.leaves(&liar);
    victim.proves_unharmed();
}

#[test]
fn descriptors_from_a_server_leave_no_trace() {
    let victim = ClientVictim::new();
    let null = File::open("/dev/null").expect("a device");
    for count in [1, 253] {
        let liar = victim.caught();
        let hello = Hello::default().compose(&Manner::TIDY);
        liar.send_bytes(&hello, &vec![null.as_fd(); count])
            .expect("sent");
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_server_may_say_no_or_vanish_at_every_step() {
    let victim = ClientVictim::new();
    for kind in [
        kinds::INIT,
        kinds::ADD_REGION,
        kinds::ADD_RING,
        kinds::CONNECT,
    ] {
        for says_so in [true, false] {
            let mut liar = victim.caught();
            liar.send_hello(|_| ()).expect("sent");
            acknowledge_until(&mut liar, kind);
            if says_so {
                liar.send_disconnect("not today").expect("sent");
                victim.leaves(&liar);
            }
            drop(liar);
        }
    }
    victim.proves_unharmed();
}

#[test]
fn a_silent_server_is_left_at_the_deadline() {
    let victim = ClientVictim::with(&["handshake_ms=300"]);
    let mute = victim.caught();
    victim.leaves(&mute);

    let mut mute = victim.caught();
    mute.send_hello(|_| ()).expect("sent");
    acknowledge_until(&mut mute, kinds::ADD_RING);
    victim.leaves(&mute);
    victim.proves_unharmed();
}

#[test]
fn a_server_that_answers_slowly_is_left_at_the_deadline() {
    let victim = ClientVictim::with(&["handshake_ms=1200"]);
    let mut slow = victim.caught();
    slow.send_hello(|_| ()).expect("sent");
    let left = (0..6).find_map(|_| {
        std::thread::sleep(Duration::from_millis(400));
        slow.keep_next().and_then(|_| slow.send_ack()).err()
    });
    let left = left.map_or_else(|| slow.left(SOON).map(drop), |_| Ok(()));
    left.expect("the victim leaves");
    victim.proves_unharmed();
}

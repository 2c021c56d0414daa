//! Clients that break the rules before CONNECTED.

use memif::testing::{
    AddRegion, AddRing, Disconnect, Hello, Init, Manner, Name, RawClient, Setup, Step, kinds,
};
use memwire_tests::deadline::SOON;

use crate::victim::{ATTACKED, ServerVictim, echo};

/// A message of this type as a client would put it together.
fn message(kind: u16) -> Vec<u8> {
    let tidy = &Manner::TIDY;
    match kind {
        kinds::HELLO => Hello::default().compose(tidy),
        kinds::INIT => Init::default().compose(tidy),
        kinds::ADD_REGION => AddRegion::default().compose(tidy),
        kinds::ADD_RING => AddRing::default().compose(tidy),
        kinds::DISCONNECT => Disconnect::default().compose(tidy),
        _ => Name {
            kind,
            name: "x".into(),
        }
        .compose(tidy),
    }
    .to_vec()
}

#[test]
fn any_message_but_init_is_refused_before_init() {
    let victim = ServerVictim::new();
    let others = [
        kinds::ACK,
        kinds::HELLO,
        kinds::ADD_REGION,
        kinds::ADD_RING,
        kinds::CONNECT,
        kinds::CONNECTED,
    ];
    for kind in others {
        let liar = victim.liar(Step::Hello);
        liar.send_bytes(&message(kind), &[]).expect("sent");
        victim.refuses(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn types_that_do_not_exist_are_refused_at_every_step() {
    let victim = ServerVictim::new();
    for step in [
        Step::Hello,
        Step::Init,
        Step::Regions,
        Step::Rings,
        Step::Up,
    ] {
        for kind in [0, 9, 0x0100, u16::MAX] {
            let liar = victim.liar(step);
            liar.send_bytes(&message(kind), &[]).expect("sent");
            victim.refuses(&liar);
        }
    }
    victim.proves_unharmed();
}

#[test]
fn messages_of_any_other_length_are_refused() {
    let victim = ServerVictim::new();
    for len in [1, 2, 127, 129, 256, 4096, 60_000] {
        let liar = victim.liar(Step::Hello);
        let mut bytes = message(kinds::INIT);
        bytes.resize(len, 0);
        liar.send_bytes(&bytes, &[]).expect("sent");
        victim.refuses(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_datagram_of_nothing_ends_the_connection() {
    let victim = ServerVictim::new();
    for step in [Step::Hello, Step::Init, Step::Up] {
        let liar = victim.liar(step);
        liar.send_bytes(&[], &[]).expect("sent");
        // It cannot be told from a close; there may be no reason given.
        liar.rejected(SOON).expect("the victim ends the connection");
    }
    victim.proves_unharmed();
}

#[test]
fn a_disconnect_is_understood_at_every_step() {
    let victim = ServerVictim::new();
    for step in [
        Step::Hello,
        Step::Init,
        Step::Regions,
        Step::Rings,
        Step::Up,
    ] {
        let liar = victim.liar(step);
        liar.send_disconnect("changed my mind").expect("sent");
        liar.rejected(SOON).expect("the victim ends the connection");
    }
    victim.proves_unharmed();
}

#[test]
fn a_client_may_vanish_at_every_step() {
    let victim = ServerVictim::new();
    for step in [
        Step::Socket,
        Step::Hello,
        Step::Init,
        Step::Regions,
        Step::Rings,
        Step::Up,
    ] {
        drop(victim.liar(step));
    }
    victim.proves_unharmed();
}

#[test]
fn garbage_in_padding_and_names_without_an_end_are_no_offence() {
    let victim = ServerVictim::new();
    for manner in [Manner::UNTIDY, Manner::ENDLESS_NAMES] {
        let setup = Setup::new(ATTACKED).with_manner(manner);
        let mut client = victim.liar_with(Step::Up, setup);
        echo(&mut client, 1, 100);
        client.send_disconnect("done").expect("sent");
        client
            .rejected(SOON)
            .expect("the victim ends the connection");
    }
    victim.proves_unharmed();
}

#[test]
fn a_wrong_version_is_refused() {
    let victim = ServerVictim::new();
    for version in [0, 0x0100, 0x0201, 0x0300, u16::MAX] {
        let liar = victim.liar(Step::Hello);
        liar.send_init(|init| init.version = version).expect("sent");
        victim.refuses(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn an_unknown_id_is_refused() {
    let victim = ServerVictim::new();
    for id in [7, u32::MAX] {
        let liar = victim.liar(Step::Hello);
        liar.send_init(|init| init.id = id).expect("sent");
        assert!(victim.refuses(&liar).contains(&id.to_string()));
    }
    victim.proves_unharmed();
}

#[test]
fn an_id_in_use_is_refused_and_its_user_stays() {
    let victim = ServerVictim::new();
    let mut first = victim.liar(Step::Up);
    let second = victim.liar(Step::Hello);
    second.send_init(|_| ()).expect("sent");
    victim.refuses(&second);
    echo(&mut first, 1, 64);
    drop(first);
    victim.proves_unharmed();
}

#[test]
fn a_wrong_mode_is_refused() {
    let victim = ServerVictim::new();
    for mode in [1, 2, 3, 255] {
        let liar = victim.liar(Step::Hello);
        liar.send_init(|init| init.mode = mode).expect("sent");
        victim.refuses(&liar);
    }
    victim.proves_unharmed();
}

#[test]
fn a_secret_is_asked_for_and_compared_to_its_last_byte() {
    let dir = memwire_tests::workshop();
    let socket = dir.path().join("s");
    let program = env!("CARGO_BIN_EXE_endpoint");
    let options = ["secret=open sesame"];
    let endpoint =
        memwire_tests::endpoint::Endpoint::start(program, "echo", "server", &socket, &options);
    for wrong in ["", "open sesam", "open sesame!", "Open sesame"] {
        let mut liar = RawClient::connect(&socket, Setup::new(0)).expect("it listens");
        liar.advance(Step::Hello).expect("it greets");
        liar.send_init(|init| init.secret = secret(wrong))
            .expect("sent");
        let reason = liar.rejected(SOON).expect("ended").expect("with a reason");
        assert!(!reason.contains("sesame"), "{reason}");
    }
    let mut setup = Setup::new(0);
    setup.init.secret = secret("open sesame");
    let mut honest = RawClient::up(&socket, setup).expect("the right secret opens");
    echo(&mut honest, 1, 64);
    drop(honest);
    endpoint.quit();
}

fn secret(text: &str) -> [u8; 24] {
    let mut secret = [0; 24];
    secret[..text.len()].copy_from_slice(text.as_bytes());
    secret
}

#[test]
fn a_second_init_is_refused() {
    let victim = ServerVictim::new();
    let liar = victim.liar(Step::Init);
    liar.send_init(|_| ()).expect("sent");
    victim.refuses(&liar);
    victim.proves_unharmed();
}

#[test]
fn messages_after_connected_are_refused() {
    let victim = ServerVictim::new();
    for kind in [
        kinds::ACK,
        kinds::HELLO,
        kinds::INIT,
        kinds::CONNECT,
        kinds::CONNECTED,
    ] {
        let liar = victim.liar(Step::Up);
        liar.send_bytes(&message(kind), &[]).expect("sent");
        victim.refuses(&liar);
    }
    let liar = victim.liar(Step::Up);
    liar.send_region(1, |region| region.index = 2)
        .expect("sent");
    victim.refuses(&liar);
    victim.proves_unharmed();
}

#[test]
fn a_whole_handshake_sent_without_waiting_harms_nobody() {
    let victim = ServerVictim::new();
    let liar = victim.liar(Step::Socket);
    let sent = [
        liar.send_init(|_| ()),
        liar.send_region(0, |_| ()),
        liar.send_region(1, |_| ()),
        liar.send_ring(true, 0, |_| ()),
        liar.send_ring(false, 0, |_| ()),
        liar.send_connect(),
    ];
    // Either it is taken or the connection ends, at whichever message.
    drop((sent, liar));
    victim.proves_unharmed();
}

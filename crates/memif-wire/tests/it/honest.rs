//! One honest interface, one honest client, and what they say to each other.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its own part"
)]

use core::time::Duration;

use memif_wire::{
    AddRegion, AddRing, Admit, Client, ClientConfig, Direction, Disconnect, Hello, Init, Limits,
    Message, Mode, Name, Negotiated, Offer, Refusal, Secret, Server, Terms, VERSION,
};

/// When every handshake here starts.
pub(crate) const NOW: Duration = Duration::from_secs(100);
/// How long it may take.
pub(crate) const ALLOWED: Duration = Duration::from_secs(5);

/// The server's interface 7, with two S2M rings and one M2S ring.
#[derive(Debug)]
pub(crate) struct Interface {
    /// What it asks of its client.
    pub(crate) terms: Terms,
}

impl Default for Interface {
    fn default() -> Interface {
        let terms = Terms {
            mode: Mode::Ethernet,
            secret: None,
            rings_s2m: 2,
            rings_m2s: 1,
            if_name: name("server if"),
        };
        Interface { terms }
    }
}

impl Admit for Interface {
    fn admit(&mut self, init: &Init) -> Result<Terms, Refusal> {
        match init.id {
            7 => Ok(self.terms.clone()),
            8 => Err(Refusal::IdInUse { id: 8 }),
            id => Err(Refusal::UnknownId { id }),
        }
    }
}

/// A name that is known to fit.
pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// A server that has just accepted a client.
pub(crate) fn server() -> Server {
    Server::new(name("server"), Limits::default(), ALLOWED, NOW)
}

/// What the client asks for.
pub(crate) fn client_config() -> ClientConfig {
    ClientConfig {
        id: 7,
        mode: Mode::Ethernet,
        secret: None,
        name: name("client"),
        if_name: name("client if"),
        rings_s2m: 2,
        rings_m2s: 1,
        log2_slots: 10,
    }
}

/// A client that has just connected.
pub(crate) fn client() -> Client {
    Client::new(client_config(), ALLOWED, NOW)
}

/// The client's INIT.
pub(crate) fn init() -> Init {
    Init {
        version: VERSION,
        id: 7,
        mode: 0,
        secret: Secret::NONE,
        name: name("client"),
    }
}

/// The server's HELLO.
pub(crate) fn hello() -> Hello {
    match server().hello() {
        Message::Hello(hello) => hello,
        other => panic!("a server starts with HELLO, not {other:?}"),
    }
}

/// One megabyte of memory.
pub(crate) fn region(index: u16) -> AddRegion {
    AddRegion {
        index,
        size: 1 << 20,
    }
}

/// A ring of 1024 slots; no two lie over each other.
pub(crate) fn ring(direction: Direction, index: u16) -> AddRing {
    let place = match direction {
        Direction::S2m => u32::from(index),
        Direction::M2s => 8 + u32::from(index),
    };
    AddRing {
        direction,
        index,
        region: 0,
        offset: place << 16,
        log2_slots: 10,
        private_header: 0,
    }
}

/// Two regions, and as many rings as both ends want.
pub(crate) fn offer(negotiated: &Negotiated) -> Offer {
    let s2m = (0..negotiated.rings_s2m).map(|index| ring(Direction::S2m, index));
    let m2s = (0..negotiated.rings_m2s).map(|index| ring(Direction::M2s, index));
    Offer {
        regions: vec![1 << 20, 1 << 20],
        rings: s2m.chain(m2s).collect(),
    }
}

/// A DISCONNECT as a leaving peer sends it.
pub(crate) fn goodbye() -> Message {
    Message::Disconnect(Disconnect::because("interface removed"))
}

//! What holds for both machines whatever is sent to them, in whatever order.
//!
//! A sequence starts with what an honest peer would send, so that something odd comes in every state.

use memif_wire::{
    AddRegion, AddRing, Client, ClientConfig, ClientEvent, ClientStep, Direction, Limits, Message,
    Misuse, Offer, Server, ServerEvent, State,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::honest::{
    ALLOWED, Interface, NOW, client, client_config, hello, init, name, region, ring,
};
use crate::messages::{
    any_message, plausible_hello, plausible_init, plausible_region, plausible_ring,
};

#[derive(Clone, Debug)]
enum Move {
    Honest,
    Message(Message),
    WrongFd(Message),
    Bytes(Vec<u8>),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let plausible = prop_oneof![
        plausible_init().prop_map(Message::Init),
        plausible_hello().prop_map(Message::Hello),
        plausible_region().prop_map(Message::AddRegion),
        plausible_ring().prop_map(Message::AddRing),
    ];
    let one = prop_oneof![
        24 => Just(Move::Honest),
        6 => plausible.prop_map(Move::Message),
        1 => any_message().prop_map(Move::Message),
        1 => any_message().prop_map(Move::WrongFd),
        1 => vec(any::<u8>(), 0..200).prop_map(Move::Bytes),
    ];
    let honest_start = vec(Just(Move::Honest), 0..8);
    (honest_start, vec(one, 0..12)).prop_map(|(start, rest)| [start, rest].concat())
}

fn datagram(one: Move, honest: &Message) -> (Vec<u8>, bool) {
    match one {
        Move::Honest => (honest.encode().to_vec(), honest.carries_fd()),
        Move::Message(message) => (message.encode().to_vec(), message.carries_fd()),
        Move::WrongFd(message) => (message.encode().to_vec(), !message.carries_fd()),
        Move::Bytes(bytes) => (bytes, false),
    }
}

/// All that a server has accepted, and what an honest client would send after it.
#[derive(Default)]
struct Accepted {
    regions: Vec<u64>,
    rings: Vec<AddRing>,
}

impl Accepted {
    fn note(&mut self, event: &ServerEvent) {
        match event {
            ServerEvent::Region { size, .. } => self.regions.push(*size),
            ServerEvent::Ring(ring) => self.rings.push(*ring),
            _ => {}
        }
    }

    fn honest(&self, state: State) -> Message {
        let next = u16::try_from(self.regions.len()).unwrap_or(u16::MAX);
        match (state, self.rings.len()) {
            (State::AwaitingInit, _) => Message::Init(init()),
            (State::AwaitingRegion, _) if next < 2 => Message::AddRegion(region(next)),
            (_, 0) => Message::AddRing(ring(Direction::S2m, 0)),
            (_, 1) => Message::AddRing(ring(Direction::S2m, 1)),
            (_, 2) => Message::AddRing(ring(Direction::M2s, 0)),
            _ => Message::Connect(name("client if")),
        }
    }

    /// The rules again, in wider arithmetic and other words than the crate's.
    fn is_within(&self, limits: &Limits) -> bool {
        let total: u128 = self.regions.iter().map(|size| u128::from(*size)).sum();
        let inside = self.rings.iter().all(|ring| {
            let size = self
                .regions
                .get(usize::from(ring.region))
                .copied()
                .unwrap_or(0);
            bytes_of(ring).end <= u128::from(size)
        });
        let apart = self
            .rings
            .iter()
            .enumerate()
            .all(|(n, a)| self.rings[..n].iter().all(|b| are_apart(a, b)));
        total <= u128::from(limits.bytes)
            && self.regions.len() <= usize::from(limits.regions)
            && inside
            && apart
    }
}

fn bytes_of(ring: &AddRing) -> core::ops::Range<u128> {
    let start = u128::from(ring.offset);
    start..start + 128 + 16 * (1_u128 << ring.log2_slots)
}

fn are_apart(a: &AddRing, b: &AddRing) -> bool {
    a.region != b.region
        || bytes_of(a).end <= bytes_of(b).start
        || bytes_of(b).end <= bytes_of(a).start
}

fn limits() -> Limits {
    Limits {
        regions: 3,
        rings_each_way: 2,
        bytes: 4 << 20,
    }
}

/// An offer whose rings are in order and mostly where they may be.
fn plausible_offer() -> impl Strategy<Value = Offer> {
    let regions = vec(
        prop_oneof![8 => 1_u64 << 16..1 << 20, 1 => any::<u64>()],
        1..4,
    );
    (regions, vec(plausible_ring(), 1..4)).prop_map(|(regions, mut rings)| {
        rings.sort_by_key(|ring| ring.direction == Direction::M2s);
        let s2m = rings.partition_point(|ring| ring.direction == Direction::S2m);
        let (s2m, m2s) = rings.split_at_mut(s2m);
        for (index, ring) in (0..).zip(s2m).chain((0..).zip(m2s)) {
            ring.index = index;
        }
        Offer { regions, rings }
    })
}

fn good_offer() -> Offer {
    let rings = vec![
        ring(Direction::S2m, 0),
        ring(Direction::S2m, 1),
        ring(Direction::M2s, 0),
    ];
    Offer {
        regions: vec![1 << 20, 1 << 20],
        rings,
    }
}

/// The honest server's next word to a client.
fn honest_server(state: State) -> Message {
    match state {
        State::AwaitingHello => Message::Hello(hello()),
        State::AwaitingConnected => Message::Connected(name("server if")),
        _ => Message::Ack,
    }
}

/// A client that has heard HELLO and made its offer, if the offer was good.
fn client_with(config: ClientConfig, offer: Offer) -> Result<Client, Misuse> {
    let mut client = Client::new(config, ALLOWED, NOW);
    let step = client.receive(&Message::Hello(hello()).encode(), false);
    assert!(
        matches!(
            step,
            Ok(ClientStep {
                event: Some(ClientEvent::Hello(_)),
                ..
            })
        ),
        "{step:?}"
    );
    client.offer(offer).map(|()| client)
}

proptest! {
    #[test]
    fn a_server_keeps_its_word_whatever_a_client_sends(moves in moves()) {
        let mut server = Server::new(name("server"), limits(), ALLOWED, NOW);
        let (mut interface, mut accepted) = (Interface::default(), Accepted::default());
        for one in moves {
            let before = server.state();
            let (bytes, has_fd) = datagram(one, &accepted.honest(before));
            match server.receive(&bytes, has_fd, &mut interface) {
                Ok(step) => {
                    let left = matches!(step.event, Some(ServerEvent::Disconnected(_)));
                    prop_assert!(left || (before != State::Ended && before != State::Established));
                    prop_assert_eq!(step.reply.is_none(), left);
                    step.event.iter().for_each(|event| accepted.note(event));
                }
                Err(_) => prop_assert_eq!(server.state(), State::Ended),
            }
            prop_assert!(accepted.is_within(&limits()));
            prop_assert_eq!(server.deadline().is_none(), server.state().is_over());
            prop_assert!(server.state() != State::Established || !accepted.rings.is_empty());
        }
    }

    #[test]
    fn a_client_keeps_lock_step_whatever_a_server_sends(moves in moves(), offers in vec(plausible_offer(), 0..3)) {
        let (mut client, mut offers) = (client(), offers.into_iter());
        for one in moves {
            let before = client.state();
            let (bytes, has_fd) = datagram(one, &honest_server(before));
            match client.receive(&bytes, has_fd) {
                Ok(step) => {
                    let last_word = matches!(
                        step.event,
                        Some(ClientEvent::Disconnected(_) | ClientEvent::Established { .. })
                    );
                    prop_assert_eq!(step.send.is_none(), last_word);
                    let attached = step.send.is_some_and(|sent| sent.message.carries_fd() != sent.fd.is_some());
                    prop_assert!(!attached);
                }
                Err(_) => prop_assert_eq!(client.state(), State::Ended),
            }
            let offered = client.offer(offers.next().unwrap_or_else(good_offer));
            prop_assert!(offered.is_err() || client.state() == State::AwaitingInitAck);
            prop_assert_eq!(client.deadline().is_none(), client.state().is_over());
        }
    }

    #[test]
    fn what_a_client_may_offer_an_equally_configured_server_takes(offer in plausible_offer()) {
        let Ok(mut client) = client_with(client_config(), offer) else { return Ok(()) };
        let limits = Limits { bytes: u64::MAX, ..Limits::default() };
        let mut server = Server::new(name("server"), limits, ALLOWED, NOW);
        let mut interface = Interface::default();
        let mut reply = server.receive(&Message::Init(init()).encode(), false, &mut interface).map(|step| step.reply);
        while let Ok(Some(message)) = reply {
            let step = client.receive(&message.encode(), false);
            let Ok(ClientStep { send: Some(sent), .. }) = step else { break };
            reply = server
                .receive(&sent.message.encode(), sent.fd.is_some(), &mut interface)
                .map(|step| step.reply);
        }
        prop_assert_eq!((client.state(), server.state()), (State::Established, State::Established));
    }

    #[test]
    fn a_region_that_is_refused_is_not_kept(sizes in vec(any::<u64>(), 1..8)) {
        let mut server = Server::new(name("server"), limits(), ALLOWED, NOW);
        let mut interface = Interface::default();
        let started = server.receive(&Message::Init(init()).encode(), false, &mut interface);
        prop_assert!(started.is_ok());
        let mut total = 0_u128;
        for (index, size) in (0..).zip(sizes) {
            let message = Message::AddRegion(AddRegion { index, size });
            let taken = server.receive(&message.encode(), true, &mut interface).is_ok();
            total += u128::from(if taken { size } else { 0 });
            prop_assert!(total <= u128::from(limits().bytes));
        }
    }
}

//! Both machines as tables: in every state, what each kind of message leads to.
//!
//! The tables are snapshots. A change to one is a change to the protocol as we speak it: read it before accepting it.

use memif_wire::{
    Client, ClientEvent, ClientStep, Direction, Message, Outgoing, Server, ServerEvent, ServerStep,
    State, Violation,
};

use crate::honest::{Interface, client, goodbye, hello, init, name, offer, region, ring, server};

/// One end of a handshake at some point of it.
trait Machine: Clone {
    fn state(&self) -> State;
    /// What it answers and what it tells its caller.
    fn hear(&mut self, message: &Message) -> Result<(String, String), Violation>;
}

impl Machine for Server {
    fn state(&self) -> State {
        Server::state(self)
    }

    fn hear(&mut self, message: &Message) -> Result<(String, String), Violation> {
        let step = self.receive(
            &message.encode(),
            message.carries_fd(),
            &mut Interface::default(),
        )?;
        let ServerStep { reply, event } = step;
        Ok((
            reply.as_ref().map_or(String::new(), sent),
            event.as_ref().map_or(String::new(), server_event),
        ))
    }
}

impl Machine for Client {
    fn state(&self) -> State {
        Client::state(self)
    }

    fn hear(&mut self, message: &Message) -> Result<(String, String), Violation> {
        let ClientStep { send, event } = self.receive(&message.encode(), message.carries_fd())?;
        if let Some(ClientEvent::Hello(negotiated)) = &event {
            self.offer(offer(negotiated))
                .expect("the honest offer is good");
        }
        Ok((
            send.as_ref().map_or(String::new(), outgoing),
            event.as_ref().map_or(String::new(), client_event),
        ))
    }
}

fn sent(message: &Message) -> String {
    match message {
        Message::AddRegion(region) => format!("ADD_REGION {}", region.index),
        Message::AddRing(ring) => format!("ADD_RING {}", ring.id()),
        other => other.kind().to_string(),
    }
}

fn outgoing(outgoing: &Outgoing) -> String {
    let attached = if outgoing.fd.is_some() { " + fd" } else { "" };
    sent(&outgoing.message) + attached
}

fn server_event(event: &ServerEvent) -> String {
    match event {
        ServerEvent::Admitted { id, peer } => format!("Admitted: id {id}, peer {peer}"),
        ServerEvent::Region { index, size } => format!("Region: {index} of {size} bytes"),
        ServerEvent::Ring(ring) => format!("Ring: {}", ring.id()),
        ServerEvent::Established { peer_if_name } => format!("Established: with {peer_if_name}"),
        ServerEvent::Disconnected(disconnect) => format!("Disconnected: {}", disconnect.text),
    }
}

fn client_event(event: &ClientEvent) -> String {
    match event {
        ClientEvent::Hello(negotiated) => format!("Hello: from {}", negotiated.peer),
        ClientEvent::Established { peer_if_name } => format!("Established: with {peer_if_name}"),
        ClientEvent::Disconnected(disconnect) => format!("Disconnected: {}", disconnect.text),
    }
}

/// A row for each message of `incoming` in each situation.
fn table<M: Machine>(situations: Vec<(&str, M, Vec<Message>)>) -> String {
    let mut lines = vec![line([
        "after",
        "state",
        "hears",
        "next state",
        "sends",
        "event, or ! violation",
    ])];
    for (after, machine, incoming) in situations {
        lines.push(String::new());
        lines.extend(
            incoming
                .iter()
                .map(|message| row(after, machine.clone(), message)),
        );
    }
    lines.join("\n")
}

fn row<M: Machine>(after: &str, mut machine: M, message: &Message) -> String {
    let state = machine.state();
    let (sends, outcome) = match machine.hear(message) {
        Ok((sends, event)) => (sends, event),
        Err(violation) => (String::new(), format!("! {violation}")),
    };
    let (state, next) = (format!("{state:?}"), format!("{:?}", machine.state()));
    line([after, &state, &sent(message), &next, &sends, &outcome])
}

fn line(cells: [&str; 6]) -> String {
    let [after, state, hears, next, sends, outcome] = cells;
    let line = format!("{after:<17} {state:<18} {hears:<14} {next:<18} {sends:<20} {outcome}");
    line.trim_end().to_owned()
}

/// One of each kind, the client's parts as they would be due.
fn one_of_each(next_region: u16, next_ring: (Direction, u16)) -> Vec<Message> {
    vec![
        Message::Ack,
        Message::Hello(hello()),
        Message::Init(init()),
        Message::AddRegion(region(next_region)),
        Message::AddRing(ring(next_ring.0, next_ring.1)),
        Message::Connect(name("client if")),
        Message::Connected(name("server if")),
        goodbye(),
    ]
}

/// The machine after it has heard `messages`.
fn after<M: Machine>(mut machine: M, messages: &[Message]) -> M {
    for message in messages {
        machine
            .hear(message)
            .expect("the honest peer breaks no rule");
    }
    machine
}

#[test]
fn every_transition_of_the_server() {
    let story = [
        Message::Init(init()),
        Message::AddRegion(region(0)),
        Message::AddRing(ring(Direction::S2m, 0)),
        Message::AddRing(ring(Direction::S2m, 1)),
        Message::AddRing(ring(Direction::M2s, 0)),
        Message::Connect(name("client if")),
        goodbye(),
    ];
    let situation = |label, heard: usize, next_region, next_ring| {
        (
            label,
            after(server(), &story[..heard]),
            one_of_each(next_region, next_ring),
        )
    };
    let table = table(vec![
        situation("accept", 0, 0, (Direction::S2m, 0)),
        situation("INIT", 1, 0, (Direction::S2m, 0)),
        situation("ADD_REGION 0", 2, 1, (Direction::S2m, 0)),
        situation("ADD_RING S2M 0", 3, 1, (Direction::S2m, 1)),
        situation("ADD_RING S2M 1", 4, 1, (Direction::M2s, 0)),
        situation("ADD_RING M2S 0", 5, 1, (Direction::M2s, 1)),
        situation("CONNECT", 6, 1, (Direction::M2s, 1)),
        situation("DISCONNECT", 7, 1, (Direction::M2s, 1)),
    ]);
    insta::assert_snapshot!(table);
}

#[test]
fn every_transition_of_the_client() {
    let mut story = vec![Message::Hello(hello())];
    story.extend(vec![Message::Ack; 6]);
    story.extend([Message::Connected(name("server if")), goodbye()]);
    let situation = |label, heard: usize| {
        (
            label,
            after(client(), &story[..heard]),
            one_of_each(0, (Direction::S2m, 0)),
        )
    };
    let table = table(vec![
        situation("connect", 0),
        situation("HELLO", 1),
        situation("ACK, INIT", 2),
        situation("ACK, region 0", 3),
        situation("ACK, region 1", 4),
        situation("ACK, ring S2M 0", 5),
        situation("ACK, ring S2M 1", 6),
        situation("ACK, ring M2S 0", 7),
        situation("CONNECTED", 8),
        situation("DISCONNECT", 9),
    ]);
    insta::assert_snapshot!(table);
}

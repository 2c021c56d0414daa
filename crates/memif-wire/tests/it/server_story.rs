//! A client, its caller's offer, and a server that sends what it likes.

use memif_wire::{
    Client, ClientConfig, ClientEvent, Hello, Message, Negotiated, Outgoing, State, Violation,
};

use crate::honest::{ALLOWED, NOW, client_config, hello, offer};

pub(crate) fn receive(
    client: &mut Client,
    message: &Message,
) -> Result<(Option<Outgoing>, Option<ClientEvent>), Violation> {
    client
        .receive(&message.encode(), message.carries_fd())
        .map(|step| (step.send, step.event))
}

/// Sends `message` and expects the client to end over it.
pub(crate) fn breaks(mut client: Client, message: &Message) -> Violation {
    let violation = receive(&mut client, message).unwrap_err();
    assert_eq!(client.state(), State::Ended);
    violation
}

pub(crate) fn introduced_by(hello: Hello, config: ClientConfig) -> (Client, Negotiated) {
    let mut client = Client::new(config, ALLOWED, NOW);
    match receive(&mut client, &Message::Hello(hello)).unwrap() {
        (_, Some(ClientEvent::Hello(negotiated))) => (client, negotiated),
        other => panic!("HELLO is answered and told, not {other:?}"),
    }
}

pub(crate) fn introduced() -> (Client, Negotiated) {
    introduced_by(hello(), client_config())
}

/// A client whose offer is known, `acks` messages into it.
pub(crate) fn offering(acks: usize) -> Client {
    let (mut client, negotiated) = introduced();
    client.offer(offer(&negotiated)).unwrap();
    for _ in 0..acks {
        receive(&mut client, &Message::Ack).unwrap();
    }
    client
}

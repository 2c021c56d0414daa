//! Both machines against each other, without a socket between them.

use memif_wire::{Attach, ClientEvent, Direction, ServerEvent, State};

use crate::honest::{Interface, client, name, offer, server};

#[test]
fn client_and_server_of_our_own_establish_a_link() {
    let (mut client, mut server, mut interface) = (client(), server(), Interface::default());
    let mut told = Vec::new();
    let mut attached = Vec::new();
    let mut to_client = Some(server.hello());
    while let Some(message) = to_client.take() {
        let step = client.receive(&message.encode(), false).unwrap();
        if let Some(ClientEvent::Hello(negotiated)) = step.event {
            client.offer(offer(&negotiated)).unwrap();
        }
        let Some(outgoing) = step.send else { continue };
        attached.extend(outgoing.fd);
        let datagram = outgoing.message.encode();
        let step = server
            .receive(&datagram, outgoing.fd.is_some(), &mut interface)
            .unwrap();
        told.extend(step.event);
        to_client = step.reply;
    }
    assert_eq!(
        (client.state(), server.state()),
        (State::Established, State::Established)
    );
    assert_eq!(
        told.first(),
        Some(&ServerEvent::Admitted {
            id: 7,
            peer: name("client")
        })
    );
    assert_eq!(
        told.last(),
        Some(&ServerEvent::Established {
            peer_if_name: name("client if")
        })
    );
    assert_eq!(told.len(), 1 + 2 + 3 + 1);
    assert_eq!(
        attached,
        [
            Attach::Region(0),
            Attach::Region(1),
            Attach::Ring {
                direction: Direction::S2m,
                index: 0
            },
            Attach::Ring {
                direction: Direction::S2m,
                index: 1
            },
            Attach::Ring {
                direction: Direction::M2s,
                index: 0
            },
        ]
    );
}

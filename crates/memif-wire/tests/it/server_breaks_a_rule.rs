//! Each rule a server can break, and what the client says to it.

use memif_wire::{ClientEvent, Disconnect, Hello, Kind, Message, State, Violation};

use crate::honest::{ALLOWED, NOW, client, client_config, goodbye, hello, init, name, region};
use crate::server_story::{breaks, introduced, introduced_by, offering, receive};

#[test]
fn what_is_no_message_ends_the_client_too() {
    let violation = client().receive(&[2; 45], false).unwrap_err();
    assert_eq!(violation, Violation::WrongLength { got: 45 });
    let violation = client().receive(&[0xee; 128], false).unwrap_err();
    assert_eq!(violation, Violation::UnknownType { got: 0xeeee });
}

#[test]
fn a_descriptor_from_a_server_is_refused() {
    let violation = client()
        .receive(&Message::Hello(hello()).encode(), true)
        .unwrap_err();
    assert_eq!(violation, Violation::SurplusFd { kind: Kind::Hello });
}

#[test]
fn a_server_that_does_not_start_with_hello_is_out_of_turn() {
    let violation = breaks(client(), &Message::Ack);
    assert_eq!(
        violation,
        Violation::Unexpected {
            got: Kind::Ack,
            while_: State::AwaitingHello
        }
    );
}

#[test]
fn a_message_of_the_clients_own_part_is_out_of_turn() {
    let violation = breaks(client(), &Message::Init(init()));
    assert_eq!(
        violation,
        Violation::Unexpected {
            got: Kind::Init,
            while_: State::AwaitingHello
        }
    );
    let violation = breaks(offering(1), &Message::AddRegion(region(0)));
    assert_eq!(
        violation,
        Violation::Unexpected {
            got: Kind::AddRegion,
            while_: State::AwaitingRegionAck
        }
    );
}

#[test]
fn connected_before_connect_is_out_of_turn() {
    let violation = breaks(offering(3), &Message::Connected(name("server if")));
    assert_eq!(
        violation,
        Violation::Unexpected {
            got: Kind::Connected,
            while_: State::AwaitingRingAck
        }
    );
}

#[test]
fn a_surplus_ack_of_connect_is_out_of_turn() {
    let violation = breaks(offering(6), &Message::Ack);
    assert_eq!(
        violation,
        Violation::Unexpected {
            got: Kind::Ack,
            while_: State::AwaitingConnected
        }
    );
}

#[test]
fn anything_but_disconnect_after_connected_is_late() {
    let mut client = offering(6);
    receive(&mut client, &Message::Connected(name("server if"))).unwrap();
    assert_eq!(
        breaks(client, &Message::Ack),
        Violation::Late { got: Kind::Ack }
    );
}

#[test]
fn nothing_more_is_taken_after_a_violation() {
    let mut client = client();
    receive(&mut client, &Message::Ack).unwrap_err();
    assert_eq!(
        receive(&mut client, &Message::Hello(hello())),
        Err(Violation::AfterEnd { got: Kind::Hello })
    );
}

#[test]
fn versions_that_leave_out_ours_are_refused() {
    for (min, max) in [(0x0100, 0x01ff), (0x0201, 0x0300), (0x0300, 0x0100)] {
        let hello = Hello {
            min_version: min,
            max_version: max,
            ..hello()
        };
        assert_eq!(
            breaks(client(), &Message::Hello(hello)),
            Violation::Version { min, max }
        );
    }
    let (client, _) = introduced_by(
        Hello {
            min_version: 0,
            max_version: u16::MAX,
            ..hello()
        },
        client_config(),
    );
    assert_eq!(client.state(), State::AwaitingInitAck);
}

#[test]
fn a_server_that_allows_single_slot_rings_only_is_refused() {
    let hello = Hello {
        max_log2_slots: 0,
        ..hello()
    };
    assert_eq!(
        breaks(client(), &Message::Hello(hello)),
        Violation::TooFewSlots { log2: 0 }
    );
}

#[test]
fn the_text_of_a_disconnect_reaches_the_caller_in_every_state() {
    let mut clients = vec![client(), introduced().0];
    clients.extend((0..=6).map(offering));
    for mut client in clients {
        let (sent, event) = receive(&mut client, &goodbye()).unwrap();
        let expected = ClientEvent::Disconnected(Disconnect::because("interface removed"));
        assert_eq!((sent, event), (None, Some(expected)));
        assert_eq!((client.state(), client.deadline()), (State::Ended, None));
    }
}

#[test]
fn a_silent_server_runs_into_the_deadline_wherever_it_stops() {
    for (acks, while_) in [
        (0, State::AwaitingInitAck),
        (1, State::AwaitingRegionAck),
        (6, State::AwaitingConnected),
    ] {
        let client = offering(acks);
        assert_eq!(client.deadline(), Some(NOW + ALLOWED));
        let violation = Violation::HandshakeTimeout {
            while_,
            after: ALLOWED,
        };
        assert_eq!(client.expire(NOW + ALLOWED), Err(violation));
    }
}

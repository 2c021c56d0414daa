//! What a client can do wrong before it offers memory, and out of its turn.

use memif_wire::{
    Direction, Init, Kind, Message, Mode, Refusal, Secret, ServerEvent, State, Violation,
};

use crate::client_story::{Story, established};
use crate::honest::{ALLOWED, NOW, goodbye, hello, init, name, region, ring, server};

#[test]
fn a_datagram_of_any_other_length_is_refused_with_its_length() {
    for got in [0, 1, 2, 127, 129, 4096] {
        let violation = Story::new()
            .receive_bytes(&vec![1; got], false)
            .unwrap_err();
        assert_eq!(violation, Violation::WrongLength { got });
    }
}

#[test]
fn a_type_beyond_the_eight_is_refused_with_its_number() {
    for got in [0_u16, 9, 0x0300, u16::MAX] {
        let mut datagram = [0; 128];
        datagram[..2].copy_from_slice(&got.to_le_bytes());
        let violation = Story::new().receive_bytes(&datagram, false).unwrap_err();
        assert_eq!(violation, Violation::UnknownType { got });
    }
}

#[test]
fn a_region_without_its_descriptor_is_refused() {
    let mut story = Story::new().after(&[Message::Init(init())]);
    let violation = story.receive_bytes(&Message::AddRegion(region(0)).encode(), false);
    assert_eq!(
        violation,
        Err(Violation::MissingFd {
            kind: Kind::AddRegion
        })
    );
}

#[test]
fn a_ring_without_its_eventfd_is_refused() {
    let mut story = Story::with_a_region_of(1 << 20);
    let violation = story.receive_bytes(&Message::AddRing(ring(Direction::S2m, 0)).encode(), false);
    assert_eq!(
        violation,
        Err(Violation::MissingFd {
            kind: Kind::AddRing
        })
    );
}

#[test]
fn a_descriptor_with_any_other_message_is_refused() {
    let violation = Story::new().receive_bytes(&Message::Init(init()).encode(), true);
    assert_eq!(violation, Err(Violation::SurplusFd { kind: Kind::Init }));
    let violation = Story::new().receive_bytes(&goodbye().encode(), true);
    assert_eq!(
        violation,
        Err(Violation::SurplusFd {
            kind: Kind::Disconnect
        })
    );
}

#[test]
fn hello_from_a_client_is_out_of_turn() {
    let violation = Story::new().breaks(&Message::Hello(hello()));
    assert_eq!(
        violation,
        Violation::Unexpected {
            got: Kind::Hello,
            while_: State::AwaitingInit
        }
    );
}

#[test]
fn a_region_before_init_is_out_of_turn() {
    let violation = Story::new().breaks(&Message::AddRegion(region(0)));
    assert_eq!(
        violation,
        Violation::Unexpected {
            got: Kind::AddRegion,
            while_: State::AwaitingInit
        }
    );
}

#[test]
fn a_second_init_is_out_of_turn() {
    let violation = Story::with_a_region_of(1 << 20).breaks(&Message::Init(init()));
    assert_eq!(
        violation,
        Violation::Unexpected {
            got: Kind::Init,
            while_: State::AwaitingRegion
        }
    );
}

#[test]
fn a_region_after_a_ring_is_out_of_turn() {
    let story =
        Story::with_a_region_of(1 << 20).after(&[Message::AddRing(ring(Direction::S2m, 0))]);
    let violation = story.breaks(&Message::AddRegion(region(1)));
    assert_eq!(
        violation,
        Violation::Unexpected {
            got: Kind::AddRegion,
            while_: State::AwaitingRing
        }
    );
}

#[test]
fn anything_but_disconnect_after_connected_is_late() {
    let violation = established().breaks(&Message::AddRing(ring(Direction::S2m, 1)));
    assert_eq!(violation, Violation::Late { got: Kind::AddRing });
    assert_eq!(
        established().breaks(&Message::Ack),
        Violation::Late { got: Kind::Ack }
    );
}

#[test]
fn nothing_more_is_taken_after_a_violation() {
    let mut story = Story::new();
    story.receive(&Message::Ack).unwrap_err();
    assert_eq!(
        story.receive(&Message::Init(init())),
        Err(Violation::AfterEnd { got: Kind::Init })
    );
}

#[test]
fn another_protocol_version_is_refused_before_the_registry_is_asked() {
    let violation = Story::new().breaks(&Message::Init(Init {
        version: 0x0300,
        id: 99,
        ..init()
    }));
    assert_eq!(violation, Refusal::Version { got: 0x0300 }.into());
}

#[test]
fn an_id_the_registry_does_not_know_is_refused() {
    let violation = Story::new().breaks(&Message::Init(Init { id: 99, ..init() }));
    assert_eq!(violation, Refusal::UnknownId { id: 99 }.into());
}

#[test]
fn an_id_in_use_is_refused() {
    let violation = Story::new().breaks(&Message::Init(Init { id: 8, ..init() }));
    assert_eq!(violation, Refusal::IdInUse { id: 8 }.into());
}

#[test]
fn a_mode_that_is_not_the_interfaces_is_refused() {
    for got in [1, 2, 3, 255] {
        let violation = Story::new().breaks(&Message::Init(Init {
            mode: got,
            ..init()
        }));
        assert_eq!(
            violation,
            Refusal::WrongMode {
                got,
                expected: Mode::Ethernet
            }
            .into()
        );
    }
}

#[test]
fn a_wrong_secret_is_refused_and_a_right_one_is_not() {
    let secret = Secret::new(b"open sesame").unwrap();
    let mut story = Story::new();
    story.interface.terms.secret = Some(secret);
    story
        .receive(&Message::Init(Init { secret, ..init() }))
        .unwrap();

    let mut story = Story::new();
    story.interface.terms.secret = Some(secret);
    let violation = story.breaks(&Message::Init(Init {
        secret: Secret::NONE,
        ..init()
    }));
    assert_eq!(violation, Refusal::WrongSecret.into());
}

#[test]
fn a_server_without_a_secret_ignores_what_a_client_left_in_the_field() {
    let garbage = Secret::from_bytes([0xa5; 24]);
    let event = Story::new().receive(&Message::Init(Init {
        secret: garbage,
        ..init()
    }));
    assert_eq!(
        event,
        Ok(Some(ServerEvent::Admitted {
            id: 7,
            peer: name("client")
        }))
    );
}

#[test]
fn a_wrong_mode_is_told_before_a_wrong_secret() {
    let mut story = Story::new();
    story.interface.terms.secret = Some(Secret::new(b"open sesame").unwrap());
    let violation = story.breaks(&Message::Init(Init { mode: 1, ..init() }));
    assert_eq!(
        violation,
        Refusal::WrongMode {
            got: 1,
            expected: Mode::Ethernet
        }
        .into()
    );
}

#[test]
fn a_silent_client_runs_into_the_deadline() {
    let server = server();
    assert_eq!(server.deadline(), Some(NOW + ALLOWED));
    assert_eq!(server.expire(NOW), Ok(()));
    let violation = Violation::HandshakeTimeout {
        while_: State::AwaitingInit,
        after: ALLOWED,
    };
    assert_eq!(server.expire(NOW + ALLOWED), Err(violation));
}

#[test]
fn an_established_link_has_no_deadline() {
    let story = established();
    assert_eq!(story.server.deadline(), None);
    assert_eq!(story.server.expire(NOW + 2 * ALLOWED), Ok(()));
}

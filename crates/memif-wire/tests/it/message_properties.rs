//! What holds for every message, every name and every text.

use memif_wire::{Features, MESSAGE_LEN, Message, Name, Secret, Tag, Text, Violation};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::messages::any_message;

proptest! {
    #[test]
    fn a_message_survives_its_bytes(message in any_message()) {
        prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn whatever_decodes_encodes_to_the_same_message_again(kind in 0..10_u8, body in vec(any::<u8>(), 126)) {
        let datagram = [&[kind, 0][..], &body].concat();
        match Message::decode(&datagram) {
            Ok(message) => prop_assert_eq!(Message::decode(&message.encode()), Ok(message)),
            Err(violation) => prop_assert_eq!(violation, Violation::UnknownType { got: kind.into() }),
        }
    }

    #[test]
    fn no_datagram_of_any_length_panics_the_decoder(datagram in vec(any::<u8>(), 0..300)) {
        let decoded = Message::decode(&datagram);
        let wrong_length = decoded == Err(Violation::WrongLength { got: datagram.len() });
        prop_assert_eq!(wrong_length, datagram.len() != MESSAGE_LEN);
    }

    #[test]
    fn showing_what_a_peer_wrote_never_panics_and_never_shows_a_control_character(message in any_message()) {
        let shown = format!("{message:?}");
        prop_assert!(!shown.chars().any(char::is_control));
    }

    #[test]
    fn a_name_is_kept_whole_or_refused(text in "\\PC{0,40}") {
        match Name::new(&text) {
            Ok(name) => prop_assert_eq!(name.text(), text),
            Err(_) => prop_assert!(text.len() > 31),
        }
    }

    #[test]
    fn a_tag_survives_its_name(text in "[a-z]{0,15}", bits: u32, frame_capacity: u64) {
        let tag = Tag { features: Features::from_bits_retain(bits), frame_capacity };
        let name = Name::new(&text).and_then(|name| name.with_tag(tag));
        let Ok(name) = name else { return Err(TestCaseError::fail("15 bytes fit")) };
        let received = Name::from_bytes(*name.as_bytes());
        prop_assert_eq!((received.text(), received.tag()), (text, Some(tag)));
    }

    #[test]
    fn an_untagged_name_never_shows_a_tag(text in "\\PC{0,40}") {
        prop_assert_eq!(Name::new(&text).ok().and_then(|name| name.tag()), None);
    }

    #[test]
    fn a_disconnect_text_is_a_prefix_of_the_reason(reason in "\\PC{0,200}") {
        let text = Text::new(&reason).text();
        prop_assert!(reason.starts_with(&text));
        prop_assert!(text.len() == reason.len() || text.len() > 95 - 4);
    }

    #[test]
    fn a_secret_accepts_itself_and_no_other(ours in "[a-z]{1,24}", theirs in "[a-z]{1,24}") {
        let (Ok(secret), Ok(presented)) = (Secret::new(ours.as_bytes()), Secret::new(theirs.as_bytes())) else {
            return Err(TestCaseError::fail("both fit"));
        };
        prop_assert!(secret.accepts(&secret));
        prop_assert_eq!(secret.accepts(&presented), ours == theirs);
    }
}

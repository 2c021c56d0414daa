//! What our own say to each other where others have garbage and zeros.

use descsock_wire::{
    Answer, Buffer, ConnectAnswer, Decoder, Extras, Kind, Laden, Layout, Limits, Progress,
    Registration, Request, Version,
};
use proptest::array::{uniform8, uniform32};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::arbitrary::{any_extras, any_laden};
use crate::samples::system;

/// Where the path's field ends in CONN_REQ_SYSTEM.
const END_OF_PATH: usize = 1100;

fn registered(message: &[u8]) -> Registration {
    let progress = Decoder::new(Limits::default()).feed(message);
    match progress.expect("a registration") {
        Progress::Complete {
            request: Request::Register(registration),
            ..
        } => registration,
        other => panic!("no registration: {other:?}"),
    }
}

#[test]
fn an_offer_is_the_last_sixteen_bytes_of_the_path() {
    let mut registration = registered(&system());
    assert_eq!(registration.extras, Extras::empty());
    registration.extras = Extras::RINGS;
    let bytes = registration.encode_system().expect("it fits");
    let due = *b"MWdscxtr\x01\0\0\0\0\0\0\0";
    assert_eq!(bytes[END_OF_PATH - 16..END_OF_PATH], due);
    assert_eq!(registered(&bytes), registration);
    registration.extras = Extras::empty();
    let silent = registration.encode_system().expect("it fits");
    assert_eq!(silent[..END_OF_PATH - 16], bytes[..END_OF_PATH - 16]);
    assert_eq!(silent[END_OF_PATH - 16..END_OF_PATH], [0; 16]);
}

#[test]
fn a_path_that_looks_like_an_offer_is_a_path() {
    let mut message = system();
    message[100..END_OF_PATH].fill(b'/');
    message[END_OF_PATH - 16..END_OF_PATH].copy_from_slice(b"MWdscxtr\x01\0\0\0\0\0\0\0");
    let registration = registered(&message);
    assert_eq!(registration.extras, Extras::empty());
    assert_eq!(registration.path.as_bytes().len(), 1000 - 7);
}

#[test]
fn an_answer_that_takes_the_rings_says_so_behind_the_message() {
    let answer = ConnectAnswer::accepted(Version::V2).with_rings();
    let bytes = answer.encode();
    assert_eq!(bytes[28..32], [1, 0, 0, 0], "one socket");
    assert_eq!(bytes[32..48], *b"MWdscxtr\x01\0\0\0\0\0\0\0");
    assert_eq!(bytes[48..], [0; 232]);
    assert_eq!(Answer::decode(&bytes), Ok(Answer::Connect(answer)));
}

#[test]
fn a_header_on_a_ring_is_the_middle_of_a_descriptor() {
    let laden = Laden::to_send(Buffer::NONE, None);
    assert_eq!(laden.ring_header(), [0x62, 0, 0, 0, 0, 0, 0, 0]);
    assert!(Laden::of_ring_header([0x62, 0, 0, 0, 0, 0, 0, 0], Kind::Rx).is_err());
}

proptest! {
    #[test]
    fn garbage_behind_the_path_changes_nothing_but_what_is_offered(
        garbage in vec(any::<u8>(), 900), extras in any_extras(), has_offer: bool
    ) {
        let mut message = system();
        let before = registered(&message);
        message[END_OF_PATH - 900..END_OF_PATH].copy_from_slice(&garbage);
        if has_offer {
            message[END_OF_PATH - 16..END_OF_PATH - 8].copy_from_slice(b"MWdscxtr");
            message[END_OF_PATH - 8..END_OF_PATH - 4].copy_from_slice(&extras.bits().to_le_bytes());
            message[END_OF_PATH - 4..END_OF_PATH].fill(0);
        }
        let extras = if has_offer { extras } else { Extras::empty() };
        prop_assert_eq!(registered(&message), Registration { extras, ..before });
    }

    #[test]
    fn a_frame_on_a_ring_keeps_all_but_its_buffer(laden in any_laden()) {
        let header = laden.ring_header();
        let buffer = Buffer::NONE;
        prop_assert_eq!(Laden::of_ring_header(header, laden.kind), Ok(Laden { buffer, ..laden }));
        prop_assert_eq!(&laden.encode(Layout::B)[8..16], &header);
    }

    #[test]
    fn no_header_panics(header in uniform8(any::<u8>()), bytes in uniform32(any::<u8>())) {
        let _ = Laden::of_ring_header(header, Kind::Rx);
        let whole = Laden::decode(&bytes, Layout::B, Kind::Tx).ok();
        let mut middle = [0; 8];
        middle.copy_from_slice(&bytes[8..16]);
        let header = Laden::of_ring_header(middle, Kind::Tx).ok();
        prop_assert_eq!(whole.map(|laden| laden.directed), header.map(|laden| laden.directed));
    }
}

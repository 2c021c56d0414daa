//! What holds for every doorbell stream, however it is cut.

use descsock_wire::{
    ANSWER_LEN, Answer, Decoder, Form, Limits, Progress, Request, TextSize, Version, Violation,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::arbitrary::{
    any_connect, any_connect_answer, any_cuts, any_registration, any_version, cut,
};
use crate::samples::header;

const BINARY: Form = Form::Binary {
    version: Version::V2,
};

/// All requests in a stream that arrives in `pieces`, and how it ended.
fn requests(pieces: &[&[u8]]) -> (Vec<Request>, Result<(), Violation>) {
    let mut decoder = Decoder::new(Limits::default());
    let mut requests = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            match decoder.feed(rest) {
                Ok(Progress::Complete { request, used }) => {
                    requests.push(request);
                    rest = &rest[used..];
                }
                Ok(_) => break,
                Err(violation) => return (requests, Err(violation)),
            }
        }
        assert!(decoder.held() < 1356);
    }
    (requests, Ok(()))
}

/// A stream that begins like one of descsock and goes on anyhow.
fn plausible_stream() -> impl Strategy<Value = Vec<u8>> {
    let opening = prop_oneof![
        Just(Vec::new()),
        Just(b"path=".to_vec()),
        Just(b"path=/t\nbase=1\nlength=".to_vec()),
        Just(header(1356, 2, 5)),
        Just(header(44, 1, 1)),
        Just(header(16, 2, 3)),
    ];
    let rest = prop_oneof![
        vec(any::<u8>(), 0..2000),
        vec(
            prop_oneof![Just(b'\n'), Just(b'='), Just(b'1'), any::<u8>()],
            0..600
        ),
        vec(Just(0_u8), 0..1400),
    ];
    (opening, rest).prop_map(|(opening, rest)| [opening, rest].concat())
}

proptest! {
    #[test]
    fn a_text_registration_survives_its_bytes(sent in any_registration(Form::Text), cuts in any_cuts()) {
        let Ok(bytes) = sent.encode_text(TextSize::Long) else {
            return Err(TestCaseError::fail("150 bytes of path fit"));
        };
        prop_assert_eq!(requests(&cut(&bytes, &cuts)), (vec![Request::Register(sent)], Ok(())));
    }

    #[test]
    fn a_system_registration_survives_its_bytes(sent in any_registration(BINARY), cuts in any_cuts()) {
        let Ok(bytes) = sent.encode_system() else {
            return Err(TestCaseError::fail("150 bytes of path fit"));
        };
        prop_assert_eq!(requests(&cut(&bytes, &cuts)), (vec![Request::Register(sent)], Ok(())));
    }

    #[test]
    fn a_question_and_a_connection_request_survive_their_bytes(
        sent in any_connect(), version in any_version(), cuts in any_cuts()
    ) {
        let bytes = [&Request::encode_info(version)[..], &sent.encode()].concat();
        let expected = vec![Request::Info { version }, Request::Connect(sent)];
        prop_assert_eq!(requests(&cut(&bytes, &cuts)), (expected, Ok(())));
    }

    #[test]
    fn no_stream_panics_and_no_cut_changes_what_it_says(stream in plausible_stream(), cuts in any_cuts()) {
        prop_assert_eq!(requests(&cut(&stream, &cuts)), requests(&[&stream]));
    }

    #[test]
    fn a_connection_answer_survives_its_bytes(answer in any_connect_answer()) {
        let answer = Answer::Connect(answer);
        prop_assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
    }

    #[test]
    fn no_answer_panics_and_what_decodes_encodes_to_the_same_again(
        body in vec(any::<u8>(), ANSWER_LEN), length in 0..300_u32, version in 0..4_u32, kind in 0..6_u32, code in 0..5_u8
    ) {
        let mut bytes = [0; ANSWER_LEN];
        bytes.copy_from_slice(&body);
        let _ = Answer::decode(&bytes);
        bytes[..16].copy_from_slice(&header(length, version, kind));
        bytes[16..26].copy_from_slice(&[code, 0, 0, 0, 1, 2, 3, 4, 5, 6]);
        if let Ok(answer) = Answer::decode(&bytes) {
            prop_assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
        }
    }

    #[test]
    fn showing_what_a_client_wrote_never_shows_a_control_character(sent in any_registration(BINARY)) {
        let shown = format!("{sent:?} {} {}", sent.path, sent.service_name);
        prop_assert!(!shown.chars().any(char::is_control));
    }
}

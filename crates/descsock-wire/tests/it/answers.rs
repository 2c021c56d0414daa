//! The 280 bytes of an answer, from both ends.

use descsock_wire::{
    ANSWER_LEN, Answer, Code, ConnectAnswer, End, InfoAnswer, Svc, Version, Violation,
};

use crate::samples::{header, write};

/// CONN_RESP of an agent that accepts, version 2.
fn accepted() -> [u8; ANSWER_LEN] {
    let mut answer = [0; ANSWER_LEN];
    write(&mut answer, 0, &header(32, 2, 2));
    write(
        &mut answer,
        16,
        &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0],
    );
    answer
}

/// GET_INFO_RESP for tenant 3 with service 9, version 1.
fn informed() -> [u8; ANSWER_LEN] {
    let mut answer = [0; ANSWER_LEN];
    write(&mut answer, 0, &header(280, 1, 4));
    write(&mut answer, 16, &[1, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0]);
    answer
}

fn overwritten(mut answer: [u8; ANSWER_LEN], at: usize, field: &[u8]) -> [u8; ANSWER_LEN] {
    write(&mut answer, at, field);
    answer
}

#[test]
fn an_acceptance_announces_eight_sockets_and_ends_in_zeros() {
    let answer = ConnectAnswer::accepted(Version::V2);
    assert_eq!(answer.encode(), accepted());
    assert_eq!(Answer::decode(&accepted()), Ok(Answer::Connect(answer)));
}

#[test]
fn a_refusal_is_as_long_as_an_acceptance() {
    for (code, number) in [(Code::Error, 2), (Code::NotRegistered, 3)] {
        let mut expected = [0; ANSWER_LEN];
        write(&mut expected, 0, &header(32, 1, 2));
        expected[16] = number;
        let answer = ConnectAnswer::refused(Version::V1, code);
        assert_eq!(answer.encode(), expected);
        assert_eq!(Answer::decode(&expected), Ok(Answer::Connect(answer)));
    }
}

#[test]
fn information_is_a_tenant_and_a_service() {
    let answer = InfoAnswer {
        version: Version::V1,
        code: Code::Success,
        tenant_id: 3,
        service_id: Svc::new(9).expect("a service"),
    };
    assert_eq!(answer.encode(), informed());
    let garbage = overwritten(informed(), 28, &[0xcc; 252]);
    for bytes in [informed(), garbage] {
        assert_eq!(Answer::decode(&bytes), Ok(Answer::Info(answer)));
    }
}

#[test]
fn the_length_of_an_acceptance_may_count_all_it_sends() {
    let whole = overwritten(accepted(), 0, &[0x18, 1, 0, 0]);
    assert_eq!(Answer::decode(&whole), Answer::decode(&accepted()));
}

#[test]
fn a_hostile_agent_is_refused_with_its_numbers() {
    let from = End::Agent;
    let cases = [
        (accepted(), 4, 0, Violation::Magic { from, got: 0xf500 }),
        (accepted(), 8, 9, Violation::Version { from, got: 9 }),
        (accepted(), 12, 5, Violation::AnswerType { got: 5 }),
        (
            accepted(),
            0,
            31,
            Violation::AnswerLength { got: 31, due: 32 },
        ),
        (
            accepted(),
            1,
            2,
            Violation::AnswerLength { got: 544, due: 32 },
        ),
        (
            informed(),
            0,
            0,
            Violation::AnswerLength { got: 256, due: 280 },
        ),
        (accepted(), 16, 0, Violation::AnswerCode { got: 0 }),
        (informed(), 16, 4, Violation::AnswerCode { got: 4 }),
        (
            informed(),
            25,
            0x40,
            Violation::AnswerService {
                got: 0x4009,
                limit: 16_383,
            },
        ),
    ];
    for (answer, at, byte, violation) in cases {
        let answer = overwritten(answer, at, &[byte]);
        assert_eq!(Answer::decode(&answer), Err(violation));
    }
}

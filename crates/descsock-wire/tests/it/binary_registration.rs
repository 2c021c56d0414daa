//! The binary form, as the agent reads it.

use descsock_wire::{
    ConnectRequest, Decoder, End, Form, Layout, Limits, Mapping, Progress, Request, Version,
    Violation,
};

use crate::samples::{connect, decode, header, refused, system, write};

/// The sample of CONN_REQ_SYSTEM with one field overwritten.
fn with_field(at: usize, field: &[u8]) -> Vec<u8> {
    let mut message = system();
    write(&mut message, at, field);
    message
}

#[test]
fn a_system_registration_is_read_by_its_offsets() {
    let (request, used) = decode(&system()).expect("a registration");
    let Request::Register(tenant) = request else {
        panic!("no registration: {request:?}")
    };
    assert_eq!(used, 1356);
    let version = Version::V2;
    assert_eq!(tenant.form, Form::Binary { version });
    assert_eq!(tenant.form.layout(), Some(Layout::B));
    assert_eq!(tenant.service_name.as_bytes(), b"tap0");
    assert_eq!(tenant.mapping.base(), 0x7f00_0000_0000);
    assert_eq!(tenant.mapping.length(), 1 << 30);
    assert_eq!((tenant.num_sep, tenant.pid), (1, 12_345));
    assert_eq!(tenant.path.as_bytes(), b"/var/hugepages/descsock.tap0");
    assert_eq!(tenant.service_id.value(), 8);
}

#[test]
fn a_connection_request_names_a_tenant_and_no_file() {
    let expected = ConnectRequest {
        version: Version::V1,
        tenant_id: 3,
        mapping: Mapping::new(0x1000, 0x80_0000).expect("a mapping"),
        num_sep: 1,
        pid: 7,
    };
    assert_eq!(decode(&connect()), Ok((Request::Connect(expected), 44)));
}

#[test]
fn a_question_may_precede_and_follow_a_registration() {
    let question = header(16, 2, 3);
    let stream = [&question[..], &system(), &question].concat();
    let mut decoder = Decoder::new(Limits::default());
    let mut rest = &stream[..];
    let mut lengths = Vec::new();
    while !rest.is_empty() {
        match decoder.feed(rest).expect("three requests") {
            Progress::Complete { used, .. } => {
                lengths.push(used);
                rest = &rest[used..];
            }
            other => panic!("no whole request: {other:?}"),
        }
    }
    assert_eq!(lengths, [16, 1356, 16]);
}

#[test]
fn a_second_registration_is_refused() {
    for second in [system(), connect()] {
        let mut decoder = Decoder::new(Limits::default());
        let first = decoder.feed(&system());
        assert!(matches!(first, Ok(Progress::Complete { .. })));
        assert_eq!(decoder.feed(&second), Err(Violation::SecondRegistration));
    }
    let mut decoder = Decoder::new(Limits::default());
    let first = decoder.feed(&system());
    assert!(matches!(first, Ok(Progress::Complete { .. })));
    assert_eq!(
        decoder.feed(crate::samples::TEXT),
        Err(Violation::SecondRegistration)
    );
}

#[test]
fn a_wrong_header_is_refused_with_its_sixteenth_byte() {
    let from = End::Client;
    let cases = [
        (
            b"GET / HTTP/1.1\r\n".to_vec(),
            Violation::Magic {
                from,
                got: 0x5448_202f,
            },
        ),
        (header(1356, 0, 5), Violation::Version { from, got: 0 }),
        (header(1356, 3, 5), Violation::Version { from, got: 3 }),
        (header(32, 2, 2), Violation::RequestType { got: 2 }),
        (
            header(16, 2, u32::MAX),
            Violation::RequestType { got: u32::MAX },
        ),
    ];
    for (stream, violation) in cases {
        let mut decoder = Decoder::new(Limits::default());
        assert_eq!(decoder.feed(&stream[..15]), Ok(Progress::NeedMore));
        assert_eq!(decoder.feed(&stream[15..]), Err(violation));
    }
}

#[test]
fn no_client_makes_the_agent_wait_for_more_bytes_than_a_message_has() {
    for (kind, due) in [(1, 44), (3, 16), (5, 1356)] {
        for got in [0, 15, 1355, 1357, u32::MAX] {
            let expected = Violation::RequestLength { kind, got, due };
            assert_eq!(refused(&header(got, 2, kind)), expected);
        }
    }
}

#[test]
fn a_path_and_a_name_without_nul_fill_their_fields() {
    let mut message = with_field(16, &[b'n'; 64]);
    write(&mut message, 100, &[b'p'; 1000]);
    let Ok((Request::Register(tenant), _)) = decode(&message) else {
        panic!("a registration")
    };
    assert_eq!(tenant.service_name.as_bytes(), [b'n'; 64]);
    assert_eq!(tenant.path.as_bytes(), [b'p'; 1000]);
}

#[test]
fn every_number_is_judged() {
    let (base, length) = (0xffff_ffff_f000, 1 << 30);
    let cases = [
        (100, &[0][..], Violation::EmptyPath),
        (88, &[0; 4], Violation::EmptyMapping),
        (
            80,
            &[0, 0xf0, 0xff, 0xff, 0xff, 0xff, 0, 0],
            Violation::MappingBeyondAddresses { base, length },
        ),
        (
            92,
            &[0xff; 4],
            Violation::Endpoints {
                got: u32::MAX,
                limit: 1,
            },
        ),
        (
            1100,
            &[0, 0x40],
            Violation::Service {
                got: 16_384,
                limit: 16_383,
            },
        ),
    ];
    for (at, field, violation) in cases {
        assert_eq!(refused(&with_field(at, field)), violation);
    }
}

#[test]
fn a_lower_limit_refuses_what_the_default_accepts() {
    let limits = Limits {
        mapping_bytes: (1 << 30) - 1,
        ..Limits::default()
    };
    let violation = Violation::MappingTooLong {
        got: 1 << 30,
        limit: (1 << 30) - 1,
    };
    assert_eq!(Decoder::new(limits).feed(&system()), Err(violation));
}

//! The text form, as the agent reads it.

use descsock_wire::{Decoder, Form, Limits, Progress, Registration, Request, TextField, Violation};

use crate::samples::{TEXT, decode, refused};

fn registration(stream: &[u8]) -> Registration {
    match decode(stream).expect("a registration") {
        (Request::Register(registration), _) => registration,
        other => panic!("no registration: {other:?}"),
    }
}

/// The sample with one line exchanged for another.
fn with_line(old: &str, new: &str) -> Vec<u8> {
    let text = core::str::from_utf8(TEXT).expect("text");
    assert!(text.contains(old));
    text.replace(old, new).into_bytes()
}

#[test]
fn a_text_registration_is_read_to_its_blank_line() {
    let tenant = registration(TEXT);
    assert_eq!(tenant.form, Form::Text);
    assert_eq!(tenant.form.layout(), None);
    assert_eq!(tenant.path.as_bytes(), b"/var/hugepages/descsock.000");
    assert_eq!(tenant.mapping.base(), 139_637_976_727_552);
    assert_eq!(tenant.mapping.length(), 67_112_959);
    assert_eq!((tenant.num_sep, tenant.pid), (1, 1));
    assert_eq!(tenant.service_id.value(), 1);
    assert!(tenant.service_name.is_empty());
}

#[test]
fn padding_of_either_length_is_part_of_the_registration() {
    for size in [256, 512] {
        let mut padded = [TEXT, b"\0path=\n\n"].concat();
        padded.resize(size, 0xa5);
        let (request, used) = decode(&padded).expect("a registration");
        assert_eq!(request, Request::Register(registration(TEXT)));
        assert_eq!(used, size);
    }
}

#[test]
fn whatever_a_text_client_says_afterwards_is_discarded() {
    let mut decoder = Decoder::new(Limits::default());
    let complete = decoder.feed(TEXT);
    assert!(matches!(complete, Ok(Progress::Complete { .. })));
    for more in [&b"\0garbage"[..], TEXT, &[0xff; 4096], b""] {
        assert_eq!(decoder.feed(more), Ok(Progress::Discarded));
    }
    assert_eq!(decoder.held(), 0);
}

#[test]
fn a_registration_of_five_bytes_at_a_time_comes_with_its_last_newline() {
    let mut decoder = Decoder::new(Limits::default());
    let (last, others) = TEXT.split_last().expect("bytes");
    for piece in others.chunks(5) {
        assert_eq!(decoder.feed(piece), Ok(Progress::NeedMore));
    }
    let complete = decoder.feed(&[*last]);
    assert!(matches!(complete, Ok(Progress::Complete { used: 1, .. })));
}

#[test]
fn a_path_keeps_its_bytes_and_ends_at_a_nul() {
    let stream = [b"path=/t/\xff\xfe\0junk", &TEXT[32..]].concat();
    assert_eq!(registration(&stream).path.as_bytes(), b"/t/\xff\xfe");
}

#[test]
fn a_registration_that_never_ends_is_refused_at_512_bytes() {
    let endless = [b"path=".as_slice(), &[b'a'; 507]].concat();
    let mut decoder = Decoder::new(Limits::default());
    assert_eq!(decoder.feed(&endless[..511]), Ok(Progress::NeedMore));
    let violation = Violation::EndlessText { limit: 512 };
    assert_eq!(decoder.feed(&endless[511..]), Err(violation.clone()));
    assert_eq!(decoder.feed(b"\n\n"), Err(violation));
    assert_eq!(decoder.held(), 0);
}

#[test]
fn lines_come_in_their_order_and_none_is_missing() {
    for (old, new, due) in [
        ("base=", "bass=", TextField::Base),
        ("length=67112959\n", "", TextField::Length),
        (
            "num_sep=1\npid=1\n",
            "pid=1\nnum_sep=1\n",
            TextField::NumSep,
        ),
        ("pid=1", "pid 1", TextField::Pid),
        ("svc_ids=1\n", "", TextField::SvcIds),
    ] {
        let missing = Violation::MissingField { due };
        assert_eq!(refused(&with_line(old, new)), missing);
    }
    let surplus = with_line("svc_ids=1\n", "svc_ids=1\nname=x\n");
    assert_eq!(refused(&surplus), Violation::SurplusLine);
}

#[test]
fn numbers_are_decimal() {
    let (field, byte) = (TextField::SvcIds, b'-');
    let negative = with_line("svc_ids=1", "svc_ids=-1");
    assert_eq!(refused(&negative), Violation::NotDecimal { field, byte });
    let (field, byte) = (TextField::Base, b'x');
    let hexadecimal = with_line("base=", "base=0x");
    assert_eq!(refused(&hexadecimal), Violation::NotDecimal { field, byte });
    let field = TextField::Pid;
    let empty = with_line("pid=1", "pid=");
    assert_eq!(refused(&empty), Violation::NoDigits { field });
}

#[test]
fn every_number_is_judged() {
    let (base, length) = (1 << 48, 67_112_959);
    let cases = [
        (
            "path=/var/hugepages/descsock.000",
            "path=",
            Violation::EmptyPath,
        ),
        ("length=67112959", "length=0", Violation::EmptyMapping),
        (
            "length=67112959",
            "length=4294967297",
            Violation::MappingTooLong {
                got: (4 << 30) + 1,
                limit: 4 << 30,
            },
        ),
        (
            "base=139637976727552",
            "base=281474976710656",
            Violation::MappingBeyondAddresses { base, length },
        ),
        (
            "num_sep=1",
            "num_sep=2",
            Violation::Endpoints { got: 2, limit: 1 },
        ),
        (
            "svc_ids=1",
            "svc_ids=16384",
            Violation::Service {
                got: 16_384,
                limit: 16_383,
            },
        ),
    ];
    for (old, new, violation) in cases {
        assert_eq!(refused(&with_line(old, new)), violation);
    }
}

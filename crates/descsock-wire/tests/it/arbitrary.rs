//! Arbitrary values for the property tests: any value of every field, and any cut of a stream.

use descsock_wire::{
    Buffer, Code, ConnectAnswer, ConnectRequest, Did, Directed, Dm, Extras, Flags, Form, Kind,
    Laden, Mapping, Nti, Registration, Sep, Svc, Text, Version,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A registration that every form can express.
pub(crate) fn any_registration(form: Form) -> impl Strategy<Value = Registration> {
    let name = match form {
        Form::Text => vec(1..=255_u8, 0),
        Form::Binary { .. } => vec(1..=255_u8, 0..=63),
    };
    let path = vec(
        (1..=255_u8).prop_filter("no newline", |&byte| byte != b'\n'),
        1..=150,
    );
    let numbers = (0..=1_u32, any::<u32>());
    let extras = any_extras().prop_map(move |extras| match form {
        Form::Text => Extras::empty(),
        Form::Binary { .. } => extras,
    });
    (path, any_mapping(), numbers, any_svc(), name, extras).prop_map(
        move |(path, mapping, (num_sep, pid), service_id, name, extras)| Registration {
            form,
            path: Text::new(&path),
            mapping,
            num_sep,
            pid,
            service_id,
            service_name: Text::new(&name),
            extras,
        },
    )
}

/// Any CONN_REQ.
pub(crate) fn any_connect() -> impl Strategy<Value = ConnectRequest> {
    let numbers = (any::<u32>(), 0..=1_u32, any::<u32>());
    (any_version(), any_mapping(), numbers).prop_map(
        |(version, mapping, (tenant_id, num_sep, pid))| ConnectRequest {
            version,
            tenant_id,
            mapping,
            num_sep,
            pid,
        },
    )
}

/// Any CONN_RESP.
pub(crate) fn any_connect_answer() -> impl Strategy<Value = ConnectAnswer> {
    let code = prop_oneof![
        Just(Code::Success),
        Just(Code::Error),
        Just(Code::NotRegistered)
    ];
    let claims = any::<[u32; 3]>();
    (any_version(), code, claims, any_extras()).prop_map(|(version, code, claims, extras)| {
        let [dm_offset, num_dms, num_fds] = claims;
        ConnectAnswer {
            version,
            code,
            dm_offset,
            num_dms,
            num_fds,
            extras,
        }
    })
}

/// Any of what our own have besides.
pub(crate) fn any_extras() -> impl Strategy<Value = Extras> {
    any::<u32>().prop_map(Extras::from_bits_truncate)
}

/// Any laden descriptor of layout B, which has all fields.
pub(crate) fn any_laden() -> impl Strategy<Value = Laden> {
    let kind = prop_oneof![Just(Kind::Rx), Just(Kind::Tx)];
    let bits = (any::<[bool; 4]>(), any::<u8>());
    (kind, any_buffer(), bits, any_directed()).prop_map(
        |(kind, buffer, ([sop, eop, host, err], flags), directed)| Laden {
            kind,
            buffer,
            sop,
            eop,
            host,
            err,
            flags: Flags::from_bits_retain(flags),
            directed,
        },
    )
}

/// Any address of 48 bits with any length.
pub(crate) fn any_buffer() -> impl Strategy<Value = Buffer> {
    (0..1_u64 << 48, any::<u16>())
        .prop_map(|(address, len)| Buffer::new(address, len).expect("48 bits"))
}

/// Either version.
pub(crate) fn any_version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V1), Just(Version::V2)]
}

/// `bytes` in pieces of these lengths, over and over.
pub(crate) fn cut<'a>(mut bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*length).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// Lengths of pieces, none of them empty.
pub(crate) fn any_cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![1..=3_usize, 1..=64_usize, 1..=600_usize], 1..20)
}

fn any_mapping() -> impl Strategy<Value = Mapping> {
    (0..1_u64 << 47, 1..=u32::MAX)
        .prop_map(|(base, length)| Mapping::new(base, length.into()).expect("a mapping"))
}

fn any_svc() -> impl Strategy<Value = Svc> {
    (0..=16_383_u32).prop_map(|svc| Svc::new(svc).expect("14 bits"))
}

fn any_directed() -> impl Strategy<Value = Directed> {
    let fields = (0..=2047_u32, 0..=15_u32, 0..=4095_u32, 0..=3_u32);
    (fields, any_svc()).prop_map(|((did, sep, nti, dm), svc)| Directed {
        did: Did::new(did).expect("11 bits"),
        sep: Sep::new(sep).expect("4 bits"),
        svc,
        nti: Nti::new(nti).expect("12 bits"),
        dm: Dm::new(dm).expect("2 bits"),
    })
}

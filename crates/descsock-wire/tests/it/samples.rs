//! Messages written by hand from the tables of the wire, and what the tests do with all of them.

use descsock_wire::{Decoder, Limits, Progress, Request, Violation};

/// The text form, up to its blank line, of a client of 2019.
pub(crate) const TEXT: &[u8] = b"path=/var/hugepages/descsock.000\nbase=139637976727552\n\
    length=67112959\nnum_sep=1\npid=1\nsvc_ids=1\n\n";

/// A header: length, magic 0xF5DC, version, type.
pub(crate) fn header(length: u32, version: u32, kind: u32) -> Vec<u8> {
    let fields = [length, 0xf5dc, version, kind];
    fields.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// CONN_REQ_SYSTEM of service 8, version 2, 1 GiB at 0x7f00_0000_0000, with garbage behind the NULs and in the
/// other services.
pub(crate) fn system() -> Vec<u8> {
    let mut message = vec![0xcc; 1356];
    write(
        &mut message,
        0,
        &[0x4c, 5, 0, 0, 0xdc, 0xf5, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0],
    );
    write(&mut message, 16, b"tap0\0");
    write(&mut message, 80, &[0, 0, 0, 0, 0, 0x7f, 0, 0]);
    write(&mut message, 88, &[0, 0, 0, 0x40]);
    write(&mut message, 92, &[1, 0, 0, 0]);
    write(&mut message, 96, &[0x39, 0x30, 0, 0]);
    write(&mut message, 100, b"/var/hugepages/descsock.tap0\0");
    write(&mut message, 1100, &[8, 0, 0, 0]);
    message
}

/// CONN_REQ of tenant 3, version 1.
pub(crate) fn connect() -> Vec<u8> {
    let mut message = vec![0; 44];
    write(
        &mut message,
        0,
        &[44, 0, 0, 0, 0xdc, 0xf5, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
    );
    write(&mut message, 16, &[3, 0, 0, 0]);
    write(&mut message, 20, &[0, 0x10, 0, 0, 0, 0, 0, 0]);
    write(&mut message, 28, &[0, 0, 0x80, 0, 0, 0, 0, 0]);
    write(&mut message, 36, &[1, 0, 0, 0]);
    write(&mut message, 40, &[7, 0, 0, 0]);
    message
}

/// Overwrites the field at `at`.
pub(crate) fn write(message: &mut [u8], at: usize, field: &[u8]) {
    message[at..at + field.len()].copy_from_slice(field);
}

/// The first request in `stream`, fed whole, and how many bytes it took.
pub(crate) fn decode(stream: &[u8]) -> Result<(Request, usize), Violation> {
    match Decoder::new(Limits::default()).feed(stream)? {
        Progress::Complete { request, used } => Ok((request, used)),
        other => panic!("no whole request: {other:?}"),
    }
}

/// What is wrong with `stream`.
pub(crate) fn refused(stream: &[u8]) -> Violation {
    decode(stream).expect_err("a violation")
}

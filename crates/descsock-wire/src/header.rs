//! The sixteen bytes that open every binary message, and what they may say.

use core::mem::size_of;

use crate::bytes::{ConnectBytes, HeaderBytes, SystemBytes};
use crate::{End, Violation};

/// The number in every header that says: this is descsock.
pub const MAGIC: u32 = 0xf5dc;

/// The version in a header. Both versions have the same messages; an answer repeats the request's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// Version 1.
    V1,
    /// Version 2, what the library sends.
    V2,
}

impl Version {
    /// The version behind a header's number, if it is known.
    pub const fn from_wire(number: u32) -> Option<Version> {
        match number {
            1 => Some(Version::V1),
            2 => Some(Version::V2),
            _ => None,
        }
    }

    /// The header's number for this version.
    pub const fn to_wire(self) -> u32 {
        match self {
            Version::V1 => 1,
            Version::V2 => 2,
        }
    }
}

/// A header that is one of descsock; its type and length are still to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: Version,
    pub(crate) kind: u32,
    pub(crate) length: u32,
}

impl Header {
    pub(crate) fn check(from: End, bytes: HeaderBytes) -> Result<Header, Violation> {
        let magic = bytes.magic.get();
        if magic != MAGIC {
            return Err(Violation::Magic { from, got: magic });
        }
        let got = bytes.version.get();
        let version = Version::from_wire(got).ok_or(Violation::Version { from, got })?;
        Ok(Header {
            version,
            kind: bytes.kind.get(),
            length: bytes.length.get(),
        })
    }

    pub(crate) fn to_bytes(self) -> HeaderBytes {
        HeaderBytes {
            length: self.length.into(),
            magic: MAGIC.into(),
            version: self.version.to_wire().into(),
            kind: self.kind.into(),
        }
    }
}

/// The requests, by their type on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Connect = 1,
    Info = 3,
    System = 5,
}

impl RequestKind {
    /// What a client's header asks for. Its length must be that of the type: no byte is awaited on its word.
    pub(crate) fn check(header: Header) -> Result<RequestKind, Violation> {
        let kind = match header.kind {
            1 => RequestKind::Connect,
            3 => RequestKind::Info,
            5 => RequestKind::System,
            got => return Err(Violation::RequestType { got }),
        };
        if header.length != kind.wire_len() {
            return Err(Violation::RequestLength {
                kind: header.kind,
                got: header.length,
                due: kind.size(),
            });
        }
        Ok(kind)
    }

    /// Bytes of the whole message.
    pub(crate) const fn size(self) -> usize {
        match self {
            RequestKind::Connect => size_of::<ConnectBytes>(),
            RequestKind::Info => size_of::<HeaderBytes>(),
            RequestKind::System => size_of::<SystemBytes>(),
        }
    }

    /// The header of such a request.
    pub(crate) const fn header(self, version: Version) -> Header {
        Header {
            version,
            kind: self as u32,
            length: self.wire_len(),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the largest request has 1356 bytes"
    )]
    const fn wire_len(self) -> u32 {
        self.size() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: u32, length: u32) -> Header {
        let version = Version::V2;
        Header {
            version,
            kind,
            length,
        }
    }

    #[test]
    fn each_request_has_its_type_and_its_length() {
        let known = [
            (1, 44, RequestKind::Connect),
            (3, 16, RequestKind::Info),
            (5, 1356, RequestKind::System),
        ];
        for (kind, length, request) in known {
            assert_eq!(RequestKind::check(header(kind, length)), Ok(request));
            assert_eq!(request.header(Version::V2), header(kind, length));
        }
    }

    #[test]
    fn a_request_of_another_length_is_refused_before_its_body_comes() {
        assert_eq!(
            RequestKind::check(header(5, u32::MAX)),
            Err(Violation::RequestLength {
                kind: 5,
                got: u32::MAX,
                due: 1356
            })
        );
    }

    #[test]
    fn an_answer_is_no_request() {
        for got in [0, 2, 4, 6] {
            let refused = Err(Violation::RequestType { got });
            assert_eq!(RequestKind::check(header(got, 280)), refused);
        }
    }
}

//! The messages of the doorbell as bytes.
//!
//! A client sends one request over the doorbell stream. Numbers are little-endian and unaligned, fields follow each
//! other without gaps, offsets are in bytes. Behind the NUL of a text field lies garbage.
//!
//! ```text
//! header           0            4              8              12       16
//!                  | length u32 | magic 0xF5DC | version 1, 2 | type   |   length: of the whole message
//!
//! 5 CONN_REQ_SYSTEM                                          1356 bytes, what the library sends
//!                  0        16              80         88           92            96        100         1100            1356
//!                  | header | service 64    | base u64 | length u32 | num_sep u32 | pid u32 | path 1000 | svc_ids u32*64 |
//!
//! 1 CONN_REQ                                                 44 bytes
//!                  0        16              20         28           36            40        44
//!                  | header | tenant_id u32 | base u64 | length u64 | num_sep u32 | pid u32 |
//!
//! 3 GET_INFO_REQ                                             16 bytes, the header
//!
//! 2 CONN_RESP                                                32 bytes, and zeros up to 280
//!                  0        16               20              24            28            32       280
//!                  | header | error_code u32 | dm_offset u32 | num_dms u32 | num_fds u32 | zeros  |
//!
//! 4 GET_INFO_RESP                                            280 bytes
//!                  0        16               20              24               280
//!                  | header | error_code u32 | tenant_id u32 | svc_ids u32*64 |
//! ```
//!
//! Of `svc_ids` only the first is meaningful. Between our own, the end of `path` and the zeros of CONN_RESP have another
//! use: see `extras.rs`.
//!
//! Source: the descsock wire, doorbell socket, binary registration.

use core::mem::{offset_of, size_of};

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{ANSWER_LEN, extras};

#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct HeaderBytes {
    pub(crate) length: U32,
    pub(crate) magic: U32,
    pub(crate) version: U32,
    pub(crate) kind: U32,
}

/// CONN_REQ_SYSTEM.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct SystemBytes {
    pub(crate) header: HeaderBytes,
    pub(crate) service_name: [u8; 64],
    pub(crate) base: U64,
    pub(crate) length: U32,
    pub(crate) num_sep: U32,
    pub(crate) pid: U32,
    pub(crate) path: [u8; 1000],
    pub(crate) svc_ids: [U32; 64],
}

/// CONN_REQ.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct ConnectBytes {
    pub(crate) header: HeaderBytes,
    pub(crate) tenant_id: U32,
    pub(crate) base: U64,
    pub(crate) length: U64,
    pub(crate) num_sep: U32,
    pub(crate) pid: U32,
}

/// CONN_RESP and what is behind it: zeros, but between our own.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct ConnectAnswerBytes {
    pub(crate) header: HeaderBytes,
    pub(crate) error_code: U32,
    pub(crate) dm_offset: U32,
    pub(crate) num_dms: U32,
    pub(crate) num_fds: U32,
    pub(crate) extras: [u8; extras::TAG],
    pub(crate) padding: [u8; 232],
}

/// GET_INFO_RESP.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct InfoAnswerBytes {
    pub(crate) header: HeaderBytes,
    pub(crate) error_code: U32,
    pub(crate) tenant_id: U32,
    pub(crate) svc_ids: [U32; 64],
}

const _: () = {
    assert!(size_of::<HeaderBytes>() == 16);

    assert!(size_of::<SystemBytes>() == 1356);
    assert!(offset_of!(SystemBytes, service_name) == 16);
    assert!(offset_of!(SystemBytes, base) == 80);
    assert!(offset_of!(SystemBytes, length) == 88);
    assert!(offset_of!(SystemBytes, num_sep) == 92);
    assert!(offset_of!(SystemBytes, pid) == 96);
    assert!(offset_of!(SystemBytes, path) == 100);
    assert!(offset_of!(SystemBytes, svc_ids) == 1100);

    assert!(size_of::<ConnectBytes>() == 44);
    assert!(offset_of!(ConnectBytes, tenant_id) == 16);
    assert!(offset_of!(ConnectBytes, base) == 20);
    assert!(offset_of!(ConnectBytes, length) == 28);
    assert!(offset_of!(ConnectBytes, num_sep) == 36);
    assert!(offset_of!(ConnectBytes, pid) == 40);

    assert!(size_of::<ConnectAnswerBytes>() == ANSWER_LEN);
    assert!(offset_of!(ConnectAnswerBytes, error_code) == 16);
    assert!(offset_of!(ConnectAnswerBytes, dm_offset) == 20);
    assert!(offset_of!(ConnectAnswerBytes, num_dms) == 24);
    assert!(offset_of!(ConnectAnswerBytes, num_fds) == 28);
    assert!(offset_of!(ConnectAnswerBytes, extras) == 32);
    assert!(offset_of!(ConnectAnswerBytes, padding) == 48);

    assert!(size_of::<InfoAnswerBytes>() == ANSWER_LEN);
    assert!(offset_of!(InfoAnswerBytes, error_code) == 16);
    assert!(offset_of!(InfoAnswerBytes, tenant_id) == 20);
    assert!(offset_of!(InfoAnswerBytes, svc_ids) == 24);
};

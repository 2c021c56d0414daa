//! The eight messages as bytes.
//!
//! Each is one datagram of 128 bytes: a u16 type, the fields without gaps, zeros to the end. Numbers are
//! little-endian and unaligned; offsets are in bytes. What a peer puts into the padding is ignored.
//!
//! ```text
//! type        0     2
//! 1 ACK       | typ | padding ..128
//!
//!             0     2         34            36            38           40         42         44     45
//! 2 HELLO     | typ | name 32 | min_version | max_version | max_region | max_m2s  | max_s2m  | log2 | padding ..128
//!
//!             0     2         4        8      9           33        65
//! 3 INIT      | typ | version | id u32 | mode | secret 24 | name 32 | padding ..128
//!
//!             0     2       4          12
//! 4 ADD_REGION| typ | index | size u64 | padding ..128
//!
//!             0     2       4       6        8            12     13            15
//! 5 ADD_RING  | typ | flags | index | region | offset u32 | log2 | private_hdr | padding ..128
//!
//!             0     2            34
//! 6 CONNECT   | typ | if_name 32 | padding ..128
//! 7 CONNECTED | typ | if_name 32 | padding ..128
//!
//!             0     2          6           102
//! 8 DISCONNECT| typ | code u32 | string 96 | padding ..128
//! ```
//!
//! Fields without a length are u16, `mode` and `log2` are u8. `log2` is the binary logarithm of a ring's slots. Bit 0
//! of ADD_RING's flags is set for S2M.

use core::mem::{offset_of, size_of};

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::MESSAGE_LEN;

/// Bit 0 of [`AddRingBytes::flags`]: the ring is S2M.
pub(crate) const RING_FLAG_S2M: u16 = 1;

/// Any message, seen as its type; and the whole of an ACK.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct AckBytes {
    pub(crate) kind: U16,
    pub(crate) padding: [u8; 126],
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct HelloBytes {
    pub(crate) kind: U16,
    pub(crate) name: [u8; 32],
    pub(crate) min_version: U16,
    pub(crate) max_version: U16,
    pub(crate) max_region: U16,
    pub(crate) max_m2s_ring: U16,
    pub(crate) max_s2m_ring: U16,
    pub(crate) max_log2_slots: u8,
    pub(crate) padding: [u8; 83],
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct InitBytes {
    pub(crate) kind: U16,
    pub(crate) version: U16,
    pub(crate) id: U32,
    pub(crate) mode: u8,
    pub(crate) secret: [u8; 24],
    pub(crate) name: [u8; 32],
    pub(crate) padding: [u8; 63],
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct AddRegionBytes {
    pub(crate) kind: U16,
    pub(crate) index: U16,
    pub(crate) size: U64,
    pub(crate) padding: [u8; 116],
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct AddRingBytes {
    pub(crate) kind: U16,
    pub(crate) flags: U16,
    pub(crate) index: U16,
    pub(crate) region: U16,
    pub(crate) offset: U32,
    pub(crate) log2_slots: u8,
    pub(crate) private_header: U16,
    pub(crate) padding: [u8; 113],
}

/// CONNECT and CONNECTED.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct ConnectBytes {
    pub(crate) kind: U16,
    pub(crate) if_name: [u8; 32],
    pub(crate) padding: [u8; 94],
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct DisconnectBytes {
    pub(crate) kind: U16,
    pub(crate) code: U32,
    pub(crate) text: [u8; 96],
    pub(crate) padding: [u8; 26],
}

const _: () = {
    assert!(size_of::<AckBytes>() == MESSAGE_LEN);
    assert!(offset_of!(AckBytes, padding) == 2);

    assert!(size_of::<HelloBytes>() == MESSAGE_LEN);
    assert!(offset_of!(HelloBytes, name) == 2);
    assert!(offset_of!(HelloBytes, min_version) == 34);
    assert!(offset_of!(HelloBytes, max_version) == 36);
    assert!(offset_of!(HelloBytes, max_region) == 38);
    assert!(offset_of!(HelloBytes, max_m2s_ring) == 40);
    assert!(offset_of!(HelloBytes, max_s2m_ring) == 42);
    assert!(offset_of!(HelloBytes, max_log2_slots) == 44);
    assert!(offset_of!(HelloBytes, padding) == 45);

    assert!(size_of::<InitBytes>() == MESSAGE_LEN);
    assert!(offset_of!(InitBytes, version) == 2);
    assert!(offset_of!(InitBytes, id) == 4);
    assert!(offset_of!(InitBytes, mode) == 8);
    assert!(offset_of!(InitBytes, secret) == 9);
    assert!(offset_of!(InitBytes, name) == 33);
    assert!(offset_of!(InitBytes, padding) == 65);

    assert!(size_of::<AddRegionBytes>() == MESSAGE_LEN);
    assert!(offset_of!(AddRegionBytes, index) == 2);
    assert!(offset_of!(AddRegionBytes, size) == 4);
    assert!(offset_of!(AddRegionBytes, padding) == 12);

    assert!(size_of::<AddRingBytes>() == MESSAGE_LEN);
    assert!(offset_of!(AddRingBytes, flags) == 2);
    assert!(offset_of!(AddRingBytes, index) == 4);
    assert!(offset_of!(AddRingBytes, region) == 6);
    assert!(offset_of!(AddRingBytes, offset) == 8);
    assert!(offset_of!(AddRingBytes, log2_slots) == 12);
    assert!(offset_of!(AddRingBytes, private_header) == 13);
    assert!(offset_of!(AddRingBytes, padding) == 15);

    assert!(size_of::<ConnectBytes>() == MESSAGE_LEN);
    assert!(offset_of!(ConnectBytes, if_name) == 2);
    assert!(offset_of!(ConnectBytes, padding) == 34);

    assert!(size_of::<DisconnectBytes>() == MESSAGE_LEN);
    assert!(offset_of!(DisconnectBytes, code) == 2);
    assert!(offset_of!(DisconnectBytes, text) == 6);
    assert!(offset_of!(DisconnectBytes, padding) == 102);
};

//! Arbitrary messages for the property tests: any value of every field, or values near what is legal.

use memif_wire::{
    AddRegion, AddRing, Direction, Disconnect, Hello, Init, Message, Name, Secret, Text, VERSION,
};
use proptest::array::{uniform24, uniform32};
use proptest::collection::vec;
use proptest::prelude::*;

/// Any message at all.
pub(crate) fn any_message() -> impl Strategy<Value = Message> {
    prop_oneof![
        Just(Message::Ack),
        any_hello().prop_map(Message::Hello),
        any_init().prop_map(Message::Init),
        (any::<u16>(), any::<u64>())
            .prop_map(|(index, size)| Message::AddRegion(AddRegion { index, size })),
        any_ring().prop_map(Message::AddRing),
        any_name().prop_map(Message::Connect),
        any_name().prop_map(Message::Connected),
        any_disconnect().prop_map(Message::Disconnect),
    ]
}

/// A region near what a handshake allows.
pub(crate) fn plausible_region() -> impl Strategy<Value = AddRegion> {
    let size = prop_oneof![4 => 0..1_u64 << 20, 1 => any::<u64>()];
    (0..4_u16, size).prop_map(|(index, size)| AddRegion { index, size })
}

/// A ring near what a handshake allows.
pub(crate) fn plausible_ring() -> impl Strategy<Value = AddRing> {
    let offset = prop_oneof![4 => (0..1_u32 << 12).prop_map(|line| line * 8), 1 => any::<u32>()];
    let log2_slots = prop_oneof![4 => 1..9_u8, 1 => any::<u8>()];
    (direction(), 0..4_u16, 0..3_u16, offset, log2_slots).prop_map(
        |(direction, index, region, offset, log2_slots)| AddRing {
            direction,
            index,
            region,
            offset,
            log2_slots,
            private_header: 0,
        },
    )
}

/// An INIT that gets past the version and the mode.
pub(crate) fn plausible_init() -> impl Strategy<Value = Init> {
    (6..9_u32, 0..2_u8, any_secret(), any_name()).prop_map(|(id, mode, secret, name)| Init {
        version: VERSION,
        id,
        mode,
        secret,
        name,
    })
}

/// A HELLO that gets past the version.
pub(crate) fn plausible_hello() -> impl Strategy<Value = Hello> {
    any_hello().prop_map(|hello| Hello {
        min_version: 0,
        max_version: VERSION,
        ..hello
    })
}

/// Either direction.
pub(crate) fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::S2m), Just(Direction::M2s)]
}

fn any_name() -> impl Strategy<Value = Name> {
    uniform32(any::<u8>()).prop_map(Name::from_bytes)
}

fn any_secret() -> impl Strategy<Value = Secret> {
    uniform24(any::<u8>()).prop_map(Secret::from_bytes)
}

fn any_hello() -> impl Strategy<Value = Hello> {
    (any_name(), any::<[u16; 5]>(), any::<u8>()).prop_map(|(name, numbers, max_log2_slots)| {
        let [
            min_version,
            max_version,
            max_region,
            max_m2s_ring,
            max_s2m_ring,
        ] = numbers;
        Hello {
            name,
            min_version,
            max_version,
            max_region,
            max_m2s_ring,
            max_s2m_ring,
            max_log2_slots,
        }
    })
}

fn any_init() -> impl Strategy<Value = Init> {
    (
        any::<u16>(),
        any::<u32>(),
        any::<u8>(),
        any_secret(),
        any_name(),
    )
        .prop_map(|(version, id, mode, secret, name)| Init {
            version,
            id,
            mode,
            secret,
            name,
        })
}

fn any_ring() -> impl Strategy<Value = AddRing> {
    (direction(), any::<[u16; 3]>(), any::<u32>(), any::<u8>()).prop_map(
        |(direction, numbers, offset, log2_slots)| {
            let [index, region, private_header] = numbers;
            AddRing {
                direction,
                index,
                region,
                offset,
                log2_slots,
                private_header,
            }
        },
    )
}

fn any_disconnect() -> impl Strategy<Value = Disconnect> {
    (any::<u32>(), vec(any::<u8>(), 96)).prop_map(|(code, bytes)| {
        let bytes = bytes.try_into().expect("96 bytes were asked for");
        Disconnect {
            code,
            text: Text::from_bytes(bytes),
        }
    })
}

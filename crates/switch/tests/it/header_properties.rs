//! Headers out of any bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use switch::{DropReason, Header, PEEK_BYTES};

/// Bytes that often look like a frame: a known ethertype, and small numbers where lengths are.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let ethertype = prop_oneof![
        Just([0x08, 0x00]),
        Just([0x86, 0xDD]),
        Just([0x81, 0x00]),
        Just([0x88, 0xA8]),
        any::<[u8; 2]>()
    ];
    let byte = prop_oneof![
        Just(0_u8),
        Just(0x45),
        Just(0x60),
        Just(44),
        Just(51),
        any::<u8>()
    ];
    let rest = vec(byte, 0..200);
    let like_a_frame = (any::<[u8; 12]>(), ethertype, rest)
        .prop_map(|(macs, ethertype, rest)| [&macs[..], &ethertype, &rest].concat());
    prop_oneof![4 => like_a_frame, 1 => vec(any::<u8>(), 0..40)]
}

proptest! {
    #[test]
    fn any_bytes_are_a_header_or_too_short(bytes in bytes()) {
        match Header::parse(&bytes) {
            Ok(header) => {
                prop_assert!(header.size() <= bytes.len());
                prop_assert!(matches!(header.size(), 14 | 18 | 22));
                prop_assert!(header.vlan() < 4096);
                prop_assert_eq!(&header.destination().0, &bytes[..6]);
                prop_assert_eq!(&header.source().0, &bytes[6..12]);
                let _ = header.flow();
            }
            Err(reason) => {
                prop_assert_eq!(reason, DropReason::TooShort);
                prop_assert!(bytes.len() < 22);
            }
        }
    }

    #[test]
    fn what_lies_behind_an_addresses_and_ports_does_not_matter(bytes in bytes(), more in any::<u8>()) {
        let mut longer = bytes.clone();
        longer.resize(bytes.len().max(PEEK_BYTES), 0);
        let header = Header::parse(&longer).expect("128 bytes are enough");
        let flow = header.flow();
        let (addresses, vlan) = (header.source(), header.vlan());
        let mut even_longer = longer.clone();
        even_longer.resize(longer.len() + 64, more);
        let header = Header::parse(&even_longer).expect("a header");
        prop_assert_eq!((header.source(), header.vlan()), (addresses, vlan));
        prop_assert_eq!(header.flow().addresses, flow.addresses);
    }
}

//! What holds for every stream of descriptors and every buffer in it.

use descsock_wire::{Completion, Empty, Kind, Laden, Layout, Mapping, Records};
use proptest::array::uniform32;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::arbitrary::{any_buffer, any_cuts, any_laden, cut};

/// All whole records in `pieces`, and the bytes held after them.
fn records<const N: usize>(pieces: &[&[u8]]) -> (Vec<[u8; N]>, usize) {
    let mut splitter = Records::<N>::new();
    let mut whole = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while let Some(record) = splitter.next(&mut rest) {
            whole.push(record);
        }
        assert!(rest.is_empty());
    }
    (whole, splitter.held())
}

fn chunks<const N: usize>(bytes: &[u8]) -> (Vec<[u8; N]>, usize) {
    let (whole, rest) = bytes.as_chunks::<N>();
    (whole.to_vec(), rest.len())
}

proptest! {
    #[test]
    fn records_do_not_depend_on_the_cuts(bytes in vec(any::<u8>(), 0..2000), cuts in any_cuts()) {
        let pieces = cut(&bytes, &cuts);
        prop_assert_eq!(records::<8>(&pieces), chunks(&bytes));
        prop_assert_eq!(records::<32>(&pieces), chunks(&bytes));
        prop_assert_eq!(records::<280>(&pieces), chunks(&bytes));
    }

    #[test]
    fn an_empty_and_a_completion_survive_their_bytes(buffer in any_buffer(), bytes: [u8; 8]) {
        prop_assert_eq!(Empty::decode(&Empty(buffer).encode()), Empty(buffer));
        prop_assert_eq!(Completion::decode(&Completion(buffer).encode()), Completion(buffer));
        prop_assert_eq!(Empty::decode(&bytes).encode(), bytes);
        prop_assert_eq!(Completion::decode(&bytes).encode(), bytes);
    }

    #[test]
    fn a_laden_descriptor_of_layout_b_survives_its_bytes(laden in any_laden()) {
        let bytes = laden.encode(Layout::B);
        prop_assert_eq!(Laden::decode(&bytes, Layout::B, laden.kind), Ok(laden));
    }

    #[test]
    fn a_laden_descriptor_of_layout_a_loses_host_and_err_only(laden in any_laden()) {
        let bytes = laden.encode(Layout::A);
        let expected = Laden { host: false, err: false, ..laden };
        prop_assert_eq!(Laden::decode(&bytes, Layout::A, laden.kind), Ok(expected));
    }

    #[test]
    fn no_descriptor_panics_and_what_decodes_encodes_to_the_same_again(bytes in uniform32(any::<u8>())) {
        let _ = Layout::detect(&bytes);
        for (layout, kind) in [(Layout::A, Kind::Rx), (Layout::A, Kind::Tx), (Layout::B, Kind::Rx), (Layout::B, Kind::Tx)] {
            if let Ok(laden) = Laden::decode(&bytes, layout, kind) {
                let _ = laden.frame_len();
                prop_assert_eq!(Laden::decode(&laden.encode(layout), layout, kind), Ok(laden));
            }
        }
    }

    #[test]
    fn what_is_located_lies_within_the_file(
        base in 0..1_u64 << 47, length in 1..1_u64 << 40, file: u64, bytes: [u8; 8], near in any::<u32>()
    ) {
        let Ok(mapping) = Mapping::new(base, length) else {
            return Err(TestCaseError::fail("47 bits and 40 bits stay below 48"));
        };
        let mapping = mapping.cut_to(file);
        let Empty(anywhere) = Empty::decode(&bytes);
        let nearby = mapping.buffer(u64::from(near), 2048).unwrap_or(anywhere);
        for buffer in [anywhere, nearby] {
            if let Ok(span) = mapping.locate(buffer) {
                prop_assert!(span.len() > 0);
                prop_assert!(span.offset() + u64::from(span.len()) <= mapping.length());
                prop_assert_eq!(mapping.buffer(span.offset(), span.len()), Some(buffer));
            }
        }
    }
}

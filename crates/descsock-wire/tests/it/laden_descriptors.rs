//! Laden descriptors in both layouts, byte by byte.

use descsock_wire::{
    Buffer, Did, Directed, Dm, End, Flags, Kind, Laden, Layout, Nti, RX_BYTE_OF_BOTH, Sep, Svc,
    Violation,
};

/// 64 bytes at 0x7f12_3456_7800, as the first eight bytes say it.
const BUFFER: [u8; 8] = [0x00, 0x78, 0x56, 0x34, 0x12, 0x7f, 0x40, 0x00];

fn buffer() -> Buffer {
    Buffer::new(0x7f12_3456_7800, 64).expect("48 bits")
}

/// What the tap tenant sends with: did 4, sep 0, svc 10, nti 4095.
fn tap() -> Directed {
    Directed {
        did: Did::new(4).expect("11 bits"),
        sep: Sep::default(),
        svc: Svc::new(10).expect("14 bits"),
        nti: Nti::DEFAULT,
        dm: Dm::default(),
    }
}

/// A descriptor of `BUFFER`, its two words, and `rest` behind them.
fn bytes(word0: [u8; 4], word1: [u8; 4], rest: u8) -> [u8; 32] {
    let mut descriptor = [rest; 32];
    descriptor[..8].copy_from_slice(&BUFFER);
    descriptor[8..12].copy_from_slice(&word0);
    descriptor[12..16].copy_from_slice(&word1);
    descriptor
}

#[test]
fn a_plain_frame_to_send_has_the_byte_that_tells_the_layout() {
    for (layout, byte) in [(Layout::A, 0x1a), (Layout::B, 0x62)] {
        let laden = Laden::to_send(buffer(), None);
        let descriptor = bytes([byte, 0, 0, 0], [0; 4], 0);
        assert_eq!(laden.encode(layout), descriptor);
        assert_eq!(Laden::decode(&descriptor, layout, Kind::Tx), Ok(laden));
        assert_eq!(Layout::detect(&descriptor), Ok(layout));
        assert_eq!(laden.destination(), None);
    }
}

#[test]
fn a_directed_frame_to_send_in_layout_b() {
    // Directed is flag bit 3, bit 11 of word 0; did 4 is at bit 16; svc 10 at bit 6, nti 0xfff at bit 20 of word 1.
    let descriptor = bytes([0x62, 0x08, 0x04, 0x00], [0x80, 0x02, 0xf0, 0xff], 0);
    let laden = Laden::to_send(buffer(), Some(tap()));
    assert_eq!(laden.encode(Layout::B), descriptor);
    let decoded = Laden::decode(&descriptor, Layout::B, Kind::Tx);
    assert_eq!(decoded, Ok(laden));
    assert_eq!(laden.destination(), Some(tap()));
}

#[test]
fn a_directed_frame_to_send_in_layout_a() {
    // Directed is flag bit 3, bit 8 of word 0; did 4 is at bit 21: 0x0080_0000.
    let descriptor = bytes([0x1a, 0x01, 0x80, 0x00], [0x80, 0x02, 0xf0, 0xff], 0);
    let laden = Laden::to_send(buffer(), Some(tap()));
    assert_eq!(laden.encode(Layout::A), descriptor);
    let decoded = Laden::decode(&descriptor, Layout::A, Kind::Tx);
    assert_eq!(decoded, Ok(laden));
}

#[test]
fn every_field_at_its_largest_fills_its_bits_in_layout_b() {
    let descriptor = bytes([0xf1, 0xff, 0xff, 0x07], [0xff; 4], 0);
    let laden = Laden {
        kind: Kind::Rx,
        buffer: buffer(),
        sop: true,
        eop: true,
        host: true,
        err: true,
        flags: Flags::all(),
        directed: Directed {
            did: Did::MAX,
            sep: Sep::ANY,
            svc: Svc::MAX,
            nti: Nti::MAX,
            dm: Dm::MAX,
        },
    };
    assert_eq!(laden.encode(Layout::B), descriptor);
    assert_eq!(Laden::decode(&descriptor, Layout::B, Kind::Rx), Ok(laden));
}

#[test]
fn each_field_of_word_1_has_its_own_bits() {
    let word1 = |word1| {
        let descriptor = bytes([0x62, 0, 0, 0], word1, 0);
        let laden = Laden::decode(&descriptor, Layout::B, Kind::Tx).expect("type 2");
        let Directed {
            sep, svc, nti, dm, ..
        } = laden.directed;
        (sep.value(), dm.value(), svc.value(), nti.value())
    };
    assert_eq!(word1([0x0f, 0, 0, 0]), (15, 0, 0, 0));
    assert_eq!(word1([0x30, 0, 0, 0]), (0, 3, 0, 0));
    assert_eq!(word1([0xc0, 0xff, 0x0f, 0]), (0, 0, 16_383, 0));
    assert_eq!(word1([0, 0, 0xf0, 0xff]), (0, 0, 0, 4095));
}

#[test]
fn each_flag_has_its_bit() {
    for (flag, bit) in [
        (Flags::L3_CHECKSUM_OK, 0x01),
        (Flags::L4_CHECKSUM_OK, 0x02),
        (Flags::DIRECTED, 0x08),
        (Flags::LOOKUP_FAILED, 0x10),
        (Flags::MULTICAST, 0x20),
    ] {
        let laden = Laden::received(buffer(), Directed::default(), flag);
        let expected = bytes([0x71, bit, 0, 0], [0; 4], 0);
        assert_eq!(laden.encode(Layout::B), expected);
    }
}

#[test]
fn what_the_other_end_leaves_in_ignored_bits_is_ignored() {
    let clean = bytes([0x62, 0, 0, 0], [0; 4], 0);
    let dirty = bytes([0x6a, 0, 0, 0xf8], [0; 4], 0xcc);
    let decode = |bytes| Laden::decode(bytes, Layout::B, Kind::Tx);
    assert_eq!(decode(&dirty), decode(&clean));
    let clean = bytes([0x1a, 0, 0, 0], [0; 4], 0);
    let dirty = bytes([0x1a, 0xe0, 0x1f, 0], [0; 4], 0xcc);
    let decode = |bytes| Laden::decode(bytes, Layout::A, Kind::Tx);
    assert_eq!(decode(&dirty), decode(&clean));
}

#[test]
fn a_frame_for_either_layout_is_whole_in_both() {
    let from = tap();
    let laden = Laden::received(buffer(), from, Flags::MULTICAST);
    let descriptor = laden.encode_for_both();
    let expected = bytes([0x79, 0, 0, 0], [0x80, 0x02, 0xf0, 0xff], 0);
    assert_eq!(descriptor, expected);
    assert_eq!(descriptor[8], RX_BYTE_OF_BOTH);
    for layout in [Layout::A, Layout::B] {
        let read = Laden::decode(&descriptor, layout, Kind::Rx).expect("type 1");
        assert_eq!(read.frame_len(), Ok(60));
        assert!(!read.err && read.destination().is_none());
        let did = Did::default();
        assert_eq!(read.directed, Directed { did, ..from });
    }
}

#[test]
fn a_descriptor_of_the_other_type_is_refused() {
    let (from, got, due) = (End::Client, 1, 2);
    let received = bytes([0x71, 0, 0, 0], [0; 4], 0);
    assert_eq!(
        Laden::decode(&received, Layout::B, Kind::Tx),
        Err(Violation::DescriptorType { from, got, due })
    );
    let (from, got, due) = (End::Agent, 7, 1);
    let unknown = bytes([0x7f, 0, 0, 0], [0; 4], 0);
    assert_eq!(
        Laden::decode(&unknown, Layout::A, Kind::Rx),
        Err(Violation::DescriptorType { from, got, due })
    );
}

#[test]
fn a_frame_has_a_header_and_a_crc_and_fits_a_buffer() {
    let frame_len = |len| Laden::to_send(buffer().with_len(len), None).frame_len();
    assert_eq!(frame_len(18), Ok(14));
    assert_eq!(frame_len(64), Ok(60));
    assert_eq!(frame_len(2048), Ok(2044));
    let (from, least) = (End::Client, 18);
    for got in [0, 4, 17, 2049, u16::MAX] {
        let refused = Err(Violation::FrameLength { from, got, least });
        assert_eq!(frame_len(got), refused);
    }
}

#[test]
fn a_piece_of_a_frame_is_refused() {
    let from = End::Agent;
    for (byte, sop, eop) in [(0x31, true, false), (0x51, false, true)] {
        let piece = bytes([byte, 0, 0, 0], [0; 4], 0);
        let piece = Laden::decode(&piece, Layout::B, Kind::Rx).expect("type 1");
        let refused = Err(Violation::SplitFrame { from, sop, eop });
        assert_eq!(piece.frame_len(), refused);
    }
}

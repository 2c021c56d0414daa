use proptest::prelude::*;

use super::*;

const METADATA: Metadata = Metadata {
    sequence: 7,
    timestamp: 90_000,
    sent_at: Duration::from_nanos(0x0102_0304),
};

/// A footer for 100 bytes of payload and 5 of caps, with one field overwritten.
fn forged(offset: usize, bytes: &[u8]) -> Result<Footer, TrailerFault> {
    let mut footer = Footer::new(METADATA, 100, "caps!").unwrap().encode();
    footer[offset..offset + bytes.len()].copy_from_slice(bytes);
    Footer::decode(&footer, 145)
}

#[test]
fn the_layout_is_the_one_that_is_drawn() {
    let bytes = Footer::new(METADATA, 100, "caps!").unwrap().encode();
    let drawn = [
        &[7, 0, 0, 0, 0, 0, 0, 0][..],
        &[0x90, 0x5f, 1, 0, 0, 0, 0, 0],
        &[4, 3, 2, 1, 0, 0, 0, 0],
        &[100, 0, 0, 0, 0, 0, 0, 0],
        &[5, 0],
        &[1, 0],
        b"MWfr",
    ];
    assert_eq!(bytes[..], drawn.concat());
}

#[test]
fn a_footer_comes_back_as_it_was_sent() {
    let footer = forged(0, &[]).unwrap();
    assert_eq!(footer.metadata(), METADATA);
    assert_eq!((footer.payload_len(), footer.caps_len()), (100, 5));
    assert_eq!(Footer::offset(145), Ok(105));
}

#[test]
fn lengths_must_make_up_the_frame_exactly() {
    let have = 105;
    for payload in [0_u64, 99, 101, u64::MAX, u64::MAX - 4] {
        let fault = TrailerFault::Lengths {
            payload,
            caps: 5,
            have,
        };
        assert_eq!(forged(24, &payload.to_le_bytes()), Err(fault));
    }
    let fault = TrailerFault::Lengths {
        payload: 100,
        caps: 6,
        have,
    };
    assert_eq!(forged(32, &[6, 0]), Err(fault));
}

#[test]
fn caps_beyond_the_limit_are_refused_on_both_sides() {
    assert_eq!(
        forged(32, &1025_u16.to_le_bytes()),
        Err(TrailerFault::Caps { claimed: 1025 })
    );
    let long = "x".repeat(MAX_CAPS + 1);
    assert_eq!(
        Footer::new(METADATA, 0, &long),
        Err(CapsTooLong { len: 1025 })
    );
    assert!(Footer::new(METADATA, 0, &long[1..]).is_ok());
    assert_eq!(
        Footer::new(METADATA, 0, &"x".repeat(1 << 17)),
        Err(CapsTooLong { len: 1 << 17 })
    );
}

#[test]
fn a_foreign_end_is_no_footer() {
    assert_eq!(
        forged(36, b"\0\0\0\0"),
        Err(TrailerFault::Magic { found: [0; 4] })
    );
    assert_eq!(forged(34, &[2, 0]), Err(TrailerFault::Version { found: 2 }));
    let text = forged(36, b"abcd").unwrap_err().to_string();
    assert_eq!(
        text,
        "the frame ends in [61, 62, 63, 64] instead of the footer's [4d, 57, 66, 72]"
    );
}

#[test]
fn a_frame_shorter_than_a_footer_is_refused() {
    let footer = Footer::new(METADATA, 0, "").unwrap().encode();
    assert_eq!(
        Footer::decode(&footer, 39),
        Err(TrailerFault::TooShort { len: 39 })
    );
    assert!(Footer::decode(&footer, 40).is_ok());
}

#[test]
fn caps_text_must_be_utf_8() {
    assert_eq!(caps_text("video/räw".as_bytes()), Ok("video/räw"));
    assert_eq!(
        caps_text(b"video\xff"),
        Err(TrailerFault::CapsText { at: 5 })
    );
}

#[test]
fn a_time_beyond_64_bits_of_nanoseconds_is_sent_as_the_longest() {
    let metadata = Metadata {
        sent_at: Duration::MAX,
        ..METADATA
    };
    let bytes = Footer::new(metadata, 0, "").unwrap().encode();
    let sent_at = Footer::decode(&bytes, 40).unwrap().metadata().sent_at;
    assert_eq!(sent_at, Duration::from_nanos(u64::MAX));
}

proptest! {
    #[test]
    fn every_footer_comes_back(
        sequence: u64, timestamp: u64, nanos: u64, payload in 0..u64::MAX / 2, caps in ".{0,200}",
    ) {
        let metadata = Metadata { sequence, timestamp, sent_at: Duration::from_nanos(nanos) };
        let footer = Footer::new(metadata, payload, &caps).unwrap();
        let len = payload + caps.len() as u64 + FOOTER_LEN as u64;
        prop_assert_eq!(Footer::decode(&footer.encode(), len), Ok(footer));
        prop_assert!(Footer::decode(&footer.encode(), len + 1).is_err());
    }

    #[test]
    fn whatever_is_accepted_lies_within_the_frame(mut bytes: [u8; 32], caps: u16, len: u64) {
        let mut footer = Footer::new(METADATA, 0, "").unwrap().encode();
        bytes[24..32].copy_from_slice(&len.saturating_sub(u64::from(caps) + 40).to_le_bytes());
        footer[..32].copy_from_slice(&bytes);
        footer[32..34].copy_from_slice(&caps.to_le_bytes());
        if let Ok(footer) = Footer::decode(&footer, len) {
            prop_assert!(footer.caps_len() <= MAX_CAPS);
            let end = footer.payload_len() + footer.caps_len() as u64 + FOOTER_LEN as u64;
            prop_assert_eq!(end, len);
        }
    }
}

//! The texts that go out as DISCONNECT: they name the end at fault, carry the numbers, and fit.

use core::time::Duration;

use memif_wire::{
    Direction, Kind, Misuse, Mode, NameError, Refusal, RingId, SecretError, State, UnknownMode,
    Violation,
};

/// Every violation, with the largest numbers it can carry.
fn violations() -> Vec<Violation> {
    let ring = RingId {
        direction: Direction::S2m,
        index: u16::MAX,
    };
    let other = RingId {
        direction: Direction::M2s,
        index: u16::MAX,
    };
    let (region, index, limit) = (u16::MAX, u16::MAX, u16::MAX);
    vec![
        Violation::WrongLength { got: 212_992 },
        Violation::UnknownType { got: u16::MAX },
        Violation::MissingFd {
            kind: Kind::AddRegion,
        },
        Violation::SurplusFd {
            kind: Kind::Disconnect,
        },
        Violation::Unexpected {
            got: Kind::AddRegion,
            while_: State::AwaitingRing,
        },
        Violation::Unexpected {
            got: Kind::Connected,
            while_: State::AwaitingRegionAck,
        },
        Violation::Late {
            got: Kind::AddRegion,
        },
        Violation::AfterEnd {
            got: Kind::Connected,
        },
        Violation::HandshakeTimeout {
            while_: State::AwaitingRegion,
            after: Duration::from_millis(2500),
        },
        Violation::HandshakeTimeout {
            while_: State::AwaitingRegionAck,
            after: Duration::from_millis(2500),
        },
        Violation::Version {
            min: 0x0100,
            max: 0x01ff,
        },
        Violation::TooFewSlots { log2: 0 },
        Violation::RegionOutOfOrder {
            expected: u16::MAX,
            got: u16::MAX,
        },
        Violation::TooManyRegions { index, limit },
        Violation::EmptyRegion { index },
        Violation::TotalBytes {
            total: u64::MAX,
            limit: u64::MAX,
        },
        Violation::RingOutOfOrder {
            expected: other,
            got: ring,
        },
        Violation::RingIndex { ring, limit },
        Violation::RingRegion {
            ring,
            region,
            have: u16::MAX,
        },
        Violation::RingUnaligned {
            ring,
            offset: u32::MAX,
        },
        Violation::RingOutside {
            ring,
            offset: u32::MAX,
            need: 262_272,
            size: u64::MAX,
        },
        Violation::RingOverlap { ring, other },
        Violation::SlotCount {
            ring,
            log2: u8::MAX,
            max: 14,
        },
        Violation::PrivateHeader {
            ring,
            bytes: u16::MAX,
        },
        Violation::NoRing,
        Violation::NothingOffered,
        Refusal::Version { got: 0x0300 }.into(),
        Refusal::UnknownId { id: u32::MAX }.into(),
        Refusal::IdInUse { id: u32::MAX }.into(),
        Refusal::WrongMode {
            got: u8::MAX,
            expected: Mode::PuntInject,
        }
        .into(),
        Refusal::WrongMode {
            got: 1,
            expected: Mode::Ethernet,
        }
        .into(),
        Refusal::WrongSecret.into(),
        Refusal::Other("client is not allowed on this socket: uid 1000".to_owned()).into(),
    ]
}

#[test]
fn every_violation_reads_well() {
    let texts: Vec<String> = violations().iter().map(ToString::to_string).collect();
    let texts = texts.join("\n");
    insta::assert_snapshot!(texts);
}

#[test]
fn every_violation_fits_the_text_of_a_disconnect() {
    for text in violations().iter().map(ToString::to_string) {
        assert!(text.len() <= 95, "{} bytes: {text}", text.len());
    }
}

#[test]
fn every_text_names_the_end_at_fault_and_is_no_sentence() {
    for text in violations().iter().map(ToString::to_string) {
        let culprits = ["client", "server", "peer", "this client"];
        assert!(
            culprits.iter().any(|culprit| text.starts_with(culprit)),
            "{text}"
        );
        assert!(!text.ends_with('.'), "{text}");
    }
}

#[test]
fn the_callers_own_mistakes_read_well_too() {
    let texts = [
        Misuse::NotNow.to_string(),
        Misuse::BadOffer(Violation::NoRing).to_string(),
        NameError::TooLong {
            bytes: 40,
            limit: 31,
        }
        .to_string(),
        NameError::Nul { at: 3 }.to_string(),
        SecretError::TooLong { bytes: 25 }.to_string(),
        SecretError::Empty.to_string(),
        UnknownMode("token-ring".to_owned()).to_string(),
    ];
    let texts = texts.join("\n");
    insta::assert_snapshot!(texts);
}

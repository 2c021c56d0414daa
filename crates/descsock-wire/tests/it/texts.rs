//! The texts of violations and mistakes: they name the end at fault and carry the numbers.

use descsock_wire::{Did, End, Misuse, TextField, Violation};

/// Every violation.
fn violations() -> Vec<Violation> {
    let (client, agent) = (End::Client, End::Agent);
    let field = TextField::Length;
    vec![
        Violation::Magic {
            from: client,
            got: 0x5448_202f,
        },
        Violation::Magic {
            from: agent,
            got: 0,
        },
        Violation::Version {
            from: client,
            got: 3,
        },
        Violation::RequestType { got: 2 },
        Violation::RequestLength {
            kind: 5,
            got: u32::MAX,
            due: 1356,
        },
        Violation::EndlessText { limit: 512 },
        Violation::MissingField {
            due: TextField::Path,
        },
        Violation::MissingField {
            due: TextField::SvcIds,
        },
        Violation::SurplusLine,
        Violation::NoDigits { field },
        Violation::NotDecimal { field, byte: b'-' },
        Violation::NumberTooLarge {
            field,
            limit: u64::MAX,
        },
        Violation::EmptyPath,
        Violation::EmptyMapping,
        Violation::MappingTooLong {
            got: u64::MAX,
            limit: 4 << 30,
        },
        Violation::MappingBeyondAddresses {
            base: 0xffff_ffff_f000,
            length: 1 << 30,
        },
        Violation::Endpoints { got: 2, limit: 1 },
        Violation::Service {
            got: 16_384,
            limit: 16_383,
        },
        Violation::SecondRegistration,
        Violation::AnswerType { got: 5 },
        Violation::AnswerLength { got: 31, due: 32 },
        Violation::AnswerCode { got: 0 },
        Violation::AnswerService {
            got: 16_384,
            limit: 16_383,
        },
        Violation::Layout { got: 0x42 },
        Violation::DescriptorType {
            from: client,
            got: 1,
            due: 2,
        },
        Violation::DescriptorType {
            from: agent,
            got: 2,
            due: 1,
        },
        Violation::SplitFrame {
            from: client,
            sop: true,
            eop: false,
        },
        Violation::FrameLength {
            from: agent,
            got: 2049,
            least: 18,
        },
        Violation::EmptyBuffer {
            address: 0x7f00_0000_0000,
        },
        Violation::BelowMapping {
            address: 0xfff,
            base: 0x1000,
        },
        Violation::BeyondMapping {
            offset: 67_110_912,
            len: 2048,
            length: 67_112_959,
        },
    ]
}

#[test]
fn every_violation_reads_well() {
    let texts: Vec<_> = violations().iter().map(ToString::to_string).collect();
    let texts = texts.join("\n");
    insta::assert_snapshot!(texts);
}

#[test]
fn every_text_names_the_end_at_fault_and_is_no_sentence() {
    for text in violations().iter().map(ToString::to_string) {
        let named = ["client", "agent"].iter().any(|end| text.starts_with(end));
        assert!(named && !text.ends_with('.'), "{text}");
    }
}

#[test]
fn the_callers_own_mistakes_read_well_too() {
    let texts = [
        Misuse::PathTooLong {
            bytes: 1000,
            limit: 999,
        }
        .to_string(),
        Misuse::PathNewline { at: 6 }.to_string(),
        Misuse::NameTooLong {
            bytes: 64,
            limit: 63,
        }
        .to_string(),
        Misuse::NameInText { bytes: 4 }.to_string(),
        Misuse::TextTooLong {
            bytes: 513,
            limit: 512,
        }
        .to_string(),
        Misuse::MappingTooLong { length: 1 << 32 }.to_string(),
        Did::new(4096).expect_err("12 bits").to_string(),
    ];
    let texts = texts.join("\n");
    insta::assert_snapshot!(texts);
}

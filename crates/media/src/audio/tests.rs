use proptest::prelude::*;

use super::PacketTime::*;
use super::SampleRate::*;
use super::*;

fn stereo(rate: SampleRate, ptime: PacketTime) -> AudioFormat {
    AudioFormat {
        sample: SampleFormat::Pcm24,
        channels: 2,
        rate,
        ptime,
    }
}

/// Samples per packet of every pair that exists.
const TABLE: [(SampleRate, PacketTime, u32); 15] = [
    (Khz48, Ms1, 48),
    (Khz48, Us125, 6),
    (Khz48, Us250, 12),
    (Khz48, Us333, 16),
    (Khz48, Ms4, 192),
    (Khz48, Us80, 4),
    (Khz96, Ms1, 96),
    (Khz96, Us125, 12),
    (Khz96, Us250, 24),
    (Khz96, Us333, 32),
    (Khz96, Ms4, 384),
    (Khz96, Us80, 8),
    (Khz44_1, Ms1_09, 48),
    (Khz44_1, Ms0_14, 6),
    (Khz44_1, Ms0_09, 4),
];

#[test]
fn every_pair_of_the_table_has_its_samples_and_every_other_pair_is_refused() {
    for &rate in SampleRate::ALL {
        for &ptime in PacketTime::ALL {
            let row = TABLE.iter().find(|row| (row.0, row.1) == (rate, ptime));
            let samples = stereo(rate, ptime).samples_per_packet();
            match row {
                Some(row) => assert_eq!(samples, Ok(row.2), "{rate} {ptime}"),
                None => assert_eq!(samples, Err(FormatError::PacketTime { rate, ptime })),
            }
        }
    }
}

#[test]
fn a_packet_is_samples_times_channels_times_bytes() {
    for (rate, ptime, samples) in TABLE {
        for (sample, bytes) in SampleFormat::ALL.iter().zip(1_u64..) {
            let format = AudioFormat {
                sample: *sample,
                channels: 8,
                rate,
                ptime,
            };
            assert_eq!(
                format.packet_bytes(),
                Ok(u64::from(samples) * 8 * bytes),
                "{format}"
            );
        }
    }
}

#[test]
fn a_packet_time_of_another_rate_is_answered_with_those_that_exist() {
    let text = stereo(Khz44_1, Ms1).packet_bytes().unwrap_err().to_string();
    assert_eq!(
        text,
        "packet time 1ms does not exist at 44.1k: give one of 1.09ms, 0.14ms, 0.09ms"
    );
    let text = stereo(Khz48, Ms1_09)
        .packet_bytes()
        .unwrap_err()
        .to_string();
    assert!(
        text.ends_with("give one of 1ms, 125us, 250us, 333us, 4ms, 80us"),
        "{text}"
    );
}

#[test]
fn a_stream_without_channels_is_refused() {
    let silent = AudioFormat {
        channels: 0,
        ..stereo(Khz48, Ms1)
    };
    assert_eq!(silent.packet_bytes(), Err(FormatError::NoChannels));
}

#[test]
fn the_largest_packet_is_counted_exactly() {
    let format = AudioFormat {
        sample: SampleFormat::Am824,
        channels: u16::MAX,
        rate: Khz96,
        ptime: Ms4,
    };
    assert_eq!(format.packet_bytes(), Ok(384 * 65_535 * 4));
}

#[test]
fn packets_follow_the_samples_and_do_not_drift() {
    let interval = |rate, ptime, n| stereo(rate, ptime).packet_interval(n).unwrap();
    assert_eq!(interval(Khz48, Us333, 3000), Duration::from_secs(1));
    assert_eq!(interval(Khz48, Us80, 12_000), Duration::from_secs(1));
    assert_eq!(interval(Khz44_1, Ms0_14, 7350), Duration::from_secs(1));
}

#[test]
fn names_are_taken_in_any_case_and_with_units() {
    assert_eq!("PCM24".parse(), Ok(SampleFormat::Pcm24));
    assert_eq!("48000".parse(), Ok(Khz48));
    assert_eq!("44.1kHz".parse(), Ok(Khz44_1));
    assert_eq!("0.09MS".parse(), Ok(Ms0_09));
}

#[test]
fn an_unknown_name_is_answered_with_all_names() {
    let text = "32k".parse::<SampleRate>().unwrap_err().to_string();
    assert_eq!(text, "unknown sample rate \"32k\": one of 48k, 96k, 44.1k");
}

#[test]
fn what_is_no_audio_format_is_refused_with_an_example() {
    for text in [
        "",
        "pcm24 2 48k 1ms",
        "pcm24 70000ch 48k 1ms",
        "pcm24 2ch 48k 1ms x",
    ] {
        let error = text.parse::<AudioFormat>().unwrap_err().to_string();
        assert!(error.contains("\"pcm24 2ch 48k 1ms\""), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn a_printed_format_reads_back(
        sample in proptest::sample::select(SampleFormat::ALL), channels: u16,
        rate in proptest::sample::select(SampleRate::ALL),
        ptime in proptest::sample::select(PacketTime::ALL),
    ) {
        let format = AudioFormat { sample, channels, rate, ptime };
        prop_assert_eq!(format.to_string().parse(), Ok(format));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".*") {
        let _ = text.parse::<AudioFormat>();
    }
}

//! Audio packets as ST 2110-30 cuts them: which packet times exist, and how large a packet is.

mod names;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::FormatError;

pub use names::{PacketTime, SampleFormat, SampleRate};

/// What one packet of an audio stream is.
///
/// Prints and parses as `pcm24 2ch 48k 1ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AudioFormat {
    /// How one sample is stored.
    pub sample: SampleFormat,
    /// Samples taken at the same moment.
    pub channels: u16,
    /// Samples per second of each channel.
    pub rate: SampleRate,
    /// How much time one packet covers.
    pub ptime: PacketTime,
}

impl AudioFormat {
    /// Samples of each channel in one packet.
    ///
    /// # Errors
    /// When the packet time does not exist at this sample rate; the text lists those that do.
    pub fn samples_per_packet(&self) -> Result<u32, FormatError> {
        let Self { rate, ptime, .. } = *self;
        rate.samples_in(ptime)
            .ok_or(FormatError::PacketTime { rate, ptime })
    }

    /// The exact size of one packet in bytes.
    ///
    /// # Errors
    /// As [`samples_per_packet`](Self::samples_per_packet), and when there are no channels.
    pub fn packet_bytes(&self) -> Result<u64, FormatError> {
        if self.channels == 0 {
            return Err(FormatError::NoChannels);
        }
        let samples = u64::from(self.samples_per_packet()?) * u64::from(self.channels);
        Ok(samples * self.sample.bytes())
    }

    /// The time from the first packet (0) to the `n`th, exact to the nanosecond for every `n`.
    ///
    /// It follows the samples, not the packet time's name: 333us stands for 16/48000 s.
    ///
    /// # Errors
    /// As [`samples_per_packet`](Self::samples_per_packet).
    pub fn packet_interval(&self, n: u64) -> Result<Duration, FormatError> {
        let packets = crate::Rational::new(self.rate.hertz(), self.samples_per_packet()?)?;
        Ok(packets.time_of(n))
    }
}

impl SampleRate {
    /// Samples per second.
    pub fn hertz(self) -> u32 {
        match self {
            Self::Khz48 => 48_000,
            Self::Khz96 => 96_000,
            Self::Khz44_1 => 44_100,
        }
    }

    /// Samples of one channel in a packet that covers `ptime`; `None` when there is no such packet.
    pub fn samples_in(self, ptime: PacketTime) -> Option<u32> {
        let mut times = self.packet_times().iter();
        times.find_map(|(time, samples)| (*time == ptime).then_some(*samples))
    }

    /// The names of the packet times that exist at this rate, separated by commas.
    pub fn packet_time_names(self) -> String {
        let names: Vec<_> = self
            .packet_times()
            .iter()
            .map(|(time, _)| time.name())
            .collect();
        names.join(", ")
    }

    fn packet_times(self) -> &'static [(PacketTime, u32)] {
        use PacketTime::*;
        match self {
            Self::Khz48 => &[
                (Ms1, 48),
                (Us125, 6),
                (Us250, 12),
                (Us333, 16),
                (Ms4, 192),
                (Us80, 4),
            ],
            Self::Khz96 => &[
                (Ms1, 96),
                (Us125, 12),
                (Us250, 24),
                (Us333, 32),
                (Ms4, 384),
                (Us80, 8),
            ],
            Self::Khz44_1 => &[(Ms1_09, 48), (Ms0_14, 6), (Ms0_09, 4)],
        }
    }
}

impl SampleFormat {
    /// Bytes in one sample.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Pcm8 => 1,
            Self::Pcm16 => 2,
            Self::Pcm24 => 3,
            Self::Am824 => 4,
        }
    }
}

impl fmt::Display for AudioFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sample,
            channels,
            rate,
            ptime,
        } = self;
        write!(f, "{sample} {channels}ch {rate} {ptime}")
    }
}

impl FromStr for AudioFormat {
    type Err = FormatError;

    fn from_str(given: &str) -> Result<Self, FormatError> {
        let syntax = || FormatError::AudioSyntax {
            given: given.into(),
        };
        let words: Vec<_> = given.split_ascii_whitespace().collect();
        let [sample, channels, rate, ptime] = words[..] else {
            return Err(syntax());
        };
        let channels = channels
            .strip_suffix("ch")
            .and_then(|count| count.parse().ok());
        Ok(Self {
            sample: sample.parse()?,
            channels: channels.ok_or_else(syntax)?,
            rate: rate.parse()?,
            ptime: ptime.parse()?,
        })
    }
}

#[cfg(test)]
mod tests;

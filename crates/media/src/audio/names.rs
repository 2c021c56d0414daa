//! The names of sample formats, sample rates and packet times.

use std::fmt;
use std::str::FromStr;

use crate::error::FormatError;

/// Declares an enum whose variants have one printed name each, and aliases that parse too.
macro_rules! named {
    (
        $(#[$doc:meta])* $what:literal $kind:ident {
            $( $(#[$variant_doc:meta])* $variant:ident = $name:literal $(| $alias:literal)* ),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $kind { $( $(#[$variant_doc])* $variant ),+ }

        impl $kind {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name, as printed and parsed.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $kind {
            type Err = FormatError;

            fn from_str(given: &str) -> Result<Self, FormatError> {
                match given.to_ascii_lowercase().as_str() {
                    $($name $(| $alias)* => Ok(Self::$variant),)+
                    _ => Err(FormatError::UnknownAudio {
                        what: $what,
                        given: given.into(),
                        valid: [$($name),+].join(", "),
                    }),
                }
            }
        }
    };
}

named! {
    /// How one audio sample is stored.
    "sample format" SampleFormat {
        /// 8-bit linear, 1 byte.
        Pcm8 = "pcm8",
        /// 16-bit linear, 2 bytes.
        Pcm16 = "pcm16",
        /// 24-bit linear, 3 bytes.
        Pcm24 = "pcm24",
        /// An AES3 subframe (ST 2110-31), 4 bytes.
        Am824 = "am824",
    }
}

named! {
    /// Samples per second of each channel.
    "sample rate" SampleRate {
        /// 48,000 Hz.
        Khz48 = "48k" | "48000" | "48khz",
        /// 96,000 Hz.
        Khz96 = "96k" | "96000" | "96khz",
        /// 44,100 Hz.
        Khz44_1 = "44.1k" | "44100" | "44.1khz" | "44k",
    }
}

named! {
    /// How much time one packet covers. Which of them exist depends on the sample rate.
    "packet time" PacketTime {
        /// 1 ms, at 48 and 96 kHz.
        Ms1 = "1ms",
        /// 125 µs, at 48 and 96 kHz.
        Us125 = "125us",
        /// 250 µs, at 48 and 96 kHz.
        Us250 = "250us",
        /// 333 µs, at 48 and 96 kHz.
        Us333 = "333us",
        /// 4 ms, at 48 and 96 kHz.
        Ms4 = "4ms",
        /// 80 µs, at 48 and 96 kHz.
        Us80 = "80us",
        /// 1.09 ms, at 44.1 kHz.
        Ms1_09 = "1.09ms",
        /// 0.14 ms, at 44.1 kHz.
        Ms0_14 = "0.14ms",
        /// 0.09 ms, at 44.1 kHz.
        Ms0_09 = "0.09ms",
    }
}

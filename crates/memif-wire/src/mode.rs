//! What a link carries: the interface mode of INIT.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// What the frames of a link are, to the two ends. Both ends must say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Mode {
    /// Ethernet frames, and whatever else two peers agree on.
    #[default]
    Ethernet = 0,
    /// IP packets without a link-layer header.
    Ip = 1,
    /// Packets punted out of, and injected into, a forwarding graph.
    PuntInject = 2,
}

impl Mode {
    const ALL: [Mode; 3] = [Mode::Ethernet, Mode::Ip, Mode::PuntInject];

    /// The mode behind INIT's byte, if memif 2.0 knows it.
    pub fn from_wire(byte: u8) -> Option<Mode> {
        Mode::ALL.into_iter().find(|mode| mode.to_wire() == byte)
    }

    /// INIT's byte for this mode.
    pub fn to_wire(self) -> u8 {
        self as u8
    }

    fn word(self) -> &'static str {
        match self {
            Mode::Ethernet => "ethernet",
            Mode::Ip => "ip",
            Mode::PuntInject => "punt-inject",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Mode, UnknownMode> {
        let known = Mode::ALL.into_iter().find(|mode| mode.word() == text);
        known.ok_or_else(|| UnknownMode(text.into()))
    }
}

/// A word that names no [`Mode`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown mode {0:?}, known are ethernet, ip and punt-inject")]
pub struct UnknownMode(
    /// The word as it was given.
    pub String,
);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn every_mode_survives_its_text_and_its_byte() {
        for mode in Mode::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
            assert_eq!(Mode::from_wire(mode.to_wire()), Some(mode));
        }
    }

    #[test]
    fn an_unknown_word_is_named_in_the_error() {
        let error = "token-ring".parse::<Mode>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown mode \"token-ring\", known are ethernet, ip and punt-inject"
        );
    }

    #[test]
    fn a_byte_beyond_the_known_modes_is_no_mode() {
        assert_eq!(Mode::from_wire(3), None);
        assert_eq!(Mode::from_wire(255), None);
    }
}

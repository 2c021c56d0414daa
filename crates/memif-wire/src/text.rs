//! The fixed text fields of the wire, and the text of a DISCONNECT.
//!
//! A text is an array, read up to the first NUL; the array may lack one, and what stands behind it is padding.

use alloc::string::String;
use core::fmt;

const TEXT_LEN: usize = 96;

/// The text of a DISCONNECT: 96 bytes, at most 95 of them text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text([u8; TEXT_LEN]);

impl Text {
    /// The text, cut on a character boundary to the 95 bytes that leave room for a NUL.
    pub fn new(text: &str) -> Text {
        let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
        let end = ends.take_while(|end| *end < TEXT_LEN).last().unwrap_or(0);
        Text(padded(&text.as_bytes()[..end]))
    }

    /// The field as it came over the wire, judged by nobody.
    pub const fn from_bytes(bytes: [u8; TEXT_LEN]) -> Text {
        Text(bytes)
    }

    /// The field as it goes over the wire.
    pub const fn as_bytes(&self) -> &[u8; TEXT_LEN] {
        &self.0
    }

    /// The text up to the first NUL, made printable as [`Name::text`](crate::Name::text) does.
    pub fn text(&self) -> String {
        printable(&self.0)
    }
}

impl Default for Text {
    fn default() -> Text {
        Text([0; TEXT_LEN])
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({:?})", self.text())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

/// `text`, which must fit, at the start of a field of zeros.
pub(crate) fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[..text.len()].copy_from_slice(text);
    bytes
}

pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    &bytes[..end]
}

/// The text of a field, without anything that could steer a terminal.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let shown = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    String::from_utf8_lossy(until_nul(bytes))
        .chars()
        .map(shown)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_disconnect_text_is_cut_between_characters() {
        let text = Text::new(&"ü".repeat(60));
        assert_eq!(text.text(), "ü".repeat(47));
        assert_eq!(text.as_bytes()[94..], [0, 0]);
    }

    #[test]
    fn a_text_without_nul_is_text_to_its_end() {
        assert_eq!(Text::from_bytes([b't'; 96]).text(), "t".repeat(96));
    }

    #[test]
    fn a_text_ends_at_its_first_nul_whatever_stands_behind() {
        let mut bytes = [0xee; 96];
        bytes[..4].copy_from_slice(b"bye\0");
        assert_eq!(Text::from_bytes(bytes).text(), "bye");
    }
}

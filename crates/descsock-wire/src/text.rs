//! Paths and names as a client wrote them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The bytes of a path or a name, up to the first NUL of their field. They need not be UTF-8.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Vec<u8>);

impl Text {
    /// The text in a field, cut at its first NUL; the whole field if there is none.
    pub fn new(field: &[u8]) -> Text {
        let text = field.split(|&byte| byte == 0).next();
        Text(text.unwrap_or_default().to_vec())
    }

    /// The bytes, without NUL.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text to show. Bytes that are not UTF-8 and control characters become U+FFFD, so that a client cannot write
    /// to our terminal.
    pub fn printable(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        text.replace(char::is_control, "\u{fffd}")
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::new(text.as_bytes())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.printable())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text(\"{}\")", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_text_ends_at_the_first_nul_or_with_its_field() {
        assert_eq!(Text::new(b"tap\0garbage\0").as_bytes(), b"tap");
        assert_eq!(Text::new(b"full").as_bytes(), b"full");
        assert!(Text::new(b"\0garbage").is_empty());
        assert!(Text::new(b"").is_empty());
    }

    #[test]
    fn bytes_that_are_not_utf8_are_kept_and_shown_harmlessly() {
        let text = Text::new(b"/t\xff\x1b[2J");
        assert_eq!(text.as_bytes(), b"/t\xff\x1b[2J");
        assert_eq!(text.to_string(), "/t\u{fffd}\u{fffd}[2J");
        assert_eq!(format!("{text:?}"), r#"Text("/t\xff\x1b[2J")"#);
    }
}

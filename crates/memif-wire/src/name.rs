//! Names of peers and interfaces. A [`Name`] keeps all 32 bytes of its field, because a [`Tag`] of ours may stand
//! behind the NUL.

use alloc::string::String;
use core::fmt;

use crate::tag::{TAG_LEN, Tag};
use crate::text::{padded, printable, until_nul};

const NAME_LEN: usize = 32;
const TAG_AT: usize = NAME_LEN - TAG_LEN;

/// The name of a peer or of an interface: 32 bytes, at most 31 of them text.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Name([u8; NAME_LEN]);

impl Name {
    /// A name of at most 31 bytes without NUL; it may be empty.
    ///
    /// # Errors
    /// [`NameError`] says how long the text may be or where its NUL is.
    pub fn new(text: &str) -> Result<Name, NameError> {
        let bytes = text.len();
        if bytes > NAME_LEN - 1 {
            return Err(NameError::TooLong {
                bytes,
                limit: NAME_LEN - 1,
            });
        }
        if let Some(at) = text.bytes().position(|byte| byte == 0) {
            return Err(NameError::Nul { at });
        }
        Ok(Name(padded(text.as_bytes())))
    }

    /// The field as it came over the wire, judged by nobody.
    pub const fn from_bytes(bytes: [u8; NAME_LEN]) -> Name {
        Name(bytes)
    }

    /// The field as it goes over the wire.
    pub const fn as_bytes(&self) -> &[u8; NAME_LEN] {
        &self.0
    }

    /// The text up to the first NUL. Bytes that are not UTF-8 and control characters become U+FFFD, so that a peer
    /// cannot write to our terminal.
    pub fn text(&self) -> String {
        printable(&self.0)
    }

    /// The same name with `tag` behind its NUL.
    ///
    /// # Errors
    /// [`NameError::TooLong`] if the text is longer than the 15 bytes that a tag leaves.
    pub fn with_tag(self, tag: Tag) -> Result<Name, NameError> {
        let text = until_nul(&self.0);
        if text.len() > TAG_AT - 1 {
            return Err(NameError::TooLong {
                bytes: text.len(),
                limit: TAG_AT - 1,
            });
        }
        let mut bytes: [u8; NAME_LEN] = padded(text);
        bytes[TAG_AT..].copy_from_slice(&tag.to_bytes());
        Ok(Name(bytes))
    }

    /// The tag behind the NUL, if a peer of our own put one there.
    pub fn tag(&self) -> Option<Tag> {
        if until_nul(&self.0).len() >= TAG_AT {
            return None;
        }
        let (_, tag) = self.0.split_last_chunk()?;
        Tag::from_bytes(*tag)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tag() {
            Some(tag) => write!(f, "Name({:?}, {tag:?})", self.text()),
            None => write!(f, "Name({:?})", self.text()),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

/// A text that is no [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Longer than the field, or than the part of it that a tag leaves.
    #[error("name has {bytes} bytes, at most {limit} fit")]
    TooLong {
        /// Bytes of the text.
        bytes: usize,
        /// Bytes that fit.
        limit: usize,
    },
    /// A NUL would cut the name short at the other end.
    #[error("name has a NUL at byte {at}")]
    Nul {
        /// Where the NUL is.
        at: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::Features;

    const TAG: Tag = Tag {
        features: Features::TRAILER,
        frame_capacity: 33_177_600,
    };

    #[test]
    fn a_name_holds_31_bytes_and_refuses_the_32nd() {
        let longest = "a".repeat(31);
        assert_eq!(Name::new(&longest).unwrap().text(), longest);
        assert_eq!(
            Name::new(&"a".repeat(32)),
            Err(NameError::TooLong {
                bytes: 32,
                limit: 31
            })
        );
    }

    #[test]
    fn a_nul_inside_a_name_is_refused_with_its_place() {
        assert_eq!(Name::new("ca\0m"), Err(NameError::Nul { at: 2 }));
    }

    #[test]
    fn a_tagged_name_keeps_its_text_and_shows_its_tag() {
        let name = Name::new("fifteen bytes k").unwrap().with_tag(TAG).unwrap();
        assert_eq!(
            (name.text().as_str(), name.tag()),
            ("fifteen bytes k", Some(TAG))
        );
    }

    #[test]
    fn a_name_that_leaves_no_room_for_a_tag_is_refused_one() {
        let name = Name::new("sixteen bytes no").unwrap();
        assert_eq!(
            name.with_tag(TAG),
            Err(NameError::TooLong {
                bytes: 16,
                limit: 15
            })
        );
    }

    #[test]
    fn a_foreign_name_that_fills_the_field_has_no_tag() {
        let mut bytes = [b'x'; 32];
        bytes[16..].copy_from_slice(&TAG.to_bytes());
        assert_eq!(Name::from_bytes(bytes).tag(), None);
        bytes[15] = 0;
        assert_eq!(Name::from_bytes(bytes).tag(), Some(TAG));
    }

    #[test]
    fn a_name_without_nul_is_text_to_its_end() {
        assert_eq!(Name::from_bytes([b'n'; 32]).text(), "n".repeat(32));
    }

    #[test]
    fn what_a_peer_writes_cannot_steer_a_terminal() {
        let mut bytes = [0; 32];
        bytes[..7].copy_from_slice(b"\x1b[2J\xff\r\n");
        assert_eq!(
            Name::from_bytes(bytes).text(),
            "\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}"
        );
    }
}

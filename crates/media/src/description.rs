//! The description that comes with every frame, read only when it changes.

use std::sync::Arc;

use crate::trailer::caps_text;
use crate::{Caps, TrailerFault};

/// A description as it was sent, and what it means.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) text: String,
    /// `None` when it is of a kind that this side does not know.
    pub(crate) caps: Option<Caps>,
}

/// Remembers the description of the last frame.
#[derive(Debug, Default)]
pub(crate) struct Descriptions(Option<Arc<Description>>);

impl Descriptions {
    /// What these bytes say; none when there are none.
    pub(crate) fn look_up(
        &mut self,
        bytes: &[u8],
    ) -> Result<Option<Arc<Description>>, TrailerFault> {
        if bytes.is_empty() {
            return Ok(None);
        }
        match &self.0 {
            Some(last) if last.text.as_bytes() == bytes => {}
            _ => self.0 = Some(Arc::new(Description::read(caps_text(bytes)?))),
        }
        Ok(self.0.clone())
    }
}

impl Description {
    fn read(text: &str) -> Self {
        let (text, caps) = (text.to_owned(), text.parse().ok());
        Self { text, caps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAY: &[u8] = b"video/raw format=gray width=4 height=2 fps=25/1";

    #[test]
    fn the_same_text_is_read_once() {
        let mut descriptions = Descriptions::default();
        let first = descriptions.look_up(GRAY).unwrap().unwrap();
        assert!(matches!(first.caps, Some(Caps::Video(_))));
        assert!(descriptions.look_up(b"").unwrap().is_none());
        let again = descriptions.look_up(GRAY).unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &again));
    }

    #[test]
    fn a_kind_that_is_not_known_is_text_without_meaning() {
        let found = Descriptions::default().look_up(b"smell/raw rose").unwrap();
        let found = found.unwrap();
        assert_eq!((&*found.text, &found.caps), ("smell/raw rose", &None));
    }

    #[test]
    fn bytes_that_are_no_text_are_a_fault_and_not_remembered() {
        let mut descriptions = Descriptions::default();
        for _ in 0..2 {
            let fault = descriptions.look_up(b"\xff").unwrap_err();
            assert_eq!(fault, TrailerFault::CapsText { at: 0 });
        }
    }
}

//! Caps as the text that goes behind a frame, made without allocating.

use std::fmt::{self, Write as _};

use crate::{Caps, CapsTooLong, MAX_CAPS};

/// One text, in private memory: it may be another for every frame.
pub(crate) struct CapsLine {
    bytes: [u8; MAX_CAPS],
    len: usize,
}

impl CapsLine {
    pub(crate) fn new(caps: &Caps) -> Result<Self, CapsTooLong> {
        let bytes = [0; MAX_CAPS];
        let mut line = Self { bytes, len: 0 };
        match write!(line, "{caps}") {
            Ok(()) => Ok(line),
            Err(_) => Err(CapsTooLong {
                len: caps.to_string().len(),
            }),
        }
    }

    pub(crate) fn text(&self) -> &str {
        // Only whole texts were put in.
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl fmt::Write for CapsLine {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn y4m(padding: usize) -> Caps {
        let header = format!("YUV4MPEG2 W2 H2 Cmono X{}", "x".repeat(padding));
        format!("video/y4m {header}\nFRAME Ip").parse().unwrap()
    }

    #[test]
    fn a_description_is_made_up_to_the_longest_that_fits() {
        let rest = y4m(0).to_string().len();
        let line = CapsLine::new(&y4m(MAX_CAPS - rest)).unwrap();
        assert_eq!(line.text(), y4m(MAX_CAPS - rest).to_string());
        let error = CapsLine::new(&y4m(MAX_CAPS - rest + 1)).err();
        assert_eq!(error, Some(CapsTooLong { len: MAX_CAPS + 1 }));
    }
}

//! Bytes in hexadecimal and as text, sixteen to a line, as `tcpdump -XX` prints them.

use std::fmt;

const PER_LINE: usize = 16;

/// Prints lines such as `0x0010:  0032 0000 0000 4011 ad9c c612 0001 c612  .2....@.........`,
/// each ended by a newline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (row, bytes) in self.0.chunks(PER_LINE).enumerate() {
            write!(f, "\t0x{:04x}:  ", row * PER_LINE)?;
            for at in 0..PER_LINE {
                match bytes.get(at) {
                    Some(byte) => write!(f, "{byte:02x}")?,
                    None => f.write_str("  ")?,
                }
                if at % 2 == 1 {
                    f.write_str(" ")?;
                }
            }
            f.write_str(" ")?;
            for &byte in bytes {
                let printable = byte == b' ' || byte.is_ascii_graphic();
                write!(f, "{}", if printable { char::from(byte) } else { '.' })?;
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_offset_pairs_and_text() {
        let bytes: Vec<u8> = (0x38..0x4b).collect();
        assert_eq!(
            Hex(&bytes).to_string(),
            "\t0x0000:  3839 3a3b 3c3d 3e3f 4041 4243 4445 4647  89:;<=>?@ABCDEFG\n\
             \t0x0010:  4849 4a                                  HIJ\n"
        );
    }

    #[test]
    fn what_cannot_be_printed_is_a_dot() {
        assert!(
            Hex(&[0x0a, 0x41, 0x7f, 0x20])
                .to_string()
                .ends_with("  .A. \n")
        );
        assert_eq!(Hex(&[]).to_string(), "");
    }
}

//! How many frames there are in a stream of pcapng.
//!
//! ```text
//!   block: type u32 │ length u32, of the whole block │ … │ length u32      type 6: a frame
//! ```

/// The type of a block with a frame: the enhanced packet block.
const FRAME: u32 = 6;

/// Counts blocks as they pass by, wherever the stream is cut.
#[derive(Debug, Default)]
pub(super) struct Frames {
    count: u64,
    head: Vec<u8>,
    /// Bytes of the block that are still to come.
    rest: usize,
}

impl Frames {
    /// Frames that have begun so far.
    pub(super) fn count(&mut self, mut bytes: &[u8]) -> u64 {
        while !bytes.is_empty() {
            let skipped = self.rest.min(bytes.len());
            self.rest -= skipped;
            bytes = &bytes[skipped..];
            let wanted = (8 - self.head.len()).min(bytes.len());
            self.head.extend_from_slice(&bytes[..wanted]);
            bytes = &bytes[wanted..];
            if let [a, b, c, d, e, f, g, h] = self.head[..] {
                self.count += u64::from(u32::from_ne_bytes([a, b, c, d]) == FRAME);
                // A length below that of the head is no pcapng; then nothing more is counted rightly.
                self.rest = (u32::from_ne_bytes([e, f, g, h]) as usize).saturating_sub(8);
                self.head.clear();
            }
        }
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_wherever_the_stream_is_cut() {
        let mut stream = Vec::new();
        for (kind, length) in [
            (0x0A0D_0D0A_u32, 28_u32),
            (1, 20),
            (6, 96),
            (6, 32),
            (1, 20),
            (6, 33),
        ] {
            let block = [kind.to_ne_bytes(), length.to_ne_bytes()].concat();
            stream.extend(block);
            stream.resize(stream.len() + length as usize - 8, 6);
        }
        for cut in 1..40 {
            let mut frames = Frames::default();
            let last = stream.chunks(cut).map(|piece| frames.count(piece)).last();
            assert_eq!(last, Some(3), "pieces of {cut}");
        }
    }
}

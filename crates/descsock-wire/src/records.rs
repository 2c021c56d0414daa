//! Whole records of a fixed size out of a stream that is cut anywhere.

/// Gathers records of `N` bytes: 8 for empties and completions, 32 for laden descriptors, 280 for an answer.
///
/// ```
/// # use descsock_wire::Records;
/// let mut records = Records::<8>::new();
/// let (mut first, mut second) = (&b"one     tw"[..], &b"o     "[..]);
/// assert_eq!(records.next(&mut first), Some(*b"one     "));
/// assert_eq!(records.next(&mut first), None);
/// assert_eq!(records.next(&mut second), Some(*b"two     "));
/// ```
#[derive(Clone, Debug)]
pub struct Records<const N: usize> {
    partial: [u8; N],
    /// Bytes of `partial` that have come, fewer than `N`.
    held: usize,
}

impl<const N: usize> Records<N> {
    /// At the start of a stream, or wherever a record begins.
    pub const fn new() -> Records<N> {
        const { assert!(N > 0, "a record has bytes") };
        Records {
            partial: [0; N],
            held: 0,
        }
    }

    /// The next record of the stream whose newest bytes are `bytes`, and takes the bytes from there.
    ///
    /// `None` when there is no whole record left: then `bytes` is empty, what was left is held, and the next call brings
    /// the bytes that follow. Until then a caller may stop at any record and go on with the same `bytes` later.
    #[inline]
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<[u8; N]> {
        if self.held > 0 {
            return self.join(bytes);
        }
        match bytes.split_first_chunk::<N>() {
            Some((record, rest)) => {
                *bytes = rest;
                Some(*record)
            }
            None => self.join(bytes),
        }
    }

    /// Bytes held of a record that is not whole, fewer than `N`: at the end of a stream, whether it broke off.
    pub const fn held(&self) -> usize {
        self.held
    }

    /// Those bytes: fed to new [`Records`], they make it go on in the middle of a record.
    pub fn partial(&self) -> &[u8] {
        self.partial.get(..self.held).unwrap_or_default()
    }

    #[cold]
    fn join(&mut self, bytes: &mut &[u8]) -> Option<[u8; N]> {
        let (_, missing) = self.partial.split_at_mut(self.held);
        let (taken, rest) = bytes.split_at(missing.len().min(bytes.len()));
        let (place, still_missing) = missing.split_at_mut(taken.len());
        place.copy_from_slice(taken);
        *bytes = rest;
        if still_missing.is_empty() {
            self.held = 0;
            return Some(self.partial);
        }
        self.held += taken.len();
        None
    }
}

impl<const N: usize> Default for Records<N> {
    fn default() -> Records<N> {
        Records::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_in_single_bytes_comes_with_its_last_byte() {
        let mut records = Records::<8>::new();
        for (held, byte) in (1..8).zip(b"abcdefg") {
            assert_eq!(records.next(&mut &[*byte][..]), None);
            assert_eq!(records.held(), held);
        }
        assert_eq!(records.next(&mut &b"h"[..]), Some(*b"abcdefgh"));
        assert_eq!(records.held(), 0);
    }

    #[test]
    fn a_caller_may_stop_between_records_and_lose_nothing() {
        let mut records = Records::<2>::new();
        let mut bytes = &b"aabbc"[..];
        assert_eq!(records.next(&mut bytes), Some(*b"aa"));
        assert_eq!((bytes, records.held()), (&b"bbc"[..], 0));
        assert_eq!(records.next(&mut bytes), Some(*b"bb"));
        assert_eq!(records.next(&mut bytes), None);
        assert_eq!((bytes, records.held()), (&b""[..], 1));
    }

    #[test]
    fn another_goes_on_with_the_bytes_of_a_record_that_is_not_whole() {
        let (mut first, mut second) = (Records::<4>::new(), Records::<4>::new());
        assert_eq!(first.next(&mut &b"wholehal"[..]), Some(*b"whol"));
        assert_eq!(first.partial(), b"");
        assert_eq!(first.next(&mut &b"ehal"[..]), Some(*b"ehal"));
        assert_eq!(first.next(&mut &b"ha"[..]), None);
        assert_eq!(second.next(&mut first.partial()), None);
        assert_eq!(second.next(&mut &b"lf"[..]), Some(*b"half"));
    }

    #[test]
    fn nothing_fed_changes_nothing() {
        let mut records = Records::<32>::new();
        assert_eq!(records.next(&mut &b""[..]), None);
        assert_eq!(records.next(&mut &b"x"[..]), None);
        assert_eq!(records.next(&mut &b""[..]), None);
        assert_eq!(records.held(), 1);
    }
}

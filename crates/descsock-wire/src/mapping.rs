//! From the client's addresses to offsets in its file.
//!
//! ```text
//! client:   base                    address           base + length
//!             |------- offset --------|--- len ---|         |
//! file:       0                     offset                length
//! ```
//!
//! Source: the descsock wire, rules that keep old clients alive.

use crate::{Buffer, Limits, Violation};

/// One past the highest address a descriptor can name.
const ADDRESSES: u64 = 1 << 48;

/// Where a client has its file in memory: `length` bytes from `base` on, and the file from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mapping {
    base: u64,
    length: u64,
}

/// Bytes that lie within a [`Mapping`], as a piece of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileSpan {
    offset: u64,
    len: u16,
}

impl Mapping {
    /// The mapping a client announces. Neither number need be a multiple of a page.
    ///
    /// # Errors
    /// [`Violation::EmptyMapping`] without bytes, [`Violation::MappingBeyondAddresses`] if no descriptor could name its
    /// last byte.
    pub fn new(base: u64, length: u64) -> Result<Mapping, Violation> {
        if length == 0 {
            return Err(Violation::EmptyMapping);
        }
        match base.checked_add(length) {
            Some(end) if end <= ADDRESSES => Ok(Mapping { base, length }),
            _ => Err(Violation::MappingBeyondAddresses { base, length }),
        }
    }

    /// The same, with at most the bytes that `limits` allow.
    pub(crate) fn within(base: u64, length: u64, limits: &Limits) -> Result<Mapping, Violation> {
        if length > limits.mapping_bytes {
            return Err(Violation::MappingTooLong {
                got: length,
                limit: limits.mapping_bytes,
            });
        }
        Mapping::new(base, length)
    }

    /// The client's address of the file's first byte.
    pub const fn base(self) -> u64 {
        self.base
    }

    /// Bytes of the mapping.
    pub const fn length(self) -> u64 {
        self.length
    }

    /// The part of the mapping that a file of `bytes` bytes backs, for a file shorter than announced. Nothing lies
    /// within a mapping that was cut to 0 bytes.
    #[must_use]
    pub fn cut_to(self, bytes: u64) -> Mapping {
        Mapping {
            base: self.base,
            length: self.length.min(bytes),
        }
    }

    /// Where a buffer lies in the file.
    ///
    /// # Errors
    /// [`Violation::EmptyBuffer`] without bytes, [`Violation::BelowMapping`] before the mapping,
    /// [`Violation::BeyondMapping`] if it ends behind it.
    #[inline]
    pub fn locate(self, buffer: Buffer) -> Result<FileSpan, Violation> {
        let (address, len, base) = (buffer.address(), buffer.len(), self.base);
        if len == 0 {
            return Err(Violation::EmptyBuffer { address });
        }
        let Some(offset) = address.checked_sub(base) else {
            return Err(Violation::BelowMapping { address, base });
        };
        // Both are below 2^48 and 2^16: the sum does not wrap.
        if offset + u64::from(len) > self.length {
            return Err(Violation::BeyondMapping {
                offset,
                len,
                length: self.length,
            });
        }
        Ok(FileSpan { offset, len })
    }

    /// The way back, for a client: the buffer of `len` bytes at `offset` in the file.
    ///
    /// Returns `None` unless it has at least one byte and lies within the mapping.
    #[inline]
    pub fn buffer(self, offset: u64, len: u16) -> Option<Buffer> {
        let address = self.base.checked_add(offset)?;
        let buffer = Buffer::new(address, len).ok()?;
        self.locate(buffer).is_ok().then_some(buffer)
    }
}

impl FileSpan {
    /// Bytes from the beginning of the file.
    #[inline]
    pub const fn offset(self) -> u64 {
        self.offset
    }

    /// Its bytes, at least one; offset and length together do not exceed the mapping.
    #[inline]
    #[expect(clippy::len_without_is_empty, reason = "a span has at least one byte")]
    pub const fn len(self) -> u16 {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(base: u64, length: u64) -> Mapping {
        Mapping::new(base, length).expect("a mapping")
    }

    fn located(mapping: Mapping, address: u64, len: u16) -> Result<(u64, u16), Violation> {
        let buffer = Buffer::new(address, len).expect("an address of 48 bits");
        let span = mapping.locate(buffer)?;
        Ok((span.offset(), span.len()))
    }

    #[test]
    fn a_buffer_is_found_from_the_first_byte_to_the_last() {
        let mapping = mapping(0x10_0000, 67_112_959);
        assert_eq!(located(mapping, 0x10_0000, 2048), Ok((0, 2048)));
        let last = 0x10_0000 + 67_112_959 - 2048;
        assert_eq!(located(mapping, last, 2048), Ok((67_110_911, 2048)));
        assert_eq!(
            located(mapping, last + 1, 2048),
            Err(Violation::BeyondMapping {
                offset: 67_110_912,
                len: 2048,
                length: 67_112_959
            })
        );
    }

    #[test]
    fn a_buffer_before_the_mapping_is_refused() {
        let (address, base) = (0xf_ffff, 0x10_0000);
        let refused = Err(Violation::BelowMapping { address, base });
        assert_eq!(located(mapping(base, 4096), address, 64), refused);
    }

    #[test]
    fn a_buffer_without_bytes_is_refused() {
        let refused = Err(Violation::EmptyBuffer { address: 0x10_0000 });
        assert_eq!(located(mapping(0x10_0000, 4096), 0x10_0000, 0), refused);
    }

    #[test]
    fn a_shorter_file_cuts_the_mapping_and_a_longer_one_does_not() {
        let mapping = mapping(0x10_0000, 8192);
        assert!(located(mapping.cut_to(4096), 0x10_0000 + 2048, 2048).is_ok());
        assert!(located(mapping.cut_to(4095), 0x10_0000 + 2048, 2048).is_err());
        assert!(located(mapping.cut_to(0), 0x10_0000, 1).is_err());
        assert_eq!(mapping.cut_to(u64::MAX), mapping);
    }

    #[test]
    fn a_mapping_ends_where_addresses_of_48_bits_end() {
        assert!(Mapping::new(ADDRESSES - 4096, 4096).is_ok());
        for (base, length) in [
            (ADDRESSES - 4096, 4097),
            (u64::MAX, 1),
            (u64::MAX, u64::MAX),
        ] {
            let refused = Err(Violation::MappingBeyondAddresses { base, length });
            assert_eq!(Mapping::new(base, length), refused);
        }
        assert_eq!(Mapping::new(4096, 0), Err(Violation::EmptyMapping));
    }
}

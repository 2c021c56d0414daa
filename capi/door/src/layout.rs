//! Structures as C programs have them.

use std::ffi::c_char;

/// The text of a field of C characters, up to its NUL; `None` when there is none.
pub fn text(field: &[c_char]) -> Option<Vec<u8>> {
    let end = field.iter().position(|&character| character == 0)?;
    Some(field[..end].iter().map(|one| one.cast_unsigned()).collect())
}

/// Proves at compile time that a structure has this size, and its fields these offsets, in bytes:
/// `layout!(Kind, 8: first 0, second 4);`
#[macro_export]
macro_rules! layout {
    ($kind:ident, $size:literal: $($field:ident $offset:literal),*) => {
        const _: () = assert!(::std::mem::size_of::<$kind>() == $size);
        $( const _: () = assert!(::std::mem::offset_of!($kind, $field) == $offset); )*
    };
}

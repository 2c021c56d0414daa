//! The shared secret of INIT: 24 bytes that only the server checks.

use core::fmt;
use core::hint::black_box;

const SECRET_LEN: usize = 24;

/// A secret as INIT carries it, padded with zeros. Comparing takes the same time wherever two secrets differ.
#[derive(Clone, Copy)]
pub struct Secret([u8; SECRET_LEN]);

impl Secret {
    /// What a client without a secret sends.
    pub const NONE: Secret = Secret([0; SECRET_LEN]);

    /// A secret of 1 to 24 bytes.
    ///
    /// # Errors
    /// [`SecretError`] if it is too long, or empty, which would let everybody in.
    pub fn new(bytes: &[u8]) -> Result<Secret, SecretError> {
        let mut secret = [0; SECRET_LEN];
        let field = secret
            .get_mut(..bytes.len())
            .ok_or(SecretError::TooLong { bytes: bytes.len() })?;
        field.copy_from_slice(bytes);
        if Secret(secret) == Secret::NONE {
            return Err(SecretError::Empty);
        }
        Ok(Secret(secret))
    }

    /// The field as it came over the wire, judged by nobody.
    pub const fn from_bytes(bytes: [u8; SECRET_LEN]) -> Secret {
        Secret(bytes)
    }

    /// The field as it goes over the wire.
    pub const fn as_bytes(&self) -> &[u8; SECRET_LEN] {
        &self.0
    }

    /// Whether `presented`, a field filled by a peer, shows this secret.
    ///
    /// C clients copy a string into the field and leave what their heap held behind its NUL; so the bytes behind the
    /// first NUL of `presented` count only if this secret has a NUL inside. Both readings are compared in full.
    pub fn accepts(&self, presented: &Secret) -> bool {
        let as_bytes = *self == *presented;
        let as_string = *self == presented.until_nul();
        as_bytes | as_string
    }

    fn until_nul(&self) -> Secret {
        let mut keep = 0xff;
        Secret(self.0.map(|byte| {
            keep &= if black_box(byte) == 0 { 0 } else { 0xff };
            byte & keep
        }))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        let differing = self
            .0
            .iter()
            .zip(&other.0)
            .fold(0, |seen, (ours, theirs)| black_box(seen | (ours ^ theirs)));
        differing == 0
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Bytes that are no [`Secret`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Longer than INIT's field.
    #[error("secret has {bytes} bytes, at most 24 fit")]
    TooLong {
        /// Bytes of the secret.
        bytes: usize,
    },
    /// Nothing but NULs, which is what a client without a secret sends.
    #[error("secret is empty, which would let everybody in; leave it out to ask for none")]
    Empty,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn with_garbage(text: &[u8]) -> Secret {
        let mut bytes = [0xa5; SECRET_LEN];
        bytes[..text.len()].copy_from_slice(text);
        bytes[text.len()] = 0;
        Secret::from_bytes(bytes)
    }

    #[test]
    fn a_secret_holds_24_bytes_and_refuses_the_25th() {
        assert_eq!(Secret::new(&[7; 24]).unwrap().as_bytes(), &[7; 24]);
        assert_eq!(
            Secret::new(&[7; 25]),
            Err(SecretError::TooLong { bytes: 25 })
        );
    }

    #[test]
    fn an_empty_secret_is_refused_because_it_would_admit_everybody() {
        assert_eq!(Secret::new(b""), Err(SecretError::Empty));
        assert_eq!(Secret::new(&[0; 24]), Err(SecretError::Empty));
    }

    #[test]
    fn secrets_differ_in_any_single_byte() {
        let secret = Secret::new(&[7; 24]).unwrap();
        for at in 0..SECRET_LEN {
            let mut other = [7; 24];
            other[at] ^= 0x80;
            assert_ne!(secret, Secret::from_bytes(other));
            assert!(!secret.accepts(&Secret::from_bytes(other)));
        }
    }

    #[test]
    fn heap_garbage_behind_the_nul_of_a_c_client_is_ignored() {
        let secret = Secret::new(b"open sesame").unwrap();
        assert!(secret.accepts(&with_garbage(b"open sesame")));
        assert!(!secret.accepts(&with_garbage(b"open sesam")));
        assert!(!secret.accepts(&with_garbage(b"open sesame!")));
        assert!(!secret.accepts(&with_garbage(b"")));
    }

    #[test]
    fn a_secret_with_a_nul_inside_is_compared_to_its_last_byte() {
        let secret = Secret::new(b"ab\0cd").unwrap();
        assert!(secret.accepts(&Secret::new(b"ab\0cd").unwrap()));
        assert!(!secret.accepts(&Secret::new(b"ab\0ce").unwrap()));
        assert!(!secret.accepts(&Secret::new(b"ab").unwrap()));
    }

    #[test]
    fn debug_output_hides_the_secret() {
        assert_eq!(
            format!("{:?}", Secret::new(b"open sesame").unwrap()),
            "Secret(..)"
        );
    }
}

//! Where a server listens: a socket file, or an abstract name.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::str::FromStr;

use rustix::net::SocketAddrUnix;

/// The longest address in bytes: `sun_path` has 108, of which a path needs one for the NUL that
/// ends it, a name one for the NUL that starts it.
const LIMIT: usize = 107;

/// The prefixes of an abstract name: ours and libmemif's, then VPP's.
const ABSTRACT: [&[u8]; 2] = [b"@", b"abstract:"];

/// The address of a memif socket.
///
/// As text: `@name` or `abstract:name` is an abstract name, anything else is a path. A path that
/// starts like an abstract name is written with `./` in front.
///
/// ```text
/// /run/cam.sock    a file; its owner and mode say who may connect
/// @cam             abstract: no file, nothing to clean up, anybody of this network namespace
/// abstract:cam     may connect
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// The path of a socket file, at most 107 bytes.
    Path(PathBuf),
    /// An abstract name, without the NUL in front, at most 107 bytes.
    Abstract(Vec<u8>),
}

impl Address {
    /// Reads an address as a user writes it; for paths that may not be UTF-8. For the others
    /// there is [`str::parse`].
    ///
    /// # Errors
    /// The address is empty, too long, contains a NUL or names a directory.
    pub fn parse(text: impl AsRef<OsStr>) -> Result<Address, AddressError> {
        let text = text.as_ref();
        let name = ABSTRACT
            .iter()
            .find_map(|prefix| text.as_bytes().strip_prefix(*prefix));
        let address = match name {
            Some(name) => Address::Abstract(name.to_vec()),
            None => Address::Path(PathBuf::from(text)),
        };
        address.check()?;
        Ok(address)
    }

    /// The kernel's form: a path with its NUL, or a NUL and the name without one behind it.
    pub(crate) fn to_sockaddr(&self) -> Result<SocketAddrUnix, AddressError> {
        self.check()?;
        let made = match self {
            Address::Path(path) => SocketAddrUnix::new(path),
            Address::Abstract(name) => SocketAddrUnix::new_abstract_name(name),
        };
        made.map_err(|_| self.too_long())
    }

    fn check(&self) -> Result<(), AddressError> {
        let bytes = self.bytes();
        match bytes {
            [] => Err(AddressError::Empty),
            _ if bytes.contains(&0) => Err(AddressError::ContainsNul),
            _ if bytes.len() > LIMIT => Err(self.too_long()),
            [.., b'/'] if matches!(self, Address::Path(_)) => Err(AddressError::Directory),
            _ => Ok(()),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Address::Path(path) => path.as_os_str().as_bytes(),
            Address::Abstract(name) => name,
        }
    }

    fn too_long(&self) -> AddressError {
        let length = self.bytes().len();
        match self {
            Address::Path(_) => AddressError::PathTooLong { length },
            Address::Abstract(_) => AddressError::NameTooLong { length },
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        Address::parse(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.bytes());
        let looks_abstract = ABSTRACT
            .iter()
            .any(|prefix| self.bytes().starts_with(prefix));
        match self {
            Address::Abstract(_) => write!(f, "@{text}"),
            Address::Path(_) if looks_abstract => write!(f, "./{text}"),
            Address::Path(_) => f.write_str(&text),
        }
    }
}

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// There is nothing, or nothing behind the `@`.
    #[error("the socket address is empty: give a path, or @name for an abstract name")]
    Empty,
    /// There is a NUL byte inside.
    #[error("the socket address contains a NUL byte")]
    ContainsNul,
    /// The path ends in a slash.
    #[error("the socket path ends in a slash: name a file inside that directory")]
    Directory,
    /// The path does not fit a socket address.
    #[error(
        "the socket path has {length} bytes, the limit is {LIMIT} bytes: \
         use a shorter directory, or an abstract name (@name)"
    )]
    PathTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The abstract name does not fit a socket address.
    #[error("the abstract socket name has {length} bytes, the limit is {LIMIT} bytes")]
    NameTooLong {
        /// Its length in bytes, without the prefix.
        length: usize,
    },
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn parsed(text: &str) -> Address {
        text.parse().expect(text)
    }

    #[test]
    fn both_spellings_mean_the_same_abstract_name() {
        let cam = Address::Abstract(b"cam".to_vec());
        assert_eq!(parsed("@cam"), cam);
        assert_eq!(parsed("abstract:cam"), cam);
        assert_eq!(cam.to_string(), "@cam");
    }

    #[test]
    fn everything_else_is_a_path() {
        for text in ["/run/cam.sock", "cam.sock", "./@cam", "abstract", "a@b"] {
            assert_eq!(parsed(text), Address::Path(text.into()));
        }
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same_file_or_name() {
        for address in [
            Address::Path("/run/cam.sock".into()),
            Address::Abstract(b"abstract:cam".to_vec()),
            Address::Abstract(b"/run/cam.sock".to_vec()),
        ] {
            assert_eq!(parsed(&address.to_string()), address);
        }
        let odd = Address::Path("@cam".into());
        assert_eq!(parsed(&odd.to_string()), Address::Path("./@cam".into()));
    }

    #[test]
    fn the_kernels_form_ends_a_path_and_starts_a_name_with_nul() {
        let path = parsed("/run/cam.sock").to_sockaddr().expect("fits");
        assert_eq!(path.path_bytes(), Some(&b"/run/cam.sock"[..]));
        let name = parsed("@cam").to_sockaddr().expect("fits");
        assert_eq!(name.abstract_name(), Some(&b"cam"[..]));
    }

    #[test]
    fn the_limit_is_107_bytes_for_both_and_the_error_says_so() {
        let fits = "x".repeat(107);
        assert!(parsed(&fits).to_sockaddr().is_ok());
        assert!(parsed(&format!("@{fits}")).to_sockaddr().is_ok());

        let path = Address::parse(format!("{fits}x")).expect_err("too long");
        assert_eq!(path, AddressError::PathTooLong { length: 108 });
        assert_eq!(
            path.to_string(),
            "the socket path has 108 bytes, the limit is 107 bytes: \
             use a shorter directory, or an abstract name (@name)"
        );
        let name = Address::parse(format!("@{fits}x")).expect_err("too long");
        assert_eq!(name, AddressError::NameTooLong { length: 108 });
    }

    #[test]
    fn nothing_a_nul_and_a_directory_are_no_addresses() {
        for (text, error) in [
            ("", AddressError::Empty),
            ("@", AddressError::Empty),
            ("abstract:", AddressError::Empty),
            ("a\0b", AddressError::ContainsNul),
            ("@a\0b", AddressError::ContainsNul),
            ("/run/", AddressError::Directory),
        ] {
            assert_eq!(Address::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn an_address_made_without_parsing_is_checked_when_used() {
        let long = Address::Path("x".repeat(108).into());
        let error = long.to_sockaddr().expect_err("too long");
        assert_eq!(error, AddressError::PathTooLong { length: 108 });
    }

    #[test]
    fn a_path_need_not_be_text() {
        let bytes = b"/run/\xff.sock".to_vec();
        let address = Address::parse(std::ffi::OsString::from_vec(bytes.clone())).expect("a path");
        let sockaddr = address.to_sockaddr().expect("fits");
        assert_eq!(sockaddr.path_bytes(), Some(&bytes[..]));
    }
}

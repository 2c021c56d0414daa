//! The file that a client shares with the agent.
//!
//! The client says a path; whatever is there is opened with the agent's rights. So it is looked at before it is opened:
//! below an allowed directory, on a way without symbolic links, a regular file, and the client's own.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use descsock_wire::Mapping;
use memif_ring::{MapError, Region, Seals};
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, fstatfs, ftruncate, open, openat2};
use rustix::io::Errno;

/// `f_type` of a file of huge pages, from `linux/magic.h`.
const HUGETLBFS_MAGIC: i64 = 0x9584_58F6;

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileRefusal {
    /// The path is not one that this client may name.
    #[error("{path} is not below {allowed}")]
    NotAllowed {
        /// The path.
        path: String,
        /// The directories that are.
        allowed: String,
    },
    /// It leads through a symbolic link, or out of the allowed directory.
    #[error("{path} leads through a symbolic link or out of its directory")]
    Detour {
        /// The path.
        path: String,
    },
    /// It is something else.
    #[error("{path} is {found}, not a regular file")]
    NotAFile {
        /// The path.
        path: String,
        /// What it is, with an article.
        found: &'static str,
    },
    /// It is somebody else's.
    #[error("{path} belongs to uid {owner}, not to the client's uid {uid}")]
    NotItsOwn {
        /// The path.
        path: String,
        /// Whose it is.
        owner: u32,
        /// Who the client is.
        uid: u32,
    },
    /// The system refused.
    #[error("{call} of {path} failed: {source}")]
    Os {
        /// The call.
        call: &'static str,
        /// The path.
        path: String,
        /// Its error.
        source: io::Error,
    },
    /// The memory cannot be mapped.
    #[error("{0}")]
    Memory(#[from] MapError),
}

/// What a client and the agent share.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The file, for a successor.
    pub(crate) file: OwnedFd,
    pub(crate) region: Region,
    /// Where the client has it, cut to what the file backs.
    pub(crate) mapping: Mapping,
}

/// Maps the client's file, extended to what the client has announced.
///
/// # Errors
/// See [`FileRefusal`].
pub(crate) fn map(
    path: &[u8],
    mapping: Mapping,
    uid: u32,
    roots: &[PathBuf],
) -> Result<Memory, FileRefusal> {
    let path = Path::new(OsStr::from_bytes(path));
    let file = open_own(path, uid, roots)?;
    let size = extend(&file, path, mapping.length())?;
    map_open(file, mapping.cut_to(size))
}

/// Maps the file of a client that was registered by a predecessor. Where it lies does not matter any more.
///
/// # Errors
/// See [`FileRefusal`].
pub(crate) fn map_again(file: OwnedFd, mapping: Mapping, uid: u32) -> Result<Memory, FileRefusal> {
    check(&file, Path::new("the shared file"), uid)?;
    map_open(file, mapping)
}

fn map_open(file: OwnedFd, mapping: Mapping) -> Result<Memory, FileRefusal> {
    let copy = file.try_clone().map_err(|source| FileRefusal::Os {
        call: "dup",
        path: "the shared file".to_owned(),
        source,
    })?;
    let region = Region::from_peer(copy, mapping.length(), Seals::Waived)?;
    Ok(Memory {
        file,
        region,
        mapping,
    })
}

fn open_own(path: &Path, uid: u32, roots: &[PathBuf]) -> Result<OwnedFd, FileRefusal> {
    let (root, inside) = below(path, roots)?;
    let directory = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = open(root, directory, Mode::empty()).map_err(failed("open", root))?;
    // Only a name for the file: opening a device or a pipe can do something.
    let look = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let way = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let handle = openat2(&root, inside, look, Mode::empty(), way).map_err(|errno| match errno {
        Errno::LOOP | Errno::XDEV => FileRefusal::Detour { path: shown(path) },
        errno => failed("open", path)(errno),
    })?;
    check(&handle, path, uid)?;
    let by_number = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOCTTY;
    open(by_number, flags, Mode::empty()).map_err(failed("open", path))
}

/// The allowed directory that a path is below, and the way from there.
fn below<'a>(path: &'a Path, roots: &'a [PathBuf]) -> Result<(&'a Path, &'a Path), FileRefusal> {
    let mut found = roots.iter().filter_map(|root| {
        let inside = path.strip_prefix(root).ok()?;
        Some((root.as_path(), inside))
    });
    found.next().ok_or_else(|| {
        let allowed: Vec<_> = roots.iter().map(|root| shown(root)).collect();
        FileRefusal::NotAllowed {
            path: shown(path),
            allowed: allowed.join(" or "),
        }
    })
}

fn check(handle: &OwnedFd, path: &Path, uid: u32) -> Result<(), FileRefusal> {
    let stat = fstat(handle).map_err(failed("fstat", path))?;
    let kind = FileType::from_raw_mode(stat.st_mode);
    if kind != FileType::RegularFile {
        return Err(FileRefusal::NotAFile {
            path: shown(path),
            found: describe(kind),
        });
    }
    if stat.st_uid != uid {
        return Err(FileRefusal::NotItsOwn {
            path: shown(path),
            owner: stat.st_uid,
            uid,
        });
    }
    Ok(())
}

/// Makes the file as long as announced, if it is shorter: a client that has mapped more than there is would die of the
/// first access behind the end. Returns how long it is.
fn extend(file: &OwnedFd, path: &Path, announced: u64) -> Result<u64, FileRefusal> {
    let length = |file| -> Result<u64, FileRefusal> {
        let stat = fstat(file).map_err(failed("fstat", path))?;
        Ok(u64::try_from(stat.st_size).unwrap_or(0))
    };
    if length(file)? < announced {
        let unit = huge_page(file).unwrap_or(1);
        let wanted = announced
            .checked_next_multiple_of(unit)
            .unwrap_or(announced);
        ftruncate(file, wanted).map_err(failed("ftruncate", path))?;
    }
    length(file)
}

fn huge_page(file: &OwnedFd) -> Option<u64> {
    let system = fstatfs(file).ok()?;
    let page = u64::try_from(system.f_bsize).ok()?;
    (system.f_type == HUGETLBFS_MAGIC).then_some(page)
}

fn describe(kind: FileType) -> &'static str {
    match kind {
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Socket => "a socket",
        FileType::Fifo => "a named pipe",
        _ => "a device",
    }
}

fn failed(call: &'static str, path: &Path) -> impl FnOnce(Errno) -> FileRefusal {
    let path = shown(path);
    move |errno| FileRefusal::Os {
        call,
        path,
        source: errno.into(),
    }
}

fn shown(path: &Path) -> String {
    format!("{path:?}")
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    use rustix::process::getuid;

    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a directory"))
        }

        fn file(&self, name: &str, bytes: u64) -> PathBuf {
            let path = self.0.path().join(name);
            let file = File::create(&path).expect("a file");
            file.set_len(bytes).expect("a length");
            path
        }

        fn map(&self, path: &Path, length: u64) -> Result<Memory, FileRefusal> {
            let mapping = Mapping::new(0x10_0000, length).expect("a mapping");
            let roots = [self.0.path().to_owned()];
            let uid = getuid().as_raw();
            map(path.as_os_str().as_bytes(), mapping, uid, &roots)
        }
    }

    #[test]
    fn a_short_file_is_extended_to_what_was_announced() {
        let place = Place::new();
        let path = place.file("descsock.000", 100);
        let memory = place.map(&path, 67_112_959).expect("taken");
        assert_eq!(memory.region.size(), 67_112_959);
        assert_eq!(memory.mapping.length(), 67_112_959);
        assert_eq!(fs::metadata(&path).expect("there").len(), 67_112_959);
    }

    #[test]
    fn what_is_no_regular_file_is_refused_without_opening_it() {
        let place = Place::new();
        let real = place.file("real", 4096);
        symlink(&real, place.0.path().join("link")).expect("a link");
        fs::create_dir(place.0.path().join("dir")).expect("a directory");
        let refused = |name: &str| place.map(&place.0.path().join(name), 4096).expect_err(name);
        assert!(matches!(
            refused("link"),
            FileRefusal::NotAFile { .. } | FileRefusal::Detour { .. }
        ));
        assert!(matches!(refused("dir"), FileRefusal::NotAFile { .. }));
        assert!(matches!(refused("nothing"), FileRefusal::Os { .. }));
        let device = map(
            b"/dev/zero",
            Mapping::new(0, 64).expect("one"),
            0,
            &["/dev".into()],
        );
        assert!(matches!(device, Err(FileRefusal::NotAFile { .. })));
    }

    #[test]
    fn a_successor_maps_what_is_still_there_and_the_clients_own() {
        let place = Place::new();
        let memory = place.map(&place.file("file", 8192), 8192).expect("taken");
        let copy = || memory.file.try_clone().expect("a descriptor");
        let (mapping, uid) = (memory.mapping, getuid().as_raw());
        let again = map_again(copy(), mapping, uid).expect("taken");
        assert_eq!((again.region.size(), again.mapping), (8192, mapping));
        let refused = map_again(copy(), mapping, uid + 1);
        assert!(matches!(refused, Err(FileRefusal::NotItsOwn { .. })));
        File::from(copy()).set_len(4096).expect("truncated");
        let refused = map_again(copy(), mapping, uid);
        assert!(matches!(
            refused,
            Err(FileRefusal::Memory(MapError::TooSmall { .. }))
        ));
        let (end, _) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let refused = map_again(end.into(), mapping, uid);
        assert!(matches!(refused, Err(FileRefusal::NotAFile { .. })));
    }

    #[test]
    fn a_path_outside_of_the_allowed_directories_is_refused() {
        let (place, other) = (Place::new(), Place::new());
        let path = other.file("outside", 4096);
        assert!(matches!(
            place.map(&path, 64),
            Err(FileRefusal::NotAllowed { .. })
        ));
        let name = other.0.path().file_name().expect("a name");
        let around = place.0.path().join("..").join(name).join("outside");
        let refused = place.map(&around, 64);
        assert!(
            matches!(refused, Err(FileRefusal::Detour { .. })),
            "{refused:?}"
        );
        symlink(other.0.path(), place.0.path().join("way")).expect("a link");
        let through = place.0.path().join("way/outside");
        assert!(matches!(
            place.map(&through, 64),
            Err(FileRefusal::Detour { .. })
        ));
    }

    #[test]
    fn somebody_elses_file_is_refused() {
        let place = Place::new();
        let path = place.file("file", 4096);
        let mapping = Mapping::new(0, 64).expect("a mapping");
        let other = getuid().as_raw() + 1;
        let roots = [place.0.path().to_owned()];
        let refused = map(path.as_os_str().as_bytes(), mapping, other, &roots);
        assert!(matches!(refused, Err(FileRefusal::NotItsOwn { .. })));
    }
}

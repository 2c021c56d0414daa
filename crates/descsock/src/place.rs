//! Where the shared file is: the path that the program gives, or a free name in the directory that it gives.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::file::SharedFile;
use crate::geometry::Geometry;
use crate::{Error, FileFault, Misuse};

/// Names that are tried in one directory.
const NUMBERS: u32 = 1000;

/// Paths that the file may have. None leads through a symbolic link: an agent takes no such path.
#[derive(Debug)]
pub(crate) enum Place {
    Fixed(PathBuf),
    /// `descsock.000` and so on.
    Numbered(PathBuf),
    /// `descsock.NAME`, then `descsock.NAME.001` and so on.
    Named(PathBuf, OsString),
}

impl Place {
    pub(crate) fn new(path: &Path, tenant: &OsStr) -> Result<Self, Error> {
        if path.is_dir() {
            let directory = canonical(path)?;
            return Ok(match tenant.is_empty() {
                true => Self::Numbered(directory),
                false => Self::Named(directory, file_name(tenant)?),
            });
        }
        let Some(name) = path.file_name() else {
            let error = io::Error::from(Errno::NOENT);
            return Err(unusable(path, error));
        };
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        let directory = canonical(parent.unwrap_or(Path::new(".")))?;
        Ok(Self::Fixed(directory.join(name)))
    }

    /// Makes the file.
    pub(crate) fn take(&self, geometry: &Geometry) -> Result<SharedFile, Error> {
        for number in 0..NUMBERS {
            let path = self.candidate(number);
            match SharedFile::take(&path, geometry) {
                Ok(file) => return Ok(file),
                Err(fault) if self.goes_on_after(&fault, &path) => {}
                Err(fault) => return Err(Error::File { path, fault }),
            }
        }
        let path = self.candidate(0);
        let fault = FileFault::NoneFree;
        Err(Error::File { path, fault })
    }

    fn candidate(&self, number: u32) -> PathBuf {
        match (self, number) {
            (Self::Fixed(path), _) => path.clone(),
            (Self::Numbered(directory), _) => directory.join(format!("descsock.{number:03}")),
            (Self::Named(directory, name), 0) => directory.join(name),
            (Self::Named(directory, name), _) => {
                let mut name = name.clone();
                name.push(format!(".{number:03}"));
                directory.join(name)
            }
        }
    }

    /// Whether the next name may do better than this path.
    fn goes_on_after(&self, fault: &FileFault, path: &Path) -> bool {
        let is_taken = match fault {
            FileFault::InUse
            | FileFault::NotAFile { .. }
            | FileFault::NotOurs { .. }
            | FileFault::ManyNames { .. } => true,
            // Another user's, in a directory that is everybody's; and not a directory in which we may make none.
            FileFault::Os { call, source } => {
                let is_denied = source.kind() == io::ErrorKind::PermissionDenied;
                *call == "open" && is_denied && path.symlink_metadata().is_ok()
            }
            _ => false,
        };
        is_taken && !matches!(self, Self::Fixed(_))
    }
}

fn file_name(tenant: &OsStr) -> Result<OsString, Misuse> {
    let bytes = tenant.as_bytes();
    if bytes.contains(&b'/') || bytes.contains(&0) {
        let name = PathBuf::from(tenant);
        return Err(Misuse::TenantName { name });
    }
    let mut name = OsString::from("descsock.");
    name.push(tenant);
    Ok(name)
}

fn canonical(directory: &Path) -> Result<PathBuf, Error> {
    let found = directory.canonicalize();
    found.map_err(|error| unusable(directory, error))
}

fn unusable(path: &Path, source: io::Error) -> Error {
    let call = "realpath";
    Error::File {
        path: path.to_owned(),
        fault: FileFault::Os { call, source },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::file::lock_of;

    fn geometry() -> Geometry {
        Geometry::new(2044, 16, 16).expect("a geometry")
    }

    fn take(path: &Path, tenant: &str) -> Result<SharedFile, Error> {
        Place::new(path, OsStr::new(tenant))?.take(&geometry())
    }

    fn name(file: &SharedFile) -> String {
        let name = file.path().file_name().expect("a name");
        name.to_string_lossy().into_owned()
    }

    #[test]
    fn files_of_one_directory_get_the_lowest_number_that_is_free() {
        let place = tempfile::tempdir().expect("a directory");
        let take = || take(place.path(), "").expect("a file");
        let (first, second) = (take(), take());
        assert_eq!(
            (name(&first), name(&second)),
            ("descsock.000".into(), "descsock.001".into())
        );
        drop(first);
        assert_eq!(name(&take()), "descsock.000");
    }

    #[test]
    fn a_tenants_file_has_its_name() {
        let place = tempfile::tempdir().expect("a directory");
        let first = take(place.path(), "tap0").expect("a file");
        let second = take(place.path(), "tap0").expect("another");
        assert_eq!(name(&first), "descsock.tap0");
        assert_eq!(name(&second), "descsock.tap0.001");
        assert!(matches!(
            take(place.path(), "../out"),
            Err(Error::Misuse(Misuse::TenantName { .. }))
        ));
    }

    #[test]
    fn a_file_that_is_there_is_zeroed_and_gets_its_size_and_is_removed_at_the_end() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("mine");
        fs::write(&path, [0xa5; 100_000]).expect("a file");
        let file = take(&path, "ignored").expect("taken");
        let bytes = fs::read(&path).expect("readable");
        assert_eq!(bytes.len() as u64, geometry().bytes(4096));
        assert!(bytes.iter().all(|byte| *byte == 0));
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn a_new_file_is_its_owners_alone() {
        let place = tempfile::tempdir().expect("a directory");
        let file = take(place.path(), "").expect("a file");
        let mode = fs::metadata(file.path()).expect("there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_in_use_is_left_alone() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("descsock.000");
        fs::write(&path, b"somebody's").expect("a file");
        let _theirs = lock_of(&path).expect("a lock");
        let refused = take(&path, "").expect_err("in use");
        let fault = FileFault::InUse;
        assert_eq!(
            refused.to_string(),
            Error::File {
                path: path.clone(),
                fault
            }
            .to_string()
        );
        assert_eq!(
            name(&take(place.path(), "").expect("the next")),
            "descsock.001"
        );
        assert_eq!(fs::read(&path).expect("there"), b"somebody's");
    }

    #[test]
    fn links_and_what_is_no_file_are_never_followed() {
        let place = tempfile::tempdir().expect("a directory");
        let victim = place.path().join("victim");
        fs::write(&victim, b"precious").expect("a file");
        let link = place.path().join("link");
        symlink(&victim, &link).expect("a link");
        let hard = place.path().join("hard");
        fs::hard_link(&victim, &hard).expect("a link");
        let pipe = place.path().join("pipe");
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, 0o600.into(), 0).expect("a pipe");
        for path in [&link, &hard, &pipe] {
            assert!(
                matches!(take(path, ""), Err(Error::File { .. })),
                "{path:?}"
            );
        }
        assert_eq!(fs::read(&victim).expect("there"), b"precious");
    }

    #[test]
    fn a_directory_behind_a_link_is_named_as_what_it_is() {
        let place = tempfile::tempdir().expect("a directory");
        let real = place.path().join("real");
        fs::create_dir(&real).expect("a directory");
        let link = place.path().join("link");
        symlink(&real, &link).expect("a link");
        let file = take(&link, "").expect("a file");
        let real = real.canonicalize().expect("there");
        assert_eq!(file.path(), real.join("descsock.000"));
    }

    #[test]
    fn a_file_that_took_our_name_is_not_removed() {
        let place = tempfile::tempdir().expect("a directory");
        let file = take(place.path(), "").expect("a file");
        let path = file.path().to_owned();
        fs::remove_file(&path).expect("removed");
        fs::write(&path, b"another").expect("written");
        drop(file);
        assert_eq!(fs::read(&path).expect("there"), b"another");
    }
}

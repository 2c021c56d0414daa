//! Where received bytes go: a file, standard output, or nowhere.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use anyhow::{Context as _, anyhow};

use crate::exit::{ReaderGone, misuse};

/// An open output. A file that exists is overwritten, but not before the first byte is there.
#[derive(Debug)]
pub(crate) struct Output {
    name: String,
    target: Target,
    untouched: bool,
}

#[derive(Debug)]
enum Target {
    File(File),
    Stdout(File),
    Nowhere,
}

impl Output {
    /// Opens the file; `-` is standard output.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Output> {
        if path.as_os_str() == "-" {
            return Output::stdout();
        }
        let name = path.display().to_string();
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        let file = options
            .open(path)
            .map_err(|error| unopened(&name, &error))?;
        Ok(Output {
            name,
            target: Target::File(file),
            untouched: true,
        })
    }

    /// Takes everything and keeps nothing.
    pub(crate) fn nowhere() -> Output {
        Output {
            name: "nowhere".into(),
            target: Target::Nowhere,
            untouched: true,
        }
    }

    fn stdout() -> anyhow::Result<Output> {
        if io::stdout().is_terminal() {
            return Err(misuse(
                "data does not belong on a terminal: pipe the output, or name a file",
            ));
        }
        let stdout = io::stdout().as_fd().try_clone_to_owned();
        let file = File::from(stdout.context("standard output is closed")?);
        Ok(Output {
            name: "standard output".into(),
            target: Target::Stdout(file),
            untouched: true,
        })
    }

    /// Whether the bytes go to standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self.target, Target::Stdout(_))
    }

    /// Whether the bytes are thrown away.
    pub(crate) fn is_nowhere(&self) -> bool {
        matches!(self.target, Target::Nowhere)
    }

    /// Writes all of it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let done = match self.ready() {
            Ok(Some(mut file)) => file.write_all(bytes),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        done.map_err(|error| self.unwritten(&error))
    }

    /// Has it written by what knows where the bytes are.
    pub(crate) fn write_with(
        &mut self,
        write: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let done = match self.ready() {
            Ok(Some(file)) => write(file.as_fd()),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        done.map_err(|error| self.unwritten(&error))
    }

    /// What to write to, if anything. The first time, a file that existed is emptied.
    fn ready(&mut self) -> io::Result<Option<&File>> {
        let untouched = std::mem::take(&mut self.untouched);
        match &self.target {
            Target::Nowhere => Ok(None),
            Target::Stdout(file) => Ok(Some(file)),
            Target::File(file) => emptied(file, untouched).map(|()| Some(file)),
        }
    }

    fn unwritten(&self, error: &io::Error) -> anyhow::Error {
        match error.kind() {
            ErrorKind::BrokenPipe if self.is_stdout() => ReaderGone.into(),
            ErrorKind::StorageFull => anyhow!("cannot write {}: the disk is full", self.name),
            _ => anyhow!("cannot write {}: {error}", self.name),
        }
    }
}

/// Drops what a regular file held before, once.
fn emptied(file: &File, untouched: bool) -> io::Result<()> {
    if untouched && file.metadata()?.is_file() {
        file.set_len(0)
    } else {
        Ok(())
    }
}

fn unopened(name: &str, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::IsADirectory => misuse(format!(
            "{name} is a directory: name a file in it, or - for standard output"
        )),
        ErrorKind::NotFound => misuse(format!(
            "{name} cannot be made: the directory it is to be in does not exist"
        )),
        _ => anyhow!("cannot write {name}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_existing_file_is_kept_until_there_is_something_to_write() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"a longer text").unwrap();
        let mut output = Output::open(file.path()).unwrap();
        assert_eq!(fs::read(file.path()).unwrap(), b"a longer text");
        output.write(b"ab").unwrap();
        output.write(b"cd").unwrap();
        assert_eq!(fs::read(file.path()).unwrap(), b"abcd");
    }

    #[test]
    fn a_full_disk_is_told_in_plain_words() {
        let mut output = Output::open(Path::new("/dev/full")).unwrap();
        let error = output.write(b"x").unwrap_err().to_string();
        assert_eq!(error, "cannot write /dev/full: the disk is full");
    }

    #[test]
    fn what_cannot_be_an_output_is_told_as_such() {
        let said = |path: &str| Output::open(Path::new(path)).unwrap_err().to_string();
        assert!(said("/").contains("directory"));
        assert!(said("/nowhere/at/all").contains("does not exist"));
    }
}

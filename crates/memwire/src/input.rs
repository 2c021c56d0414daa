//! Bytes from a file or from standard input, read so that a silent pipe never holds up anything else.

use std::fs::File;
use std::io::{self, ErrorKind, Seek as _, SeekFrom};
use std::ops::Range;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

use crate::exit::misuse;
use crate::source::Fill;
use crate::stop::SLICE;

/// Called again and again while the input is silent; an error ends the wait.
pub(crate) type Idle<'a> = &'a mut dyn FnMut() -> anyhow::Result<()>;

/// So much is read ahead where lines are looked for; larger reads go past this buffer.
const BUFFER_BYTES: usize = 64 << 10;

/// An open input.
#[derive(Debug)]
pub(crate) struct Input {
    name: String,
    file: File,
    /// The length of a regular file; anything else has none and may fall silent.
    length: Option<u64>,
    buffer: Box<[u8]>,
    filled: Range<usize>,
}

impl Input {
    /// Opens the file; `-` is standard input.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Input> {
        if path.as_os_str() == "-" {
            let stdin = io::stdin().as_fd().try_clone_to_owned();
            let file = File::from(stdin.context("standard input is closed")?);
            return Input::over("standard input".into(), file);
        }
        let name = path.display().to_string();
        let mut options = File::options();
        // A FIFO opens at once, without waiting for its writer: that wait belongs to reading.
        options
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let file = options
            .open(path)
            .map_err(|error| unopened(&name, &error))?;
        Input::over(name, file)
    }

    fn over(name: String, file: File) -> anyhow::Result<Input> {
        let about = file
            .metadata()
            .with_context(|| format!("cannot look at {name}"))?;
        if about.is_dir() {
            return Err(misuse(format!(
                "{name} is a directory: give a file, or - for standard input"
            )));
        }
        let length = about.is_file().then_some(about.len());
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Ok(Input {
            name,
            file,
            length,
            buffer,
            filled: 0..0,
        })
    }

    /// How to call this input in a message.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The length in bytes of a regular file.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// The next bytes without taking them; fewer than `count` only at the end of the input.
    pub(crate) fn peek(&mut self, count: usize, idle: Idle) -> anyhow::Result<&[u8]> {
        while self.filled.len() < count && self.read_ahead(idle)? > 0 {}
        let seen = self.filled.len().min(count);
        Ok(&self.buffer[self.filled.start..self.filled.start + seen])
    }

    /// Takes one line of up to `limit` bytes, without its newline; none at the end of the input.
    pub(crate) fn line(&mut self, limit: usize, idle: Idle) -> anyhow::Result<Option<Vec<u8>>> {
        loop {
            let seen = &self.buffer[self.filled.clone()];
            let end = seen.iter().take(limit + 1).position(|byte| *byte == b'\n');
            if let Some(length) = end {
                let line = seen[..length].to_vec();
                self.filled.start += length + 1;
                return Ok(Some(line));
            }
            if seen.len() > limit {
                bail!(
                    "{} has a line of more than {limit} bytes where text is due",
                    self.name
                );
            }
            if self.read_ahead(idle)? == 0 {
                return if self.filled.is_empty() {
                    Ok(None)
                } else {
                    self.cut_short("a line")
                };
            }
        }
    }

    /// Moves up to `bytes` into a frame, from the file straight to where the frame is; returns how
    /// many, fewer only at the end of the input.
    pub(crate) fn pour(
        &mut self,
        bytes: usize,
        into: &mut dyn Fill,
        idle: Idle,
    ) -> anyhow::Result<usize> {
        let mut done = self.filled.len().min(bytes);
        into.put(0, &self.buffer[self.filled.start..self.filled.start + done])?;
        self.filled.start += done;
        while done < bytes {
            match self.patiently(idle, |file| into.read(done, bytes - done, file))? {
                0 => break,
                got => done += got,
            }
        }
        Ok(done)
    }

    /// Goes back to this position of a regular file.
    pub(crate) fn seek(&mut self, position: u64) -> anyhow::Result<()> {
        self.filled = 0..0;
        let sought = self.file.seek(SeekFrom::Start(position));
        sought
            .map(drop)
            .with_context(|| format!("cannot go back in {}", self.name))
    }

    fn read_ahead(&mut self, idle: Idle) -> anyhow::Result<usize> {
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..self.filled.len();
        let mut buffer = std::mem::take(&mut self.buffer);
        let got = self.patiently(idle, |file| {
            Ok(rustix::io::read(file, &mut buffer[self.filled.end..])?)
        });
        self.buffer = buffer;
        let got = got?;
        self.filled.end += got;
        Ok(got)
    }

    /// One read. What may fall silent is looked at first, so that waiting for it leaves room for `idle`.
    fn patiently(
        &self,
        idle: Idle,
        mut read: impl FnMut(BorrowedFd<'_>) -> io::Result<usize>,
    ) -> anyhow::Result<usize> {
        let file = self.file.as_fd();
        loop {
            if self.length.is_none() && !readable(file)? {
                idle()?;
                continue;
            }
            match read(file) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => idle()?,
                other => return other.with_context(|| format!("cannot read {}", self.name)),
            }
        }
    }

    fn cut_short<T>(&self, what: &str) -> anyhow::Result<T> {
        bail!(
            "{} ends in the middle of {what}: it is cut short",
            self.name
        )
    }
}

/// Whether there is something to read, or an end, within a slice of time.
fn readable(fd: BorrowedFd) -> io::Result<bool> {
    let slice = Timespec {
        tv_sec: 0,
        tv_nsec: SLICE.subsec_nanos().into(),
    };
    match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&slice)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn unopened(name: &str, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::NotFound => misuse(format!(
            "there is no file {name}: give a file that exists, or - for standard input"
        )),
        _ => anyhow::anyhow!("cannot open {name}: {error}"),
    }
}

#[cfg(test)]
mod tests;

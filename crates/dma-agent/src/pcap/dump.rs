//! A port whose frames go to a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::path::Path;

use switch::{Did, Stamp};

use super::PcapError;
use super::blocks::Blocks;
use crate::device::{Delivered, Device, Gone, News, Sink, Source};
use crate::{Frame, LARGEST_FRAME};

/// Writes what it is given to a pcapng file. Nothing comes in.
#[derive(Debug)]
pub struct DumpDevice {
    file: File,
    blocks: Blocks,
    /// Frames that are in no file yet.
    unwritten: u64,
}

impl DumpDevice {
    /// Writes to a new file, or over an old one.
    ///
    /// # Errors
    /// [`PcapError::Os`].
    pub fn create(path: &Path) -> Result<Self, PcapError> {
        Self::write_to(File::create(path), path)
    }

    /// Writes behind what is in the file: another section, as the format has it.
    ///
    /// # Errors
    /// [`PcapError::Os`].
    pub fn append(path: &Path) -> Result<Self, PcapError> {
        let file = File::options().append(true).create(true).open(path);
        Self::write_to(file, path)
    }

    fn write_to(file: io::Result<File>, path: &Path) -> Result<Self, PcapError> {
        let file = file.map_err(|source| PcapError::Os {
            path: path.to_owned(),
            what: "create",
            source,
        })?;
        Ok(Self {
            file,
            blocks: Blocks::new(),
            unwritten: 0,
        })
    }

    /// Gives the interfaces in the file the names of ports.
    #[must_use]
    pub fn with_names(mut self, names: BTreeMap<Did, String>) -> Self {
        self.blocks.set_names(names);
        self
    }

    fn write(&mut self) -> io::Result<()> {
        let bytes = self.blocks.bytes();
        let written = self.file.write_all(bytes);
        bytes.clear();
        written?;
        self.unwritten = 0;
        Ok(())
    }
}

impl Device for DumpDevice {
    fn kind(&self) -> &'static str {
        "dump"
    }

    fn watch(&self, _: &mut dyn FnMut(Source, BorrowedFd<'_>) -> io::Result<()>) -> io::Result<()> {
        Ok(())
    }

    fn notice(&mut self, _: News) {}

    fn receive(&mut self, _: &mut dyn Sink) -> Result<bool, Gone> {
        Ok(false)
    }

    fn deliver(&mut self, frame: &Frame<'_>, stamp: &Stamp) -> Delivered {
        self.blocks.push(frame, stamp);
        self.unwritten += 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Gone> {
        self.write().map_err(|source| Gone::Os {
            call: "write of the capture file",
            source,
        })
    }

    fn undelivered(&self) -> u64 {
        self.unwritten
    }

    fn largest(&self) -> usize {
        LARGEST_FRAME
    }
}

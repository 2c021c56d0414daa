//! Reading frames out of a pcap or pcapng file.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::{Block, PcapNgReader};
use pcap_file::{DataLink, TsResolution};
use rustix::fs::OFlags;

use super::PcapError;

/// How a pcapng file begins, in either byte order.
const SECTION_HEADER: [u8; 4] = [0x0A, 0x0D, 0x0D, 0x0A];

/// A file with frames.
pub(super) struct Source {
    path: PathBuf,
    file: File,
    format: Format,
}

enum Format {
    Classic(PcapReader<File>),
    Next(PcapNgReader<File>),
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, PcapError> {
        let os = |what| {
            let path = path.to_owned();
            move |source| PcapError::Os { path, what, source }
        };
        // A pipe without a writer would keep us waiting.
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let opened = File::options().read(true).custom_flags(flags).open(path);
        let file = opened.map_err(os("open"))?;
        if !file.metadata().map_err(os("look at"))?.is_file() {
            let path = path.to_owned();
            return Err(PcapError::NotAFile { path });
        }
        let format = Format::begin(&file, path)?;
        let path = path.to_owned();
        Ok(Self { path, file, format })
    }

    /// Goes back to the first frame.
    pub(super) fn rewind(&mut self) -> Result<(), PcapError> {
        self.format = Format::begin(&self.file, &self.path)?;
        Ok(())
    }

    /// Reads the next Ethernet frame, and returns its time since some origin; `None` at the end.
    pub(super) fn next(&mut self, frame: &mut Vec<u8>) -> Result<Option<Duration>, PcapError> {
        let next = match &mut self.format {
            Format::Classic(reader) => next_classic(reader, frame),
            Format::Next(reader) => next_block(reader, frame),
        };
        next.map_err(broken(&self.path))
    }
}

impl Format {
    fn begin(file: &File, path: &Path) -> Result<Self, PcapError> {
        let os = |source| PcapError::Os {
            path: path.to_owned(),
            what: "read",
            source,
        };
        let (mut file, mut magic) = (file.try_clone().map_err(os)?, [0; 4]);
        file.rewind().map_err(os)?;
        file.read_exact(&mut magic)
            .map_err(|error| broken(path)(pcap_file::PcapError::IoError(error)))?;
        file.rewind().map_err(os)?;
        if magic == SECTION_HEADER {
            let reader = PcapNgReader::new(file).map_err(broken(path))?;
            return Ok(Self::Next(reader));
        }
        let reader = PcapReader::new(file).map_err(broken(path))?;
        match reader.header().datalink {
            DataLink::ETHERNET => Ok(Self::Classic(reader)),
            other => Err(PcapError::NotEthernet {
                path: path.to_owned(),
                link_type: other.into(),
            }),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn next_classic(
    reader: &mut PcapReader<File>,
    frame: &mut Vec<u8>,
) -> Result<Option<Duration>, pcap_file::PcapError> {
    let nanoseconds = match reader.header().ts_resolution {
        TsResolution::MicroSecond => 1000,
        TsResolution::NanoSecond => 1,
    };
    let Some(packet) = reader.next_raw_packet().transpose()? else {
        return Ok(None);
    };
    frame.clear();
    frame.extend_from_slice(&packet.data);
    let part = u64::from(packet.ts_frac) * nanoseconds;
    Ok(Some(
        Duration::from_secs(packet.ts_sec.into()) + Duration::from_nanos(part),
    ))
}

fn next_block(
    reader: &mut PcapNgReader<File>,
    frame: &mut Vec<u8>,
) -> Result<Option<Duration>, pcap_file::PcapError> {
    while let Some(block) = reader.next_block().transpose()? {
        let (interface, ticks) = match &block {
            // The crate takes every clock for one of nanoseconds.
            Block::EnhancedPacket(packet) => (packet.interface_id, packet.timestamp.as_nanos()),
            Block::Packet(packet) => (packet.interface_id.into(), packet.timestamp.into()),
            Block::SimplePacket(_) => (0, 0),
            _ => continue,
        };
        let bytes = match block {
            Block::EnhancedPacket(packet) => packet.data,
            Block::Packet(packet) => packet.data,
            Block::SimplePacket(packet) => packet.data,
            _ => continue,
        };
        frame.clear();
        frame.extend_from_slice(&bytes);
        let interface = usize::try_from(interface).unwrap_or(usize::MAX);
        match reader.interfaces().get(interface) {
            Some(known) if known.linktype == DataLink::ETHERNET => {
                return Ok(Some(since_origin(known, ticks)));
            }
            _ => continue,
        }
    }
    Ok(None)
}

/// A time by the clock of this interface, which counts millionths of a second unless it says otherwise.
fn since_origin(interface: &InterfaceDescriptionBlock<'_>, ticks: u128) -> Duration {
    let said = interface.options.iter().find_map(|option| match option {
        InterfaceDescriptionOption::IfTsResol(resolution) => Some(*resolution),
        _ => None,
    });
    let resolution = said.unwrap_or(6);
    let exponent = u32::from(resolution & 0x7F);
    let ticks_in_a_second = match resolution & 0x80 {
        0 => 10_u128.checked_pow(exponent),
        _ => 2_u128.checked_pow(exponent),
    };
    let ticks_in_a_second = ticks_in_a_second.unwrap_or(u128::MAX);
    let (seconds, part) = (ticks / ticks_in_a_second, ticks % ticks_in_a_second);
    let part = part.saturating_mul(1_000_000_000) / ticks_in_a_second;
    let part = Duration::from_nanos(part.try_into().unwrap_or(0));
    Duration::from_secs(seconds.try_into().unwrap_or(0)).saturating_add(part)
}

fn broken(path: &Path) -> impl FnOnce(pcap_file::PcapError) -> PcapError + use<> {
    let path = path.to_owned();
    move |source| match source {
        // The reader says this at the end of a file in the middle of a packet, and when the system refuses.
        pcap_file::PcapError::IoError(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            PcapError::Os {
                path,
                what: "read",
                source,
            }
        }
        source => PcapError::Format { path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(resolution: Option<u8>) -> InterfaceDescriptionBlock<'static> {
        let mut block = InterfaceDescriptionBlock::new(DataLink::ETHERNET, 0);
        let option = resolution.map(InterfaceDescriptionOption::IfTsResol);
        block.options.extend(option);
        block
    }

    #[test]
    fn clocks_tick_as_their_interfaces_say() {
        let half = Duration::from_millis(1500);
        for (resolution, ticks) in [
            (None, 1_500_000),
            (Some(9), 1_500_000_000),
            (Some(3), 1500),
            (Some(0x80 | 10), 1536),
        ] {
            assert_eq!(since_origin(&interface(resolution), ticks), half);
        }
    }

    #[test]
    fn no_clock_is_too_fast_or_too_slow() {
        for resolution in 0..=255 {
            for ticks in [0, 1, u128::from(u64::MAX)] {
                since_origin(&interface(Some(resolution)), ticks);
            }
        }
    }
}

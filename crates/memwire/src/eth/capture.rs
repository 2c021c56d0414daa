//! Frames as a capture file in the classic pcap format, with nanoseconds.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context as _;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::{DataLink, Endianness, TsResolution};

use super::stamp::Framing;

/// Encodes frames; the bytes wait to be taken and written by whoever owns the file.
#[derive(Debug)]
pub(crate) struct Capture {
    writer: PcapWriter<Spool>,
    spool: Spool,
}

impl Capture {
    /// Starts with the file header. No frame may be longer than `snap_len` bytes.
    pub(crate) fn new(framing: Framing, snap_len: u32) -> anyhow::Result<Capture> {
        let spool = Spool::default();
        let header = PcapHeader {
            snaplen: snap_len,
            datalink: link_type(framing),
            ts_resolution: TsResolution::NanoSecond,
            endianness: Endianness::native(),
            ..PcapHeader::default()
        };
        let writer = PcapWriter::with_header(spool.clone(), header).context("cannot encode")?;
        Ok(Capture { writer, spool })
    }

    /// Adds a frame of `len` bytes, of which `bytes` are kept.
    pub(crate) fn frame(&mut self, time: Duration, len: usize, bytes: &[u8]) -> anyhow::Result<()> {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        let packet = PcapPacket::new(time, len, bytes);
        self.writer
            .write_packet(&packet)
            .context("cannot encode a frame")?;
        Ok(())
    }

    /// Hands over what was encoded since the last time.
    pub(crate) fn take(
        &mut self,
        write: impl FnOnce(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut bytes = self.spool.0.borrow_mut();
        if bytes.is_empty() {
            return Ok(());
        }
        let written = write(&bytes);
        bytes.clear();
        written
    }
}

/// Memory that the pcap writer writes to and we empty.
#[derive(Debug, Clone, Default)]
struct Spool(Rc<RefCell<Vec<u8>>>);

impl io::Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// From the registry of link types at tcpdump.org. For frames that are between the peers, the
/// first of those that are left to users.
fn link_type(framing: Framing) -> DataLink {
    match framing {
        Framing::Ethernet => DataLink::ETHERNET,
        Framing::Ip => DataLink::RAW,
        Framing::Opaque => DataLink::USER0,
    }
}

#[cfg(test)]
mod tests {
    use pcap_file::pcap::PcapReader;

    use super::*;

    const TIME: Duration = Duration::new(1_700_000_000, 123_456_789);

    fn captured(framing: Framing) -> Vec<u8> {
        let mut capture = Capture::new(framing, 1000).expect("starts");
        capture.frame(TIME, 5, b"whole").expect("encodes");
        capture.frame(TIME, 9000, b"start").expect("encodes");
        let mut file = Vec::new();
        let mut append = |bytes: &[u8]| {
            file.extend_from_slice(bytes);
            Ok(())
        };
        capture.take(&mut append).expect("taken");
        capture.take(&mut append).expect("nothing left");
        file
    }

    #[test]
    fn a_capture_is_read_back_with_nanoseconds_and_true_lengths() {
        let file = captured(Framing::Ethernet);
        let mut reader = PcapReader::new(&file[..]).expect("a pcap file");
        assert_eq!(reader.header().ts_resolution, TsResolution::NanoSecond);
        assert_eq!(reader.header().datalink, DataLink::ETHERNET);
        let frame = reader.next_raw_packet().expect("one").expect("valid");
        assert_eq!((frame.ts_sec, frame.ts_frac), (1_700_000_000, 123_456_789));
        assert_eq!((frame.orig_len, &frame.data[..]), (5, &b"whole"[..]));
        let frame = reader.next_raw_packet().expect("another").expect("valid");
        assert_eq!((frame.orig_len, &frame.data[..]), (9000, &b"start"[..]));
        assert!(reader.next_raw_packet().is_none());
    }

    #[test]
    fn the_link_type_says_what_frames_begin_with() {
        for (framing, number) in [
            (Framing::Ethernet, 1),
            (Framing::Ip, 101),
            (Framing::Opaque, 147),
        ] {
            let file = captured(framing);
            assert_eq!(
                u32::from_ne_bytes(file[20..24].try_into().expect("four")),
                number
            );
        }
    }
}

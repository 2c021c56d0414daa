//! Frames as pcapng, with what the switch has written on each as a comment.
//!
//! ```text
//!   section header │ interface: did 16 │ packet, comment "did=16 sid=16 svc=10 sep=0 nti=4095 tier=0 flags=DLF" │ …
//! ```
//!
//! Each port that frames come from is an interface, described just before its first frame. Times are wall-clock
//! nanoseconds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use switch::{Did, Flags, Stamp};

use crate::Frame;

/// Ten to the minus ninth of a second.
const NANOSECONDS: u8 = 9;
/// More than a packet block and the description of its interface take besides the frame and the name.
const OVERHEAD: usize = 320;

/// pcapng blocks in memory, whole ones only.
pub(super) struct Blocks {
    writer: PcapNgWriter<Vec<u8>>,
    /// The interface of each source.
    interfaces: BTreeMap<Did, u32>,
    names: BTreeMap<Did, String>,
}

impl Blocks {
    /// Starts with a section header.
    pub(super) fn new() -> Self {
        let Ok(writer) = PcapNgWriter::new(Vec::new()) else {
            unreachable!("memory takes everything");
        };
        Self {
            writer,
            interfaces: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// Names of ports, by their dids.
    pub(super) fn set_names(&mut self, names: BTreeMap<Did, String>) {
        self.names = names;
    }

    /// At least as many bytes as [`Self::push`] would add.
    pub(super) fn most_bytes(&self, frame: &Frame<'_>, stamp: &Stamp) -> usize {
        let name = self.names.get(&stamp.did).map_or(0, String::len);
        frame.len() + name + OVERHEAD
    }

    /// Adds a frame as of now.
    pub(super) fn push(&mut self, frame: &Frame<'_>, stamp: &Stamp) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        self.push_at(now.unwrap_or_default(), frame, stamp);
    }

    fn push_at(&mut self, timestamp: Duration, frame: &Frame<'_>, stamp: &Stamp) {
        let interface_id = self.interface(stamp.did);
        let data = frame.to_vec();
        let comment = EnhancedPacketOption::Comment(Cow::Owned(comment(stamp)));
        let block = EnhancedPacketBlock {
            interface_id,
            timestamp,
            original_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
            data: Cow::Owned(data),
            options: vec![comment],
        };
        // Memory takes everything, and the interface has just been described.
        let _ = self.writer.write_pcapng_block(block);
    }

    /// The blocks added since they were last taken away.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        self.writer.get_mut()
    }

    /// The bytes of them.
    pub(super) fn len(&self) -> usize {
        self.writer.get_ref().len()
    }

    fn interface(&mut self, did: Did) -> u32 {
        if let Some(known) = self.interfaces.get(&did) {
            return *known;
        }
        let number = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        self.interfaces.insert(did, number);
        let name = self.names.get(&did).cloned();
        let name = name.unwrap_or_else(|| format!("did {did}"));
        let block = InterfaceDescriptionBlock {
            linktype: DataLink::ETHERNET,
            snaplen: 0,
            options: vec![
                InterfaceDescriptionOption::IfName(Cow::Owned(name)),
                InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
            ],
        };
        let _ = self.writer.write_pcapng_block(block); // memory takes everything
        number
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks")
            .field("interfaces", &self.interfaces)
            .field("bytes", &self.len())
            .finish_non_exhaustive()
    }
}

/// What the descriptor of a delivered frame would say. A frame that was looked up has no service of its own.
fn comment(stamp: &Stamp) -> String {
    let Stamp {
        did,
        sid,
        nti,
        tier,
        ..
    } = stamp;
    let (svc, sep) = match stamp.endpoint {
        Some(endpoint) => (endpoint.svc.to_string(), endpoint.sep.to_string()),
        None => ("-".to_owned(), "-".to_owned()),
    };
    let flags = flags(stamp.flags);
    format!("did={did} sid={sid} svc={svc} sep={sep} nti={nti} tier={tier} flags={flags}")
}

fn flags(flags: Flags) -> String {
    let all = [
        (Flags::DIRECTED, "DIRECTED"),
        (Flags::LOOKUP_FAILED, "DLF"),
        (Flags::MULTICAST, "MULTICAST"),
    ];
    let set = all.iter().filter(|(flag, _)| flags.contains(*flag));
    let names: Vec<_> = set.map(|(_, name)| *name).collect();
    match names.is_empty() {
        true => "-".to_owned(),
        false => names.join("+"),
    }
}

#[cfg(test)]
mod tests {
    use pcap_file::pcapng::{Block, PcapNgReader};
    use switch::{Endpoint, Nti, Sep, Svc, Tier};

    use super::*;

    fn stamp(did: u16, flags: Flags) -> Stamp {
        let did = Did::new(did).expect("a did");
        Stamp {
            did,
            sid: did,
            endpoint: flags.contains(Flags::DIRECTED).then_some(Endpoint {
                svc: Svc::new(10).expect("a svc"),
                sep: Sep::MIN,
            }),
            nti: Nti::DEFAULT,
            tier: Tier::MAX,
            flags,
        }
    }

    #[test]
    fn a_frame_has_its_labels_its_time_and_its_port() {
        let mut blocks = Blocks::new();
        let names = [(Did::new(17).expect("a did"), "left".to_owned())];
        blocks.set_names(names.into());
        let time = Duration::new(1_700_000_000, 123_456_789);
        let dlf = Flags::LOOKUP_FAILED | Flags::MULTICAST;
        blocks.push_at(time, &Frame::own(b"first"), &stamp(16, dlf));
        blocks.push_at(time, &Frame::own(b"next"), &stamp(17, Flags::DIRECTED));
        let bytes = std::mem::take(blocks.bytes());
        let mut reader = PcapNgReader::new(&bytes[..]).expect("pcapng");
        let mut seen = Vec::new();
        while let Some(block) = reader.next_block() {
            if let Block::EnhancedPacket(packet) = block.expect("valid") {
                assert_eq!(packet.timestamp, time);
                seen.push((packet.interface_id, format!("{:?}", packet.options)));
            }
        }
        let [(0, first), (1, next)] = &seen[..] else {
            panic!("{seen:?}");
        };
        assert!(
            first.contains("did=16 sid=16 svc=- sep=- nti=4095 tier=3 flags=DLF+MULTICAST"),
            "{first}"
        );
        assert!(
            next.contains("did=17 sid=17 svc=10 sep=0 nti=4095 tier=3 flags=DIRECTED"),
            "{next}"
        );
        let interfaces = format!("{:?}", reader.interfaces());
        assert!(
            interfaces.contains("did 16") && interfaces.contains("left"),
            "{interfaces}"
        );
    }

    #[test]
    fn a_frame_never_takes_more_than_was_said() {
        let mut blocks = Blocks::new();
        for length in 14..200 {
            let frame = vec![0; length];
            let (frame, stamp) = (Frame::own(&frame), stamp(2047, Flags::all()));
            let (most, before) = (blocks.most_bytes(&frame, &stamp), blocks.len());
            blocks.push(&frame, &stamp);
            assert!(blocks.len() <= before + most);
        }
    }
}

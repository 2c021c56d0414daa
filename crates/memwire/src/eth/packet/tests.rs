//! That every frame is a valid datagram, whatever its length and stamp.

use std::time::Duration;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use proptest::prelude::*;

use super::*;

const FLOW: Flow = Flow {
    mac: (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2])),
    ip: (Ipv4Addr::new(198, 18, 0, 1), Ipv4Addr::new(198, 18, 0, 2)),
    ports: (10000, 9),
};

fn stamp(sequence: u64, nanos: u64) -> Stamp {
    Stamp {
        stream: 0x1701,
        sequence,
        sent_at: Duration::from_nanos(nanos),
    }
}

fn frame(bytes: usize, framing: Framing, stamp: Stamp) -> Vec<u8> {
    let templates = Templates::new(Sizes::Fixed(bytes), &FLOW, framing).expect("possible");
    let mut buffer = templates.filler().to_vec();
    let len = templates.write(0, stamp, &mut buffer);
    buffer.truncate(len);
    buffer
}

/// Both checksums hold, all lengths agree.
fn assert_valid(packet: &SlicedPacket<'_>) {
    let Some(NetSlice::Ipv4(ip)) = &packet.net else {
        panic!("not IPv4")
    };
    let Some(TransportSlice::Udp(udp)) = &packet.transport else {
        panic!("not UDP")
    };
    let header = ip.header().to_header();
    assert_eq!(header.calc_header_checksum(), header.header_checksum);
    let expected = udp
        .to_header()
        .calc_checksum_ipv4(&header, udp.payload())
        .expect("fits");
    assert_eq!(udp.checksum(), expected);
    assert_eq!(usize::from(udp.length()), udp.payload().len() + UDP);
    assert_eq!((udp.source_port(), udp.destination_port()), FLOW.ports);
}

proptest! {
    #[test]
    fn every_stamped_frame_is_a_valid_datagram(
        bytes in 64_usize..1600, sequence: u64, nanos: u64,
    ) {
        let stamp = stamp(sequence, nanos);
        let ethernet = frame(bytes, Framing::Ethernet, stamp);
        prop_assert_eq!(ethernet.len(), bytes);
        assert_valid(&SlicedPacket::from_ethernet(&ethernet).expect("parses"));
        prop_assert_eq!(Stamp::find(&ethernet, Framing::Ethernet), Some(stamp));
        let ip = frame(bytes, Framing::Ip, stamp);
        prop_assert_eq!(ip.len(), bytes);
        assert_valid(&SlicedPacket::from_ip(&ip).expect("parses"));
        prop_assert_eq!(Stamp::find(&ip, Framing::Ip), Some(stamp));
    }
}

#[test]
fn a_buffer_serves_one_length_after_another() {
    let cycle = Sizes::Imix.cycle();
    let templates = Templates::new(Sizes::Imix, &FLOW, Framing::Ethernet).expect("possible");
    let mut buffer = templates.filler().to_vec();
    for turn in 0..2 * templates.len() {
        let len = templates.write(turn, stamp(1, 2), &mut buffer);
        assert_eq!(len, cycle[turn % 12]);
        assert_valid(&SlicedPacket::from_ethernet(&buffer[..len]).expect("parses"));
    }
}

#[test]
fn the_longest_frame_is_the_longest_ipv4_packet() {
    let longest = frame(65_549, Framing::Ethernet, stamp(3, 4));
    assert_valid(&SlicedPacket::from_ethernet(&longest).expect("parses"));
    let error = Templates::new(Sizes::Fixed(65_550), &FLOW, Framing::Ethernet).unwrap_err();
    assert_eq!(
        error,
        PacketError::Length {
            bytes: 65_550,
            possible: 64..=65_549
        }
    );
}

#[test]
fn a_frame_without_room_for_the_stamp_is_refused() {
    let error = Templates::new(Sizes::Fixed(63), &FLOW, Framing::Ethernet).unwrap_err();
    assert_eq!(
        error,
        PacketError::Length {
            bytes: 63,
            possible: 64..=65_549
        }
    );
    assert!(Templates::new(Sizes::Fixed(50), &FLOW, Framing::Ip).is_ok());
    let error = Templates::new(Sizes::Fixed(64), &FLOW, Framing::Opaque).unwrap_err();
    assert_eq!(error, PacketError::Framing);
}

#[test]
fn a_checksum_of_zero_is_sent_as_ones() {
    assert_eq!(fold(0xffff), 0xffff);
    assert_eq!(fold(0x1_fffe), 0xffff);
    assert_eq!(fold(0x0001), 0xfffe);
}

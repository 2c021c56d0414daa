//! What a host answers, and what it does not.

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use proptest::prelude::*;

use super::*;

const OUR_IP: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);
const THEIR_IP: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const OURS: Mac = Mac([2, 0, 0, 0, 0, 2]);
const THEIRS: Mac = Mac([2, 0, 0, 0, 0, 1]);

fn host() -> Host {
    Host::new(OURS, OUR_IP, Framing::Ethernet)
}

fn answer(frame: &[u8]) -> Result<(Answer, Vec<u8>), DropReason> {
    let mut reply = vec![0xee; 7];
    host()
        .answer(frame, &mut reply)
        .map(|answer| (answer, reply))
}

fn request_for(target: Ipv4Addr, to: Mac) -> Vec<u8> {
    let request = ArpEthIpv4Packet {
        operation: ArpOperation::REQUEST,
        sender_mac: THEIRS.0,
        sender_ipv4: THEIR_IP.octets(),
        target_mac: [0; 6],
        target_ipv4: target.octets(),
    };
    let mut frame = Vec::new();
    let packet = PacketBuilder::ethernet2(THEIRS.0, to.0).arp(request.into());
    packet.write(&mut frame).expect("fits");
    frame
}

fn ping_to(target: Ipv4Addr, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let packet = PacketBuilder::ethernet2(THEIRS.0, OURS.0);
    let packet = packet.ipv4(THEIR_IP.octets(), target.octets(), 3);
    packet
        .icmpv4_echo_request(0x1234, 7)
        .write(&mut frame, payload)
        .expect("fits");
    frame
}

#[test]
fn a_request_for_our_address_is_answered_with_our_ethernet_address() {
    for to in [Mac::BROADCAST, OURS] {
        let (kind, reply) = answer(&request_for(OUR_IP, to)).expect("answered");
        assert_eq!(kind, Answer::Arp);
        let reply = SlicedPacket::from_ethernet(&reply).expect("parses");
        let Some(NetSlice::Arp(arp)) = reply.net else {
            panic!("not ARP")
        };
        let arp = arp.to_packet().try_eth_ipv4().expect("IPv4 over Ethernet");
        assert_eq!(arp.operation, ArpOperation::REPLY);
        assert_eq!((arp.sender_mac, arp.sender_ipv4_addr()), (OURS.0, OUR_IP));
        assert_eq!(
            (arp.target_mac, arp.target_ipv4_addr()),
            (THEIRS.0, THEIR_IP)
        );
    }
}

#[test]
fn requests_for_others_are_not_answered() {
    let other = Ipv4Addr::new(198, 18, 0, 3);
    assert_eq!(
        answer(&request_for(other, Mac::BROADCAST)),
        Err(DropReason::NotForUs)
    );
    assert_eq!(
        answer(&request_for(OUR_IP, Mac([2; 6]))),
        Err(DropReason::NotForUs)
    );
    assert_eq!(answer(&ping_to(other, b"x")), Err(DropReason::NotForUs));
}

#[test]
fn a_ping_is_answered_with_its_own_payload() {
    for payload in [&b""[..], &[0x55; 8972]] {
        let ping = ping_to(OUR_IP, payload);
        let (kind, reply) = answer(&ping).expect("answered");
        assert_eq!((kind, reply.len()), (Answer::Echo, ping.len()));
        assert_eq!(reply[..12], [THEIRS.0, OURS.0].concat());
        let reply = SlicedPacket::from_ethernet(&reply).expect("parses");
        let Some(TransportSlice::Icmpv4(icmp)) = reply.transport else {
            panic!("not ICMP")
        };
        let expected = IcmpEchoHeader { id: 0x1234, seq: 7 };
        assert_eq!(icmp.icmp_type(), Icmpv4Type::EchoReply(expected));
        assert_eq!(icmp.payload(), payload);
        assert_eq!(
            Sum16BitWords::new()
                .add_slice(icmp.slice())
                .ones_complement(),
            0
        );
    }
}

#[test]
fn a_ping_without_ethernet_is_answered_without_ethernet() {
    let host = Host::new(OURS, OUR_IP, Framing::Ip);
    let mut reply = Vec::new();
    let ping = ping_to(OUR_IP, b"abc");
    assert_eq!(host.answer(&ping[14..], &mut reply), Ok(Answer::Echo));
    assert_eq!(reply.len(), ping.len() - 14);
    assert_eq!(reply[12..20], [OUR_IP.octets(), THEIR_IP.octets()].concat());
}

#[test]
fn padding_behind_a_short_ping_is_not_echoed() {
    let mut frame = ping_to(OUR_IP, b"abc");
    let whole = frame.len();
    frame.resize(60, 0);
    assert_eq!(answer(&frame).expect("answered").1.len(), whole);
}

#[test]
fn a_damaged_ping_is_not_answered() {
    let mut frame = ping_to(OUR_IP, b"abcd");
    frame[43] ^= 1;
    assert_eq!(answer(&frame), Err(DropReason::BadChecksum), "payload");
    let mut frame = ping_to(OUR_IP, b"abcd");
    frame[22] ^= 1;
    assert_eq!(answer(&frame), Err(DropReason::BadChecksum), "IP header");
    let frame = ping_to(OUR_IP, b"abcd");
    assert_eq!(
        answer(&frame[..frame.len() - 1]),
        Err(DropReason::Malformed),
        "cut short"
    );
}

#[test]
fn whoever_claims_a_group_address_gets_no_answer() {
    let mut frame = ping_to(OUR_IP, b"abcd");
    frame[6] |= 1;
    assert_eq!(answer(&frame), Err(DropReason::Malformed));
    let mut frame = request_for(OUR_IP, Mac::BROADCAST);
    frame[22] |= 1;
    assert_eq!(answer(&frame), Err(DropReason::Malformed));
}

proptest! {
    #[test]
    fn any_bytes_are_answered_or_dropped_without_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut reply = Vec::new();
        for framing in [Framing::Ethernet, Framing::Ip, Framing::Opaque] {
            let _ = Host::new(OURS, OUR_IP, framing).answer(&bytes, &mut reply);
        }
    }

    #[test]
    fn a_question_damaged_anywhere_never_gets_a_longer_answer(
        ping: bool,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut frame =
            if ping { ping_to(OUR_IP, &[7; 40]) } else { request_for(OUR_IP, OURS) };
        for (at, value) in flips {
            let at = at.index(frame.len());
            frame[at] = value;
        }
        frame.truncate(cut.index(frame.len()) + 1);
        if let Ok((_, reply)) = answer(&frame) {
            prop_assert!(reply.len() <= frame.len());
        }
    }
}

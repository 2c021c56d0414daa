//! What counts as one conversation: 5-tuples, fragments, and frames that have neither.

use switch::{Addresses, Flow, Header, Mac};

const MACS: [u8; 12] = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 5];
const V4: Addresses = Addresses::V4([10, 0, 0, 1], [10, 0, 0, 2]);
const V6: Addresses = Addresses::V6([0xFD; 16], [0xFE; 16]);
const PORTS: [u8; 4] = [0x30, 0x39, 0, 80];
const CONVERSATION: Option<(u16, u16)> = Some((12345, 80));

fn flow(ethertype: [u8; 2], packet: &[u8]) -> Flow {
    let frame = [&MACS, &ethertype[..], packet].concat();
    Header::parse(&frame).expect("a header").flow()
}

/// An IPv4 packet: options in words, flags and offset, protocol, and what follows.
fn v4(options: u8, fragment: u16, protocol: u8, rest: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 20 + usize::from(options) * 4];
    packet[0] = 0x45 + options;
    packet[6..8].copy_from_slice(&fragment.to_be_bytes());
    packet[9] = protocol;
    packet[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
    [&packet, rest].concat()
}

fn v6(next: u8, rest: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 40];
    packet[0] = 0x60;
    packet[6] = next;
    packet[8..24].fill(0xFD);
    packet[24..40].fill(0xFE);
    [&packet, rest].concat()
}

fn expected(addresses: Addresses, protocol: Option<u8>, ports: Option<(u16, u16)>) -> Flow {
    Flow {
        addresses,
        protocol,
        ports,
    }
}

#[test]
fn tcp_udp_and_sctp_have_ports_over_both_versions_of_ip() {
    for protocol in [6, 17, 132] {
        let four = flow([0x08, 0x00], &v4(0, 0, protocol, &PORTS));
        assert_eq!(four, expected(V4, Some(protocol), CONVERSATION));
        let six = flow([0x86, 0xDD], &v6(protocol, &PORTS));
        assert_eq!(six, expected(V6, Some(protocol), CONVERSATION));
    }
}

#[test]
fn other_protocols_have_none() {
    let icmp = flow([0x08, 0x00], &v4(0, 0, 1, &PORTS));
    assert_eq!(icmp, expected(V4, Some(1), None));
    let icmp = flow([0x86, 0xDD], &v6(58, &PORTS));
    assert_eq!(icmp, expected(V6, Some(58), None));
}

#[test]
fn options_and_extensions_are_stepped_over() {
    let options = flow([0x08, 0x00], &v4(3, 0, 17, &PORTS));
    assert_eq!(options, expected(V4, Some(17), CONVERSATION));
    // hop-by-hop of 16 bytes, routing of 8, authentication of 24 (its unit is 4 bytes), destination of 8
    let mut extensions = vec![0; 16 + 8 + 24 + 8];
    extensions[0..2].copy_from_slice(&[43, 1]);
    extensions[16..18].copy_from_slice(&[51, 0]);
    extensions[24..26].copy_from_slice(&[60, 4]);
    extensions[48..50].copy_from_slice(&[6, 0]);
    let packet = v6(0, &[&extensions, &PORTS[..]].concat());
    let stepped = flow([0x86, 0xDD], &packet);
    assert_eq!(stepped, expected(V6, Some(6), CONVERSATION));
}

#[test]
fn all_fragments_of_a_packet_are_one_flow() {
    const MORE: u16 = 0x2000;
    for fragment in [MORE, MORE | 185, 370] {
        let four = flow([0x08, 0x00], &v4(0, fragment, 17, &PORTS));
        assert_eq!(four, expected(V4, None, None));
    }
    let do_not_fragment = flow([0x08, 0x00], &v4(0, 0x4000, 17, &PORTS));
    assert_eq!(do_not_fragment, expected(V4, Some(17), CONVERSATION));
    let six = v6(44, &[&[17, 0, 0, 1, 0, 0, 0, 7], &PORTS[..]].concat());
    assert_eq!(flow([0x86, 0xDD], &six), expected(V6, None, None));
}

#[test]
fn what_is_not_ip_or_only_says_so_is_told_by_its_ethernet_addresses() {
    let ethernet = Addresses::Ethernet(Mac([2, 0, 0, 0, 0, 5]), Mac([2, 0, 0, 0, 0, 9]));
    let plain = expected(ethernet, None, None);
    let whole = v4(0, 0, 17, &PORTS);
    let mut short_header = whole.clone();
    short_header[0] = 0x44;
    for (ethertype, packet) in [
        ([0x08, 0x06], &whole[..]),
        ([0x86, 0xDD], &whole[..]),
        ([0x08, 0x00], &whole[..19]),
        ([0x08, 0x00], &short_header[..]),
        ([0x08, 0x00], &v6(17, &PORTS)[..]),
        ([0x86, 0xDD], &v6(17, &[])[..39]),
    ] {
        assert_eq!(flow(ethertype, packet), plain);
    }
}

#[test]
fn a_packet_cut_before_its_ports_has_none() {
    let cut = flow([0x08, 0x00], &v4(0, 0, 17, &PORTS[..3]));
    assert_eq!(cut, expected(V4, Some(17), None));
    let endless = flow([0x86, 0xDD], &v6(0, &[0; 200]));
    assert_eq!(endless, expected(V6, None, None));
}

//! What is inside a frame, in the words of tcpdump: addresses, ports, and the gist of the message.

use std::fmt;
use std::net::IpAddr;

use etherparse::{
    ArpOperation, ArpPacketSlice, Icmpv4Slice, Icmpv4Type, Icmpv6Slice, Icmpv6Type, IpNumber,
    LaxIpPayloadSlice, LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice,
};

use super::mac::Mac;

/// The network layer and what is in it; and where reading had to stop.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, packet: &LaxSlicedPacket<'_>) -> fmt::Result {
    match &packet.net {
        Some(LaxNetSlice::Arp(arp)) => write_arp(f, arp)?,
        Some(LaxNetSlice::Ipv4(ip)) => {
            let ends = (
                ip.header().source_addr().into(),
                ip.header().destination_addr().into(),
            );
            transport(f, ends, ip.payload(), packet.transport.as_ref())?;
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let ends = (
                ip.header().source_addr().into(),
                ip.header().destination_addr().into(),
            );
            transport(f, ends, ip.payload(), packet.transport.as_ref())?;
        }
        None => {}
    }
    match &packet.stop_err {
        Some((_, layer)) => write!(f, " [{layer} cut short or malformed]"),
        None => Ok(()),
    }
}

fn write_arp(f: &mut fmt::Formatter<'_>, arp: &ArpPacketSlice<'_>) -> fmt::Result {
    let len = arp.slice().len();
    let Ok(packet) = arp.to_packet().try_eth_ipv4() else {
        return write!(f, "ARP of an unusual kind, length {len}");
    };
    let (sender, target) = (packet.sender_ipv4_addr(), packet.target_ipv4_addr());
    match packet.operation {
        ArpOperation::REQUEST => write!(f, "Request who-has {target} tell {sender}, length {len}"),
        ArpOperation::REPLY => {
            write!(
                f,
                "Reply {sender} is-at {}, length {len}",
                Mac(packet.sender_mac)
            )
        }
        other => write!(f, "ARP operation {}, length {len}", other.0),
    }
}

fn transport(
    f: &mut fmt::Formatter<'_>,
    (from, to): (IpAddr, IpAddr),
    payload: &LaxIpPayloadSlice<'_>,
    transport: Option<&TransportSlice<'_>>,
) -> fmt::Result {
    match transport {
        Some(TransportSlice::Udp(udp)) => {
            write!(
                f,
                "{from}.{} > {to}.{}: ",
                udp.source_port(),
                udp.destination_port()
            )?;
            write!(
                f,
                "UDP, length {}",
                usize::from(udp.length()).saturating_sub(8)
            )
        }
        Some(TransportSlice::Tcp(tcp)) => {
            write!(
                f,
                "{from}.{} > {to}.{}: ",
                tcp.source_port(),
                tcp.destination_port()
            )?;
            write_tcp(f, tcp)
        }
        Some(TransportSlice::Icmpv4(icmp)) => {
            write!(f, "{from} > {to}: ICMP {}", Icmp::V4(icmp))
        }
        Some(TransportSlice::Icmpv6(icmp)) => {
            write!(f, "{from} > {to}: ICMP6, {}", Icmp::V6(icmp))
        }
        Some(TransportSlice::Igmp(_)) | None => {
            write!(f, "{from} > {to}: ")?;
            write_protocol(f, payload)
        }
    }
}

fn write_tcp(f: &mut fmt::Formatter<'_>, tcp: &TcpSlice<'_>) -> fmt::Result {
    let flags = [
        (tcp.syn(), 'S'),
        (tcp.fin(), 'F'),
        (tcp.rst(), 'R'),
        (tcp.psh(), 'P'),
        (tcp.urg(), 'U'),
        (tcp.ece(), 'E'),
        (tcp.cwr(), 'W'),
        (tcp.ack(), '.'),
    ];
    f.write_str("Flags [")?;
    for (_, letter) in flags.iter().filter(|(set, _)| *set) {
        write!(f, "{letter}")?;
    }
    write!(f, "], seq {}", tcp.sequence_number())?;
    if tcp.ack() {
        write!(f, ", ack {}", tcp.acknowledgment_number())?;
    }
    write!(
        f,
        ", win {}, length {}",
        tcp.window_size(),
        tcp.payload().len()
    )
}

/// An ICMP message of either version.
enum Icmp<'a> {
    V4(&'a Icmpv4Slice<'a>),
    V6(&'a Icmpv6Slice<'a>),
}

impl fmt::Display for Icmp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (echo, kind, code, len) = match self {
            Icmp::V4(icmp) => {
                let echo = match icmp.icmp_type() {
                    Icmpv4Type::EchoRequest(echo) => Some(("request", echo)),
                    Icmpv4Type::EchoReply(echo) => Some(("reply", echo)),
                    _ => None,
                };
                (echo, icmp.type_u8(), icmp.code_u8(), icmp.slice().len())
            }
            Icmp::V6(icmp) => {
                let echo = match icmp.icmp_type() {
                    Icmpv6Type::EchoRequest(echo) => Some(("request", echo)),
                    Icmpv6Type::EchoReply(echo) => Some(("reply", echo)),
                    _ => None,
                };
                (echo, icmp.type_u8(), icmp.code_u8(), icmp.slice().len())
            }
        };
        match echo {
            Some((way, echo)) => write!(f, "echo {way}, id {}, seq {}", echo.id, echo.seq)?,
            None => write!(f, "type {kind} code {code}")?,
        }
        write!(f, ", length {len}")
    }
}

fn write_protocol(f: &mut fmt::Formatter<'_>, payload: &LaxIpPayloadSlice<'_>) -> fmt::Result {
    let IpNumber(number) = payload.ip_number;
    match payload.ip_number.keyword_str() {
        Some(name) => f.write_str(name)?,
        None => write!(f, "ip-proto-{number}")?,
    }
    if payload.fragmented {
        f.write_str(" fragment")?;
    }
    write!(f, ", length {}", payload.payload.len())
}

//! One host on the segment: it answers ARP requests and pings for its address, and nothing else.

use std::net::Ipv4Addr;

use etherparse::checksum::Sum16BitWords;
use etherparse::{
    ArpEthIpv4Packet, ArpHardwareId, ArpOperation, ArpPacketSlice, EtherType, Ethernet2Slice,
    IcmpEchoHeader, Icmpv4Slice, Icmpv4Type, IpNumber, Ipv4Slice, PacketBuilder,
};

use super::drops::DropReason;
use super::mac::Mac;
use super::stamp::Framing;

const TIME_TO_LIVE: u8 = 64;

/// A host with one Ethernet address and one IPv4 address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host {
    mac: Mac,
    ip: Ipv4Addr,
    framing: Framing,
}

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// An ARP request for our address.
    Arp,
    /// An ICMP echo request to our address.
    Echo,
}

impl Host {
    pub(crate) fn new(mac: Mac, ip: Ipv4Addr, framing: Framing) -> Host {
        Host { mac, ip, framing }
    }

    /// Writes the answer to a frame into `reply`, in place of what it held. No answer is longer
    /// than its question, so a `reply` with that capacity does not grow.
    pub(crate) fn answer(&self, frame: &[u8], reply: &mut Vec<u8>) -> Result<Answer, DropReason> {
        reply.clear();
        match self.framing {
            Framing::Ethernet => self.answer_ethernet(frame, reply),
            Framing::Ip => self.answer_ping(None, frame, reply),
            Framing::Opaque => Err(DropReason::OtherProtocol),
        }
    }

    fn answer_ethernet(&self, frame: &[u8], reply: &mut Vec<u8>) -> Result<Answer, DropReason> {
        let ethernet =
            Ethernet2Slice::from_slice_without_fcs(frame).map_err(|_| DropReason::Malformed)?;
        let (from, to) = (Mac(ethernet.source()), Mac(ethernet.destination()));
        if from.is_group() {
            return Err(DropReason::Malformed);
        }
        match ethernet.ether_type() {
            EtherType::ARP if to == self.mac || to == Mac::BROADCAST => {
                self.answer_arp(ethernet.payload_slice(), reply)
            }
            EtherType::IPV4 if to == self.mac => {
                self.answer_ping(Some(from), ethernet.payload_slice(), reply)
            }
            EtherType::ARP | EtherType::IPV4 => Err(DropReason::NotForUs),
            _ => Err(DropReason::OtherProtocol),
        }
    }

    fn answer_arp(&self, payload: &[u8], reply: &mut Vec<u8>) -> Result<Answer, DropReason> {
        let request = arp_request(payload)?;
        if request.target_ipv4 != self.ip.octets() {
            return Err(DropReason::NotForUs);
        }
        let answer = ArpEthIpv4Packet {
            operation: ArpOperation::REPLY,
            sender_mac: self.mac.0,
            sender_ipv4: self.ip.octets(),
            target_mac: request.sender_mac,
            target_ipv4: request.sender_ipv4,
        };
        PacketBuilder::ethernet2(self.mac.0, request.sender_mac)
            .arp(answer.into())
            .write(reply)
            .map_err(|_| DropReason::Malformed)?;
        Ok(Answer::Arp)
    }

    /// `from` is the Ethernet address to answer to, where there is one.
    fn answer_ping(
        &self,
        from: Option<Mac>,
        packet: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<Answer, DropReason> {
        let ip = Ipv4Slice::from_slice(packet).map_err(|_| DropReason::Malformed)?;
        let asker = self.asker(&ip)?;
        let icmp = echo_request(&ip)?;
        let Icmpv4Type::EchoRequest(IcmpEchoHeader { id, seq }) = icmp.icmp_type() else {
            return Err(DropReason::OtherProtocol);
        };
        let (ours, theirs) = (self.ip.octets(), asker.octets());
        let answer = match from {
            Some(mac) => {
                PacketBuilder::ethernet2(self.mac.0, mac.0).ipv4(ours, theirs, TIME_TO_LIVE)
            }
            None => PacketBuilder::ipv4(ours, theirs, TIME_TO_LIVE),
        };
        let answer = answer.icmpv4_echo_reply(id, seq);
        answer
            .write(reply, icmp.payload())
            .map_err(|_| DropReason::Malformed)?;
        Ok(Answer::Echo)
    }

    /// Who sent a packet to us, if that can be answered.
    fn asker(&self, ip: &Ipv4Slice<'_>) -> Result<Ipv4Addr, DropReason> {
        let header = ip.header();
        if header.to_header().calc_header_checksum() != header.header_checksum() {
            return Err(DropReason::BadChecksum);
        }
        if header.destination_addr() != self.ip {
            return Err(DropReason::NotForUs);
        }
        let from = header.source_addr();
        let nobody = from.is_unspecified() || from.is_multicast() || from.is_broadcast();
        if nobody {
            Err(DropReason::Malformed)
        } else {
            Ok(from)
        }
    }
}

/// An ARP request of IPv4 over Ethernet, from a station that can be answered.
fn arp_request(payload: &[u8]) -> Result<ArpEthIpv4Packet, DropReason> {
    let slice = ArpPacketSlice::from_slice(payload).map_err(|_| DropReason::Malformed)?;
    if slice.operation() != ArpOperation::REQUEST {
        return Err(DropReason::OtherProtocol);
    }
    if slice.hw_addr_type() != ArpHardwareId::ETHERNET {
        return Err(DropReason::OtherProtocol);
    }
    let request = slice
        .to_packet()
        .try_eth_ipv4()
        .map_err(|_| DropReason::OtherProtocol)?;
    if Mac(request.sender_mac).is_group() {
        return Err(DropReason::Malformed);
    }
    Ok(request)
}

/// The ICMP message of a packet that is whole.
fn echo_request<'a>(ip: &Ipv4Slice<'a>) -> Result<Icmpv4Slice<'a>, DropReason> {
    let payload = ip.payload();
    if payload.fragmented {
        return Err(DropReason::Fragment);
    }
    if payload.ip_number != IpNumber::ICMP {
        return Err(DropReason::OtherProtocol);
    }
    if Sum16BitWords::new()
        .add_slice(payload.payload)
        .ones_complement()
        != 0
    {
        return Err(DropReason::BadChecksum);
    }
    Icmpv4Slice::from_slice(payload.payload).map_err(|_| DropReason::Malformed)
}

#[cfg(test)]
mod tests;

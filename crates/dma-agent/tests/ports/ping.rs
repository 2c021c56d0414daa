//! ARP and ping, spoken by a client that has nothing but frames.

use std::net::Ipv4Addr;
use std::time::Duration;

use etherparse::{
    ArpEthIpv4Packet, ArpOperation, EtherType, Icmpv4Type, PacketBuilder, SlicedPacket,
    TransportSlice,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::common::Raw;

/// A host that is a client of the agent.
pub(crate) struct Pinger {
    pub(crate) raw: Raw,
    mac: [u8; 6],
    ip: Ipv4Addr,
    seen: u64,
    completed: u64,
}

impl Pinger {
    pub(crate) fn new(mut raw: Raw, ip: Ipv4Addr) -> Self {
        raw.post(1023);
        let mac = [2, 0, 0, 0, 0xCC, ip.octets()[3]];
        Self {
            raw,
            mac,
            ip,
            seen: 0,
            completed: 0,
        }
    }

    /// Asks who has this address, and waits for the answer.
    pub(crate) fn resolve(&mut self, ip: Ipv4Addr) -> [u8; 6] {
        self.ask(ip);
        let mac = self.mac;
        self.await_frame(|frame| answer(frame, mac, ip))
    }

    /// Asks, and waits only a little.
    pub(crate) fn hears_of(&mut self, ip: Ipv4Addr) -> bool {
        self.ask(ip);
        let (mac, little) = (
            self.mac,
            Timespec::try_from(Duration::from_millis(100)).ok(),
        );
        loop {
            let mut fds = [PollFd::new(&self.raw.sockets[0], PollFlags::IN)];
            if poll(&mut fds, little.as_ref()).expect("polls") == 0 {
                return false;
            }
            if answer(&self.next(), mac, ip).is_some() {
                return true;
            }
        }
    }

    /// Waits until the agent has taken everything that was sent.
    pub(crate) fn settle(&mut self) {
        while self.completed < self.raw.sent {
            self.raw.completion();
            self.completed += 1;
        }
    }

    fn ask(&mut self, ip: Ipv4Addr) {
        let question = ArpEthIpv4Packet {
            operation: ArpOperation::REQUEST,
            sender_mac: self.mac,
            sender_ipv4: self.ip.octets(),
            target_mac: [0; 6],
            target_ipv4: ip.octets(),
        };
        let mut frame = Vec::new();
        PacketBuilder::ethernet2(self.mac, [0xFF; 6])
            .arp(question.into())
            .write(&mut frame)
            .expect("a frame");
        self.raw.send(&frame, 'A', None);
    }

    /// Sends an echo request, and waits for the reply with the same payload.
    pub(crate) fn ping(&mut self, mac: [u8; 6], ip: Ipv4Addr, number: u16, size: usize) {
        let payload: Vec<u8> = (0..size)
            .map(|at| (at + usize::from(number)) as u8)
            .collect();
        let mut frame = Vec::new();
        PacketBuilder::ethernet2(self.mac, mac)
            .ipv4(self.ip.octets(), ip.octets(), 64)
            .icmpv4_echo_request(7, number)
            .write(&mut frame, &payload)
            .expect("a frame");
        self.raw.send(&frame, 'A', None);
        self.await_frame(|frame| {
            let packet = SlicedPacket::from_ethernet(frame).ok()?;
            let Some(TransportSlice::Icmpv4(icmp)) = packet.transport else {
                return None;
            };
            match icmp.icmp_type() {
                Icmpv4Type::EchoReply(header) if header.seq == number => {
                    assert_eq!(icmp.payload(), payload);
                    Some(())
                }
                _ => None,
            }
        });
    }

    /// Takes frames until one is it.
    fn await_frame<R>(&mut self, is_it: impl Fn(&[u8]) -> Option<R>) -> R {
        loop {
            if let Some(found) = is_it(&self.next()) {
                return found;
            }
        }
    }

    /// The next frame, without CRC.
    fn next(&mut self) -> Vec<u8> {
        let (mut frame, _) = self.raw.receive(self.seen);
        self.seen += 1;
        self.raw.post(1);
        frame.truncate(frame.len() - 4);
        frame
    }
}

/// Who has the address, if this is the answer to `mac`.
fn answer(frame: &[u8], mac: [u8; 6], ip: Ipv4Addr) -> Option<[u8; 6]> {
    let is_answer = frame[..6] == mac
        && frame[12..14] == EtherType::ARP.0.to_be_bytes()
        && frame[20..22] == [0, 2]
        && frame[28..32] == ip.octets();
    is_answer.then(|| frame[22..28].try_into().expect("six"))
}

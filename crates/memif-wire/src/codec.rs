//! From datagrams to [`Message`] and back. This is the only door between bytes and values.

use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::layout::{
    AckBytes, AddRegionBytes, AddRingBytes, ConnectBytes, DisconnectBytes, HelloBytes, InitBytes,
    RING_FLAG_S2M,
};
use crate::{
    AddRegion, AddRing, Direction, Disconnect, Hello, Init, Kind, MESSAGE_LEN, Message, Name,
    Secret, Text, Violation,
};

impl Message {
    /// Reads one datagram.
    ///
    /// # Errors
    /// [`Violation::WrongLength`] unless it has 128 bytes, [`Violation::UnknownType`] if its type is not one of eight.
    pub fn decode(datagram: &[u8]) -> Result<Message, Violation> {
        let got = read::<AckBytes>(datagram)?.kind.get();
        let kind = Kind::from_wire(got).ok_or(Violation::UnknownType { got })?;
        Ok(match kind {
            Kind::Ack => Message::Ack,
            Kind::Hello => Message::Hello(read::<HelloBytes>(datagram)?.into()),
            Kind::Init => Message::Init(read::<InitBytes>(datagram)?.into()),
            Kind::AddRegion => Message::AddRegion(read::<AddRegionBytes>(datagram)?.into()),
            Kind::AddRing => Message::AddRing(read::<AddRingBytes>(datagram)?.into()),
            Kind::Connect => {
                Message::Connect(Name::from_bytes(read::<ConnectBytes>(datagram)?.if_name))
            }
            Kind::Connected => {
                Message::Connected(Name::from_bytes(read::<ConnectBytes>(datagram)?.if_name))
            }
            Kind::Disconnect => Message::Disconnect(read::<DisconnectBytes>(datagram)?.into()),
        })
    }

    /// Reads one datagram and holds it to the rule about descriptors: ADD_REGION and ADD_RING come with one, all
    /// others with none.
    pub(crate) fn receive(datagram: &[u8], has_fd: bool) -> Result<Message, Violation> {
        let message = Message::decode(datagram)?;
        match (message.carries_fd(), has_fd) {
            (true, false) => Err(Violation::MissingFd {
                kind: message.kind(),
            }),
            (false, true) => Err(Violation::SurplusFd {
                kind: message.kind(),
            }),
            _ => Ok(message),
        }
    }

    /// The datagram, padded with zeros.
    pub fn encode(&self) -> [u8; MESSAGE_LEN] {
        match self {
            Message::Ack => zerocopy::transmute!(ack()),
            Message::Hello(hello) => zerocopy::transmute!(HelloBytes::from(hello)),
            Message::Init(init) => zerocopy::transmute!(InitBytes::from(init)),
            Message::AddRegion(region) => zerocopy::transmute!(AddRegionBytes::from(region)),
            Message::AddRing(ring) => zerocopy::transmute!(AddRingBytes::from(ring)),
            Message::Connect(name) => zerocopy::transmute!(connect(Kind::Connect, name)),
            Message::Connected(name) => zerocopy::transmute!(connect(Kind::Connected, name)),
            Message::Disconnect(disconnect) => {
                zerocopy::transmute!(DisconnectBytes::from(disconnect))
            }
        }
    }
}

fn read<T: FromBytes + KnownLayout + Immutable>(datagram: &[u8]) -> Result<T, Violation> {
    T::read_from_bytes(datagram).map_err(|_| Violation::WrongLength {
        got: datagram.len(),
    })
}

fn ack() -> AckBytes {
    AckBytes {
        kind: Kind::Ack.to_wire().into(),
        padding: [0; 126],
    }
}

fn connect(kind: Kind, name: &Name) -> ConnectBytes {
    ConnectBytes {
        kind: kind.to_wire().into(),
        if_name: *name.as_bytes(),
        padding: [0; 94],
    }
}

impl From<HelloBytes> for Hello {
    fn from(raw: HelloBytes) -> Hello {
        Hello {
            name: Name::from_bytes(raw.name),
            min_version: raw.min_version.get(),
            max_version: raw.max_version.get(),
            max_region: raw.max_region.get(),
            max_m2s_ring: raw.max_m2s_ring.get(),
            max_s2m_ring: raw.max_s2m_ring.get(),
            max_log2_slots: raw.max_log2_slots,
        }
    }
}

impl From<&Hello> for HelloBytes {
    fn from(hello: &Hello) -> HelloBytes {
        HelloBytes {
            kind: Kind::Hello.to_wire().into(),
            name: *hello.name.as_bytes(),
            min_version: hello.min_version.into(),
            max_version: hello.max_version.into(),
            max_region: hello.max_region.into(),
            max_m2s_ring: hello.max_m2s_ring.into(),
            max_s2m_ring: hello.max_s2m_ring.into(),
            max_log2_slots: hello.max_log2_slots,
            padding: [0; 83],
        }
    }
}

impl From<InitBytes> for Init {
    fn from(raw: InitBytes) -> Init {
        Init {
            version: raw.version.get(),
            id: raw.id.get(),
            mode: raw.mode,
            secret: Secret::from_bytes(raw.secret),
            name: Name::from_bytes(raw.name),
        }
    }
}

impl From<&Init> for InitBytes {
    fn from(init: &Init) -> InitBytes {
        InitBytes {
            kind: Kind::Init.to_wire().into(),
            version: init.version.into(),
            id: init.id.into(),
            mode: init.mode,
            secret: *init.secret.as_bytes(),
            name: *init.name.as_bytes(),
            padding: [0; 63],
        }
    }
}

impl From<AddRegionBytes> for AddRegion {
    fn from(raw: AddRegionBytes) -> AddRegion {
        AddRegion {
            index: raw.index.get(),
            size: raw.size.get(),
        }
    }
}

impl From<&AddRegion> for AddRegionBytes {
    fn from(region: &AddRegion) -> AddRegionBytes {
        AddRegionBytes {
            kind: Kind::AddRegion.to_wire().into(),
            index: region.index.into(),
            size: region.size.into(),
            padding: [0; 116],
        }
    }
}

impl From<AddRingBytes> for AddRing {
    fn from(raw: AddRingBytes) -> AddRing {
        let s2m = raw.flags.get() & RING_FLAG_S2M != 0;
        AddRing {
            direction: if s2m { Direction::S2m } else { Direction::M2s },
            index: raw.index.get(),
            region: raw.region.get(),
            offset: raw.offset.get(),
            log2_slots: raw.log2_slots,
            private_header: raw.private_header.get(),
        }
    }
}

impl From<&AddRing> for AddRingBytes {
    fn from(ring: &AddRing) -> AddRingBytes {
        let flags = match ring.direction {
            Direction::S2m => RING_FLAG_S2M,
            Direction::M2s => 0,
        };
        AddRingBytes {
            kind: Kind::AddRing.to_wire().into(),
            flags: flags.into(),
            index: ring.index.into(),
            region: ring.region.into(),
            offset: ring.offset.into(),
            log2_slots: ring.log2_slots,
            private_header: ring.private_header.into(),
            padding: [0; 113],
        }
    }
}

impl From<DisconnectBytes> for Disconnect {
    fn from(raw: DisconnectBytes) -> Disconnect {
        Disconnect {
            code: raw.code.get(),
            text: Text::from_bytes(raw.text),
        }
    }
}

impl From<&Disconnect> for DisconnectBytes {
    fn from(disconnect: &Disconnect) -> DisconnectBytes {
        DisconnectBytes {
            kind: Kind::Disconnect.to_wire().into(),
            code: disconnect.code.into(),
            text: *disconnect.text.as_bytes(),
            padding: [0; 26],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_add_ring_is_drawn_as_the_layout_says() {
        let ring = AddRing {
            direction: Direction::S2m,
            index: 0x0102,
            region: 0x0304,
            offset: 0x0506_0708,
            log2_slots: 9,
            private_header: 0x0a0b,
        };
        let datagram = Message::AddRing(ring).encode();
        assert_eq!(
            datagram[..15],
            [5, 0, 1, 0, 2, 1, 4, 3, 8, 7, 6, 5, 9, 0x0b, 0x0a]
        );
        assert_eq!(datagram[15..], [0; 113]);
    }

    #[test]
    fn padding_and_unknown_ring_flags_of_a_peer_are_ignored() {
        let mut datagram = [0xff; MESSAGE_LEN];
        datagram[..2].copy_from_slice(&[1, 0]);
        assert_eq!(Message::decode(&datagram), Ok(Message::Ack));
        datagram[..4].copy_from_slice(&[5, 0, 0xfe, 0xff]);
        let Ok(Message::AddRing(ring)) = Message::decode(&datagram) else {
            panic!("an ADD_RING")
        };
        assert_eq!(ring.direction, Direction::M2s);
    }
}

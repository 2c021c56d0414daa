//! A frame sent back to where it came from: source and destination change places.

use super::drops::DropReason;
use super::stamp::Framing;

/// Swaps source and destination in place: the Ethernet addresses, or without Ethernet the IP
/// addresses, which leaves every checksum valid. Opaque frames go back as they are.
pub(crate) fn reflect(frame: &mut [u8], framing: Framing) -> Result<(), DropReason> {
    match framing {
        Framing::Ethernet => swap(frame, 0, 6),
        Framing::Ip => match frame.first().map(|byte| byte >> 4) {
            Some(4) => swap(frame, 12, 4),
            Some(6) => swap(frame, 8, 16),
            _ => Err(DropReason::Malformed),
        },
        Framing::Opaque => Ok(()),
    }
}

/// Swaps two neighbouring fields of `len` bytes, the first of them at `at`.
fn swap(frame: &mut [u8], at: usize, len: usize) -> Result<(), DropReason> {
    let fields = frame
        .get_mut(at..at + 2 * len)
        .ok_or(DropReason::Malformed)?;
    let (first, second) = fields.split_at_mut(len);
    first.swap_with_slice(second);
    Ok(())
}

#[cfg(test)]
mod tests {
    use etherparse::{PacketBuilder, SlicedPacket};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ethernet_addresses_change_places() {
        let mut frame = vec![1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0, 99];
        assert_eq!(reflect(&mut frame, Framing::Ethernet), Ok(()));
        assert_eq!(frame, [2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 8, 0, 99]);
    }

    #[test]
    fn without_ethernet_the_ip_addresses_do_and_the_checksum_stays_valid() {
        let mut packet = Vec::new();
        let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(1, 2);
        builder.write(&mut packet, b"payload").expect("fits");
        assert_eq!(reflect(&mut packet, Framing::Ip), Ok(()));
        assert_eq!(packet[12..20], [10, 0, 0, 2, 10, 0, 0, 1]);
        let parsed = SlicedPacket::from_ip(&packet).expect("parses");
        let Some(etherparse::NetSlice::Ipv4(ip)) = parsed.net else {
            panic!("not IPv4")
        };
        let header = ip.header().to_header();
        assert_eq!(header.calc_header_checksum(), header.header_checksum);
    }

    #[test]
    fn a_frame_without_room_for_two_addresses_is_malformed() {
        assert_eq!(
            reflect(&mut [0; 11], Framing::Ethernet),
            Err(DropReason::Malformed)
        );
        assert_eq!(
            reflect(&mut [0x45; 19], Framing::Ip),
            Err(DropReason::Malformed)
        );
        assert_eq!(
            reflect(&mut [0x60; 39], Framing::Ip),
            Err(DropReason::Malformed)
        );
        assert_eq!(reflect(&mut [], Framing::Ip), Err(DropReason::Malformed));
    }

    proptest! {
        #[test]
        fn whatever_is_reflected_twice_is_as_it_was(
            bytes in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            for framing in [Framing::Ethernet, Framing::Ip, Framing::Opaque] {
                let mut frame = bytes.clone();
                if reflect(&mut frame, framing).is_ok() {
                    prop_assert_eq!(reflect(&mut frame, framing), Ok(()));
                }
                prop_assert_eq!(&frame, &bytes);
            }
        }
    }
}

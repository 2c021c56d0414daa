//! The numbers both ends agree on without ever saying them.

use crate::Tier;

/// Bytes of one frame buffer, and so the most that one descriptor can carry, CRC included.
pub const BUF_SIZE: u16 = 2048;

/// Bytes of a path in the client API, its NUL included.
pub const PATHLEN: usize = 512;

/// Tiers of service quality, each with an RX and a TX socket.
pub const TIERS: usize = 4;

/// Bytes of every answer to a binary registration.
pub const ANSWER_LEN: usize = 280;

/// Bytes that follow each frame for the CRC. Their content is nobody's business.
pub const CRC_LEN: u16 = 4;

/// The shortest Ethernet frame in bytes, without CRC: who sends a shorter one pads it.
pub const MIN_FRAME: u16 = 60;

/// The longest frame in bytes, without CRC, that a buffer holds.
pub const MAX_FRAME: u16 = BUF_SIZE - CRC_LEN;

/// Bytes of an Ethernet header: less is no frame at all.
pub const HEADER_LEN: u16 = 14;

/// One of a client's eight descriptor sockets, named as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Socket {
    /// The client writes empties and reads received frames.
    Rx(Tier),
    /// The client writes frames to send and reads completions.
    Tx(Tier),
}

impl Socket {
    /// All eight in the order in which the agent passes them, each in a message of its own.
    pub const ALL: [Socket; 2 * TIERS] = [
        Socket::Rx(Tier::ALL[0]),
        Socket::Rx(Tier::ALL[1]),
        Socket::Rx(Tier::ALL[2]),
        Socket::Rx(Tier::ALL[3]),
        Socket::Tx(Tier::ALL[0]),
        Socket::Tx(Tier::ALL[1]),
        Socket::Tx(Tier::ALL[2]),
        Socket::Tx(Tier::ALL[3]),
    ];

    /// The tier it belongs to.
    pub const fn tier(self) -> Tier {
        match self {
            Socket::Rx(tier) | Socket::Tx(tier) => tier,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sockets_are_passed_receiving_first_and_by_tier() {
        for (position, socket) in Socket::ALL.into_iter().enumerate() {
            assert_eq!(socket.tier().index(), position % TIERS);
            assert_eq!(matches!(socket, Socket::Rx(_)), position < TIERS);
        }
    }

    #[test]
    fn a_buffer_holds_the_longest_frame_and_its_crc() {
        assert_eq!((MIN_FRAME + CRC_LEN, MAX_FRAME), (64, 2044));
    }
}

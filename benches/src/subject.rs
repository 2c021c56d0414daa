//! Everything that is measured: ours, and the baselines.

use clap::ValueEnum;
use memif::Wait;

use crate::bridge::Bridge;
use crate::ethernet::Ethernet;
use crate::eventfd::Eventfds;
use crate::exchange::Exchange;
use crate::flag::Flags;
use crate::frames::Frames;
use crate::links::Direction;
use crate::oldest::OldestTenants;
use crate::packets::Packets;
use crate::ping_pong::PingPong;
use crate::round_trip::{Echo, Receive};
use crate::tenants::Tenants;

/// Something that is measured; its name tells the second process what to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Round trip, polling, received in bursts.
    PollBurst,
    /// Round trip, polling, received as owned frames.
    PollOwned,
    /// Round trip of a number between two cache lines.
    CacheLines,
    /// Round trip, sleeping.
    Interrupt,
    /// Round trip through two eventfds.
    Eventfds,
    /// 64-byte packets from client to server.
    SmallToServer,
    /// 64-byte packets from server to client.
    SmallToClient,
    /// 1518-byte packets from client to server.
    LargeToServer,
    /// 1518-byte packets from server to client.
    LargeToClient,
    /// 1080p frames from client to server.
    FramesToServer,
    /// 1080p frames from server to client.
    FramesToClient,
    /// 1080p frames handed over by a flag.
    FramesByFlag,
    /// 64-byte Ethernet frames between two tenants of an agent, by rings.
    RingTenants,
    /// The same by descriptor sockets.
    Tenants,
    /// The same between two clients that write each descriptor by itself.
    OldestTenants,
    /// 64-byte Ethernet frames over the Linux bridge.
    Bridge,
}

impl Subject {
    /// Its name for people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::PollBurst => "Memwire, burst",
            Self::PollOwned => "Memwire, owned frames",
            Self::CacheLines => "raw cache-line ping-pong",
            Self::Interrupt => "Memwire, burst",
            Self::Eventfds => "raw eventfd ping-pong",
            Self::SmallToServer | Self::LargeToServer => "Memwire, client to server",
            Self::SmallToClient | Self::LargeToClient => "Memwire, server to client",
            Self::FramesToServer => "Memwire, client to server",
            Self::FramesToClient => "Memwire, server to client",
            Self::FramesByFlag => "bare atomic flag",
            Self::RingTenants => "Memwire agent, by rings",
            Self::Tenants => "Memwire agent, by sockets",
            Self::OldestTenants => "Memwire agent, oldest clients",
            Self::Bridge => "Linux bridge, two veth pairs",
        }
    }

    /// What the two processes do.
    pub(crate) fn exchange(self) -> Box<dyn Exchange> {
        use Direction::{ToClient, ToServer};
        match self {
            Self::PollBurst => echo(Wait::Poll, Receive::Burst),
            Self::PollOwned => echo(Wait::Poll, Receive::Owned),
            Self::CacheLines => Box::new(PingPong),
            Self::Interrupt => echo(Wait::Interrupt, Receive::Burst),
            Self::Eventfds => Box::new(Eventfds),
            Self::SmallToServer => packets(ToServer, 64),
            Self::SmallToClient => packets(ToClient, 64),
            Self::LargeToServer => packets(ToServer, 1518),
            Self::LargeToClient => packets(ToClient, 1518),
            Self::FramesToServer => frames(ToServer),
            Self::FramesToClient => frames(ToClient),
            Self::FramesByFlag => Box::new(Flags),
            Self::RingTenants => tenants(true),
            Self::Tenants => tenants(false),
            Self::OldestTenants => Box::new(Ethernet(OldestTenants)),
            Self::Bridge => Box::new(Ethernet(Bridge)),
        }
    }
}

fn echo(wait: Wait, receive: Receive) -> Box<dyn Exchange> {
    Box::new(Echo { wait, receive })
}

fn tenants(rings: bool) -> Box<dyn Exchange> {
    Box::new(Ethernet(Tenants { rings }))
}

fn packets(direction: Direction, bytes: usize) -> Box<dyn Exchange> {
    Box::new(Packets { direction, bytes })
}

fn frames(direction: Direction) -> Box<dyn Exchange> {
    Box::new(Frames { direction })
}

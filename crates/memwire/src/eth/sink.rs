//! `memwire eth sink`: takes every frame and counts it.

use clap::Args;
use memif::Traffic;
use serde::Serialize;

use super::account::{Account, Received};
use super::args::{PortArgs, Until};
use super::batch::MAX_BURST;
use super::drops::Drops;
use super::port::Port;
use super::stamp::Stamp;
use super::ticker::Ticker;
use super::watch::Peers;
use crate::cli::Common;
use crate::clock;
use crate::report::{Summary, Talk};
use crate::stop::Stop;

/// Arguments of `memwire eth sink`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SinkArgs {
    #[command(flatten)]
    pub(super) port: PortArgs,
}

/// The last word of a sink.
#[derive(Debug, Serialize)]
pub(super) struct Sunk {
    #[serde(flatten)]
    received: Received,
    drops: Drops,
    #[serde(flatten)]
    peers: Peers,
}

impl Summary for Sunk {
    fn rows(&self) -> Vec<(&'static str, String)> {
        [self.received.rows(), self.drops.rows(), self.peers.rows()].concat()
    }
}

/// Counts until there is enough, and tells.
pub(crate) fn run(args: &SinkArgs, common: &Common) -> anyhow::Result<()> {
    let until = Until::new(&args.port, Stop::on_signals()?, clock::monotonic());
    let talk = Talk::new(common, false);
    talk.finish(&serve(args, &until, &talk)?)
}

/// Counts until there is enough.
pub(super) fn serve(args: &SinkArgs, until: &Until, talk: &Talk) -> anyhow::Result<Sunk> {
    let mut port = Port::open(&args.port, Traffic::Receive)?;
    let mut account = Account::new(args.port.framing());
    let mut ticker = Ticker::new(clock::monotonic());
    loop {
        let now = clock::monotonic();
        if until.over(account.meter.frames(), now) {
            break;
        }
        port.attend(now, talk)?;
        ticker.tick(now, talk, |now| account.interval(now));
        let left = until.left(account.meter.frames());
        if drain(&mut port, &mut account, left, talk)? == 0 {
            port.pause(until.slice(), talk)?;
        }
    }
    let (peers, drops) = port.close();
    let received = account.received();
    Ok(Sunk {
        received,
        drops,
        peers,
    })
}

/// Takes a burst from each queue, at most `left` frames in all, and counts it; returns the number
/// of frames.
pub(crate) fn drain(
    port: &mut Port,
    account: &mut Account,
    left: u64,
    talk: &Talk,
) -> anyhow::Result<u64> {
    let mut frames = 0;
    for queue in 0..port.queues() {
        let most = usize::try_from(left - frames).map_or(MAX_BURST, |left| left.min(MAX_BURST));
        if most == 0 {
            break;
        }
        let outcome = match port.burst(queue, most) {
            Ok(burst) => {
                let now = clock::monotonic();
                for packet in burst.iter() {
                    let mut head = [0; Stamp::HEAD];
                    let copied = packet.copy_to(&mut head);
                    account.frame(packet.len(), &head[..copied], now);
                    frames += 1;
                }
                Ok(())
            }
            Err(error) => Err(error),
        };
        port.settle(outcome, talk)?;
    }
    Ok(frames)
}

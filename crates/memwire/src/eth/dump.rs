//! `memwire eth dump`: prints frames, or writes them into a capture file.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use memif::Traffic;
use serde::Serialize;

use super::account::rate_rows;
use super::args::{PortArgs, Until};
use super::batch::MAX_BURST;
use super::capture::Capture;
use super::describe::Line;
use super::drops::Drops;
use super::meter::{Meter, Rates};
use super::port::Port;
use super::show::{Show, Shown};
use super::stamp::Framing;
use super::watch::Peers;
use crate::cli::Common;
use crate::clock;
use crate::report::{Summary, Talk};
use crate::stop::Stop;

/// The longest that capture files allow a kept frame to be.
const LONGEST_KEPT: u32 = 262_144;

/// Arguments of `memwire eth dump`.
#[derive(Args, Clone, Debug)]
pub(crate) struct DumpArgs {
    #[command(flatten)]
    pub(super) port: PortArgs,
    /// Write a pcap file instead of lines; - is standard output, for tcpdump -r -
    #[arg(short, long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Look at no more than the first BYTES of a frame
    #[arg(short = 'S', long, value_name = "BYTES", default_value_t = LONGEST_KEPT,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(LONGEST_KEPT)))]
    snaplen: u32,
    /// Also print the bytes
    #[arg(short = 'x', long, conflicts_with = "write")]
    hex: bool,
}

/// The last word of a dump.
#[derive(Debug, Serialize)]
pub(super) struct Dumped {
    #[serde(flatten)]
    rates: Rates,
    drops: Drops,
    #[serde(flatten)]
    peers: Peers,
}

impl Summary for Dumped {
    fn rows(&self) -> Vec<(&'static str, String)> {
        [rate_rows(&self.rates), self.drops.rows(), self.peers.rows()].concat()
    }
}

/// Prints or writes until there is enough, and tells.
pub(crate) fn run(args: &DumpArgs, common: &Common) -> anyhow::Result<()> {
    let until = Until::new(&args.port, Stop::on_signals()?, clock::monotonic());
    let dump = Dump::new(args, common)?;
    let talk = Talk::new(common, dump.show.uses_stdout());
    talk.finish(&serve(args, dump, &until, &talk)?)
}

/// Prints or writes until there is enough.
pub(super) fn serve(
    args: &DumpArgs,
    mut dump: Dump,
    until: &Until,
    talk: &Talk,
) -> anyhow::Result<Dumped> {
    let mut port = Port::open(&args.port, Traffic::Receive)?;
    loop {
        let now = clock::monotonic();
        if until.over(dump.meter.frames(), now) {
            break;
        }
        port.attend(now, talk)?;
        let before = dump.meter.frames();
        for queue in 0..port.queues() {
            dump.take(&mut port, queue, until, talk)?;
        }
        dump.show.flush()?;
        if dump.meter.frames() == before {
            port.pause(until.slice(), talk)?;
        }
    }
    let (peers, drops) = port.close();
    let rates = dump.meter.total();
    Ok(Dumped {
        rates,
        drops,
        peers,
    })
}

/// Frames on their way to where they are shown.
#[derive(Debug)]
pub(super) struct Dump {
    show: Show,
    framing: Framing,
    /// Memory for the part of a frame that is looked at.
    kept: Vec<u8>,
    meter: Meter,
}

impl Dump {
    pub(super) fn new(args: &DumpArgs, common: &Common) -> anyhow::Result<Dump> {
        let framing = args.port.framing();
        let show = match &args.write {
            Some(path) => Show::capture(Capture::new(framing, args.snaplen)?, path)?,
            None if common.json => Show::objects(),
            None => Show::lines(args.hex),
        };
        let bytes = usize::try_from(args.snaplen).context("more than this machine addresses")?;
        Ok(Dump {
            show,
            framing,
            kept: vec![0; bytes],
            meter: Meter::default(),
        })
    }

    /// Takes a burst from a queue and shows it.
    fn take(
        &mut self,
        port: &mut Port,
        queue: usize,
        until: &Until,
        talk: &Talk,
    ) -> anyhow::Result<()> {
        let left = until.left(self.meter.frames());
        let most = usize::try_from(left).map_or(MAX_BURST, |left| left.min(MAX_BURST));
        if most == 0 {
            return Ok(());
        }
        let outcome = match port.burst(queue, most) {
            Ok(burst) => {
                let (now, time) = (clock::monotonic(), clock::realtime());
                for packet in burst.iter() {
                    let len = packet.len();
                    self.meter.count(1, len as u64, now);
                    let copied = packet.copy_to(&mut self.kept);
                    let line = Line {
                        bytes: &self.kept[..copied],
                        len,
                        framing: self.framing,
                    };
                    self.show.frame(Shown { time, queue, line })?;
                }
                Ok(())
            }
            Err(error) => Err(error),
        };
        port.settle(outcome, talk)
    }
}

//! `memwire eth gen`: sends UDP frames at a rate, and counts those that come back.

use std::net::Ipv4Addr;
use std::time::Duration;

use clap::Args;
use memif::Traffic;
use serde::Serialize;

use super::account::{Account, Received, rate_rows};
use super::args::{PortArgs, Until};
use super::batch::MAX_BURST;
use super::drops::Drops;
use super::generator::Generator;
use super::mac::Mac;
use super::meter::Rates;
use super::pace::Pace;
use super::packet::{Flow, PacketError, Templates};
use super::port::Port;
use super::sink::drain;
use super::sizes::Sizes;
use super::ticker::Ticker;
use super::watch::Peers;
use crate::cli::Common;
use crate::clock;
use crate::exit::misuse;
use crate::report::{Summary, Talk, grouped};
use crate::stop::Stop;

/// After the last frame, those on their way back have this long to come, one after the other.
const LAST_RETURNS: Duration = Duration::from_millis(200);

/// Arguments of `memwire eth gen`.
#[derive(Args, Clone, Debug)]
pub(crate) struct GenArgs {
    #[command(flatten)]
    pub(super) port: PortArgs,
    /// Bytes per frame as in the ring, there is no FCS: N, LO-HI, or imix (64, 570, 1518 in 7:4:1)
    #[arg(short, long, value_name = "SIZE", default_value_t = Sizes::Fixed(64))]
    size: Sizes,
    /// Frames per second; 0 is as fast as the peer takes them
    #[arg(short, long, value_name = "PPS", default_value_t = 0)]
    rate: u64,
    /// The most frames handed over at once
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = burst)]
    burst: usize,
    /// From this Ethernet address
    #[arg(
        long,
        value_name = "MAC",
        default_value = "02:00:c6:12:00:01",
        help_heading = "Frames"
    )]
    src_mac: Mac,
    /// To this Ethernet address
    #[arg(
        long,
        value_name = "MAC",
        default_value = "02:00:c6:12:00:02",
        help_heading = "Frames"
    )]
    dst_mac: Mac,
    /// From this IPv4 address
    #[arg(
        long,
        value_name = "IP",
        default_value = "198.18.0.1",
        help_heading = "Frames"
    )]
    src_ip: Ipv4Addr,
    /// To this IPv4 address
    #[arg(
        long,
        value_name = "IP",
        default_value = "198.18.0.2",
        help_heading = "Frames"
    )]
    dst_ip: Ipv4Addr,
    /// UDP ports, from and to
    #[arg(long, value_name = "SRC:DST", default_value = "10000:9", value_parser = ports,
          help_heading = "Frames")]
    ports: (u16, u16),
}

impl GenArgs {
    fn templates(&self) -> Result<Templates, PacketError> {
        let flow = Flow {
            mac: (self.src_mac, self.dst_mac),
            ip: (self.src_ip, self.dst_ip),
            ports: self.ports,
        };
        Templates::new(self.size, &flow, self.port.framing())
    }
}

/// The last word of a generator.
#[derive(Debug, Serialize)]
pub(super) struct Generated {
    #[serde(flatten)]
    rates: Rates,
    /// Frames that fell due while the peer took none, and were given up.
    late: u64,
    /// What came back; nothing if nobody sends anything.
    returned: Option<Received>,
    /// Frames that came back and could not be taken.
    drops: Drops,
    #[serde(flatten)]
    peers: Peers,
}

impl Summary for Generated {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = rate_rows(&self.rates);
        if self.late > 0 {
            rows.push(("late", grouped(self.late)));
        }
        rows.extend(self.drops.rows());
        rows.extend(self.peers.rows());
        if let Some(returned) = &self.returned {
            rows.push(("returned", String::new()));
            rows.extend(returned.rows());
        }
        rows
    }
}

/// Generates until there is enough, and tells.
pub(crate) fn run(args: &GenArgs, common: &Common) -> anyhow::Result<()> {
    let until = Until::new(&args.port, Stop::on_signals()?, clock::monotonic());
    let talk = Talk::new(common, false);
    talk.finish(&serve(args, &until, &talk)?)
}

/// Generates until there is enough.
pub(super) fn serve(args: &GenArgs, until: &Until, talk: &Talk) -> anyhow::Result<Generated> {
    let templates = args.templates().map_err(misuse)?;
    let mut generator = Generator::new(templates, args.burst, args.port.link.queues);
    let mut port = Port::open(&args.port, Traffic::Both)?;
    let mut returned = Account::new(args.port.framing());
    let mut pace = Pace::new(args.rate, clock::monotonic());
    let mut ticker = Ticker::new(clock::monotonic());
    loop {
        let now = clock::monotonic();
        if until.over(generator.sent.frames(), now) {
            break;
        }
        port.attend(now, talk)?;
        ticker.tick(now, talk, |now| generator.interval(now));
        drain(&mut port, &mut returned, u64::MAX, talk)?;
        if port.is_up() {
            advance(&mut generator, &mut pace, &mut port, until, talk)?;
        } else {
            port.pause(until.slice(), talk)?;
            pace.restart(clock::monotonic());
        }
    }
    last_returns(&mut port, &mut returned, &generator, talk)?;
    let (peers, drops) = port.close();
    let received = returned.received();
    Ok(Generated {
        rates: generator.sent.total(),
        late: pace.forgiven(),
        returned: (received.rates.frames > 0).then_some(received),
        drops,
        peers,
    })
}

/// Sends what is due, or waits until something is, or until there is room.
fn advance(
    generator: &mut Generator,
    pace: &mut Pace,
    port: &mut Port,
    until: &Until,
    talk: &Talk,
) -> anyhow::Result<()> {
    let now = clock::monotonic();
    let due = pace.due(now).min(until.left(generator.sent.frames()));
    match generator.send(port, due, now, talk)? {
        0 if due == 0 => port.pause(wait(pace, now, until), talk)?,
        0 => port.wait_for_room(generator.queue, talk)?,
        sent => pace.sent(sent),
    }
    Ok(())
}

/// Until the next frame is due.
fn wait(pace: &Pace, now: Duration, until: &Until) -> Duration {
    let slice = until.slice();
    pace.next()
        .map_or(slice, |next| next.saturating_sub(now).min(slice))
}

/// Frames that are still on their way back from a peer that returns them.
fn last_returns(
    port: &mut Port,
    returned: &mut Account,
    generator: &Generator,
    talk: &Talk,
) -> anyhow::Result<()> {
    let mut quiet_since = clock::monotonic();
    while (1..generator.sent.frames()).contains(&returned.meter.frames()) {
        if drain(port, returned, u64::MAX, talk)? > 0 {
            quiet_since = clock::monotonic();
        }
        let quiet = clock::monotonic().saturating_sub(quiet_since);
        if quiet >= LAST_RETURNS || !port.is_up() {
            break;
        }
        port.pause(LAST_RETURNS - quiet, talk)?;
    }
    Ok(())
}

fn burst(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(frames) if (1..=MAX_BURST).contains(&frames) => Ok(frames),
        _ => Err(format!("a burst has 1 to {MAX_BURST} frames")),
    }
}

fn ports(text: &str) -> Result<(u16, u16), String> {
    let parse = |text: &str| text.parse().ok();
    text.split_once(':')
        .and_then(|(from, to)| Some((parse(from)?, parse(to)?)))
        .ok_or_else(|| "give two ports from 0 to 65535, such as 10000:9".to_owned())
}

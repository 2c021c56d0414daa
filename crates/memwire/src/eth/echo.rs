//! `memwire eth echo`: sends every frame back, or answers as one host would.

use std::net::Ipv4Addr;
use std::time::Duration;

use clap::Args;
use memif::{Error, Traffic};
use serde::Serialize;

use super::account::rate_rows;
use super::args::{PortArgs, Until};
use super::batch::{Batch, MAX_BURST, MAX_FRAME, total};
use super::drops::{DropReason, Drops};
use super::host::{Answer, Host};
use super::mac::Mac;
use super::meter::{Meter, Rates};
use super::mirror::reflect;
use super::port::Port;
use super::stamp::Framing;
use super::ticker::Ticker;
use super::watch::Peers;
use crate::cli::Common;
use crate::clock;
use crate::exit::misuse;
use crate::report::{Summary, Talk, grouped};
use crate::stop::Stop;

/// How long a burst may wait for room before what is left of it is dropped.
const PATIENCE: Duration = Duration::from_millis(100);

/// Arguments of `memwire eth echo`.
#[derive(Args, Clone, Debug)]
pub(crate) struct EchoArgs {
    #[command(flatten)]
    pub(super) port: PortArgs,
    /// Be a host with this address: answer ARP and ping for it, and nothing else
    #[arg(long, value_name = "A.B.C.D")]
    ip: Option<Ipv4Addr>,
    /// The host's Ethernet address [default: 02:00 and the four bytes of --ip]
    #[arg(long, value_name = "MAC", requires = "ip")]
    mac: Option<Mac>,
}

/// The last word of an echo.
#[derive(Debug, Serialize)]
pub(super) struct Echoed {
    #[serde(flatten)]
    rates: Rates,
    received: u64,
    arp_answers: u64,
    ping_answers: u64,
    drops: Drops,
    #[serde(flatten)]
    peers: Peers,
}

impl Summary for Echoed {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("received", grouped(self.received))];
        rows.extend(rate_rows(&self.rates));
        if self.arp_answers + self.ping_answers > 0 {
            rows.push(("ARP answers", grouped(self.arp_answers)));
            rows.push(("ping answers", grouped(self.ping_answers)));
        }
        rows.extend(self.drops.rows());
        rows.extend(self.peers.rows());
        rows
    }
}

/// Answers until there is enough, and tells.
pub(crate) fn run(args: &EchoArgs, common: &Common) -> anyhow::Result<()> {
    let until = Until::new(&args.port, Stop::on_signals()?, clock::monotonic());
    let talk = Talk::new(common, false);
    talk.finish(&serve(args, &until, &talk)?)
}

/// Answers until there is enough.
pub(super) fn serve(args: &EchoArgs, until: &Until, talk: &Talk) -> anyhow::Result<Echoed> {
    let mut echo = Echo::new(args)?;
    let mut port = Port::open(&args.port, Traffic::Both)?;
    let mut ticker = Ticker::new(clock::monotonic());
    loop {
        let now = clock::monotonic();
        if until.over(echo.sent.frames(), now) {
            break;
        }
        port.attend(now, talk)?;
        ticker.tick(now, talk, |now| echo.interval(now));
        if echo.round(&mut port, talk)? == 0 {
            port.pause(until.slice(), talk)?;
        }
    }
    // What a peer has published before it left has come.
    while !port.is_up() && echo.round(&mut port, talk)? > 0 {}
    let (peers, drops) = port.close();
    echo.drops.add(drops);
    Ok(echo.echoed(peers))
}

/// How a frame is answered.
#[derive(Debug)]
enum Manner {
    /// By itself, with source and destination exchanged.
    Mirror(Framing),
    /// As a host does; the answer is made in the second field.
    Host(Host, Vec<u8>),
}

impl Manner {
    /// Turns a frame into its answer, in place, and returns the answer's length.
    fn answer(&mut self, frame: &mut [u8], answers: &mut Answers) -> Result<usize, DropReason> {
        match self {
            Manner::Mirror(framing) => reflect(frame, *framing).map(|()| frame.len()),
            Manner::Host(host, answer) => {
                answers.count(host.answer(frame, answer)?);
                // No answer is longer than its question.
                let room = frame.get_mut(..answer.len()).ok_or(DropReason::Oversize)?;
                room.copy_from_slice(answer);
                Ok(answer.len())
            }
        }
    }
}

/// What a host answered.
#[derive(Debug, Clone, Copy, Default)]
struct Answers {
    arp: u64,
    ping: u64,
}

impl Answers {
    fn count(&mut self, answer: Answer) {
        match answer {
            Answer::Arp => self.arp += 1,
            Answer::Echo => self.ping += 1,
        }
    }
}

/// Frames on their way back, and the counts.
#[derive(Debug)]
struct Echo {
    manner: Manner,
    batch: Batch,
    received: u64,
    sent: Meter,
    answers: Answers,
    drops: Drops,
}

impl Echo {
    fn new(args: &EchoArgs) -> anyhow::Result<Echo> {
        let framing = args.port.framing();
        let manner = match args.ip {
            None => Manner::Mirror(framing),
            Some(_) if framing == Framing::Opaque => {
                return Err(misuse(
                    "a host speaks Ethernet or IP: use --mode ethernet or ip with --ip",
                ));
            }
            Some(ip) => {
                let mac = args.mac.unwrap_or(Mac::of(ip));
                let host = Host::new(mac, ip, framing);
                Manner::Host(host, Vec::with_capacity(MAX_FRAME))
            }
        };
        Ok(Echo {
            manner,
            batch: Batch::new(MAX_BURST),
            received: 0,
            sent: Meter::default(),
            answers: Answers::default(),
            drops: Drops::default(),
        })
    }

    /// Answers a burst of each queue; how many frames came.
    fn round(&mut self, port: &mut Port, talk: &Talk) -> anyhow::Result<usize> {
        let mut frames = 0;
        for queue in 0..port.queues() {
            frames += self.take(port, queue, talk)?;
            self.give(port, queue, talk)?;
        }
        Ok(frames)
    }

    /// Takes a burst from a queue, and makes the answers.
    fn take(&mut self, port: &mut Port, queue: usize, talk: &Talk) -> anyhow::Result<usize> {
        self.batch.clear();
        let mut frames = 0;
        let outcome = match port.burst(queue, MAX_BURST) {
            Ok(burst) => {
                for packet in burst.iter() {
                    frames += 1;
                    let (manner, answers) = (&mut self.manner, &mut self.answers);
                    let kept = self.batch.push(packet.len(), |room| {
                        let copied = packet.copy_to(room);
                        manner.answer(&mut room[..copied], answers)
                    });
                    if let Err(reason) = kept {
                        self.drops.count(reason, 1);
                    }
                }
                Ok(())
            }
            Err(error) => Err(error),
        };
        self.received += frames as u64;
        port.settle(outcome, talk)?;
        Ok(frames)
    }

    /// Sends the answers on the same queue. Those that find no room in time are dropped.
    fn give(&mut self, port: &mut Port, queue: usize, talk: &Talk) -> anyhow::Result<()> {
        let mut views = [&[][..]; MAX_BURST];
        let mut left = self.batch.view(&mut views);
        let mut patience = None;
        while !left.is_empty() {
            let now = clock::monotonic();
            match port.send(queue, left) {
                Ok(0) if now >= *patience.get_or_insert(now + PATIENCE) => {
                    self.drops.count(DropReason::NoRoom, left.len() as u64);
                    break;
                }
                Ok(0) => port.wait_for_room(queue, talk)?,
                Ok(sent) => {
                    self.sent.count(sent as u64, total(&left[..sent]), now);
                    left = &left[sent..];
                }
                // The peer's ring cannot hold the first of them; the others may fit.
                Err(Error::Misuse(_)) => {
                    self.drops.count(DropReason::Oversize, 1);
                    left = &left[1..];
                }
                Err(error) => {
                    self.drops.count(DropReason::NoPeer, left.len() as u64);
                    return port.settle(Err(error), talk);
                }
            }
        }
        Ok(())
    }

    fn interval(&mut self, now: Duration) -> String {
        let rates = self.sent.interval(now);
        let dropped = grouped(self.drops.total());
        let frames = grouped(self.sent.frames());
        format!("{frames} frames, {}, {dropped} dropped", rates.spelled())
    }

    fn echoed(&self, peers: Peers) -> Echoed {
        Echoed {
            rates: self.sent.total(),
            received: self.received,
            arp_answers: self.answers.arp,
            ping_answers: self.answers.ping,
            drops: self.drops,
            peers,
        }
    }
}

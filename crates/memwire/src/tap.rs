//! `memwire tap`: a network interface of this host that is a tenant of an agent.

mod bridge;
mod mac;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;
use descsock::{Client, Options, Wait};
use dma_agent::config::places;
use dma_agent::tap::{Tap, TapOptions};
use memif::Address;
use switch::Mac;

use crate::cli::Common;
use crate::report::Talk;
use crate::stop::{SLICE, Stop};
use bridge::Bridge;

/// The longest frame of an interface with this much payload: header and two VLAN tags more.
const OVERHEAD: u32 = 14 + 8;
/// Where the shared file goes unless said: huge pages if there are any.
const MEMORY: [&str; 3] = ["/var/huge_pages/2048kB", "/var/hugepages", "/dev/shm"];

const EXAMPLES: &str = "\
Examples:
  memwire agent &                                            a switch for tenants
  memwire tap --tenant-name a --tenant-ip 10.0.0.1 &         an interface of this host
  memwire tap --tenant-name b --tenant-ip 10.0.0.2 --interface if_b

The interface takes root, or one that was prepared for this user (ip tuntap add dev if_tap mode tap user NAME).
It waits for its agent, also after that was restarted.";

/// An interface of this host as a tenant
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TapArgs {
    /// The tenant's name, shown by the agent
    #[arg(long, value_name = "NAME", default_value = "tap")]
    tenant_name: String,
    /// The service to register with
    #[arg(long, alias = "svc_id", value_name = "NUMBER", default_value_t = 10)]
    svc_id: u32,
    /// The interface's address
    #[arg(long, value_name = "ADDRESS")]
    tenant_ip: Option<Ipv4Addr>,
    /// The mask of the interface's network
    #[arg(
        long,
        value_name = "MASK",
        default_value = "255.255.255.0",
        requires = "tenant_ip"
    )]
    tenant_netmask: Ipv4Addr,
    /// The agent's doorbell: /run/dmaa_doorbell.sock for root, else the one in $XDG_RUNTIME_DIR
    #[arg(long, value_name = "PATH")]
    doorbell: Option<PathBuf>,
    /// The directory of the shared file; huge pages where there are any
    #[arg(long, value_name = "DIRECTORY")]
    memory: Option<PathBuf>,
    /// The interface's name
    #[arg(long, value_name = "NAME", default_value = "if_tap")]
    interface: String,
    /// The largest payload, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1500, value_parser = clap::value_parser!(u32).range(68..=9578))]
    mtu: u32,
    /// The interface's Ethernet address; one of its own unless said, the same at each start
    #[arg(long, value_name = "ADDRESS")]
    mac: Option<Mac>,
}

/// Runs the command.
pub(crate) fn run(args: &TapArgs, common: &Common) -> Result<()> {
    let stop = Stop::on_signals()?;
    let talk = Talk::new(common, false);
    let tap = Tap::open(&args.interface())?;
    let mac = tap.mac().context("the new interface has no address")?;
    let doorbell = args.doorbell()?;
    let name = tap.name().to_owned();
    talk.note(format_args!(
        "{name} {mac}: waiting for an agent at {}",
        doorbell.display()
    ));
    let Some(client) = args.register(&doorbell, &stop)? else {
        return Ok(()); // asked to end before there was one
    };
    talk.note(format_args!(
        "{name} is tenant {:?}, service {}",
        args.tenant_name, args.svc_id
    ));
    let mut bridge = Bridge::new(tap, client, args.mtu);
    let begun = Instant::now();
    while !stop.requested() {
        bridge.turn(SLICE)?;
    }
    talk.finish(&bridge.carried(begun.elapsed()))
}

impl TapArgs {
    fn interface(&self) -> TapOptions {
        TapOptions {
            name: self.interface.clone(),
            mac: Some(
                self.mac
                    .unwrap_or_else(|| mac::own(&self.tenant_name, &self.interface)),
            ),
            mtu: Some(self.mtu),
            address: self.tenant_ip.map(|address| (address, self.tenant_netmask)),
        }
    }

    fn doorbell(&self) -> Result<PathBuf> {
        let usual = || match places::doorbell() {
            Some(Address::Path(path)) => Some(path),
            _ => None,
        };
        let found = self.doorbell.clone().or_else(usual);
        found.context("there is no usual doorbell without XDG_RUNTIME_DIR: give --doorbell PATH")
    }

    /// Registers with the agent; waits for one until asked to end.
    fn register(&self, doorbell: &Path, stop: &Stop) -> Result<Option<Client>> {
        let usual = || MEMORY.iter().map(PathBuf::from).find(|path| path.is_dir());
        let memory = self.memory.clone().or_else(usual);
        let memory = memory.context("no directory for the shared file: give --memory DIRECTORY")?;
        let frame = u16::try_from(self.mtu + OVERHEAD).unwrap_or(u16::MAX);
        while !stop.requested() {
            let options = Options::new(doorbell, &memory, self.svc_id)
                .tenant(&self.tenant_name)
                .wait(Wait::Never)
                .frame_capacity(frame.max(descsock_wire::MAX_FRAME))
                .patience(SLICE);
            match Client::open(options) {
                Ok(client) => return Ok(Some(client)),
                Err(descsock::Error::NoAgent { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }
}

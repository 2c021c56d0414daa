//! `memwire show`: how a running agent is.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{Args, ValueEnum};
use dma_agent::control::{
    Ask, ClientInfo, DropsInfo, FdbInfo, PortInfo, Reply, ServiceInfo, Status,
};

use super::ask::{At, told, unexpected};
use super::table::{Table, print};
use crate::cli::Common;
use crate::report::{grouped, spell};

/// Show what a running agent has: ports, addresses, services, drops, clients
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub(crate) struct ShowArgs {
    /// What to show
    #[arg(value_name = "WHAT")]
    what: What,
    #[command(flatten)]
    at: At,
}

const HELP: &str = "\
Examples:
  memwire show clients
  memwire show drops --json
  watch -n 1 memwire show ports --control /tmp/ask.sock";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Ports with what went through them
    Ports,
    /// Addresses that are known, and behind which port
    Fdb,
    /// Who offers which service
    Services,
    /// Frames that were dropped, by port and reason
    Drops,
    /// Programs that are connected
    Clients,
    /// The agent itself
    Status,
}

pub(crate) fn run(args: &ShowArgs, common: &Common) -> anyhow::Result<()> {
    let reply = match args.what {
        What::Fdb => Reply::Fdb(args.at.connect()?.fdb().map_err(told)?),
        What::Ports => args.at.ask(Ask::Ports)?,
        What::Services => args.at.ask(Ask::Services)?,
        What::Drops => args.at.ask(Ask::Drops)?,
        What::Clients => args.at.ask(Ask::Clients)?,
        What::Status => args.at.ask(Ask::Status)?,
    };
    let text = text(&reply).ok_or_else(unexpected)?;
    print(common, &reply, |_| text)
}

fn text(reply: &Reply) -> Option<String> {
    Some(match reply {
        Reply::Ports(all) => ports(all),
        Reply::Fdb(all) => fdb(all),
        Reply::Services(all) => services(all),
        Reply::Drops(all) => drops(all),
        Reply::Clients(all) => clients(all),
        Reply::Status(status) => self::status(status),
        _ => return None,
    })
}

fn ports(ports: &[PortInfo]) -> String {
    let head = [
        "port",
        "type",
        "did",
        "nti",
        "role",
        "mtu",
        "addresses",
        "received",
        "sent",
        "waiting",
        "dropped",
    ];
    let mut table = Table::new(&head);
    for port in ports {
        let sum = |drops: &BTreeMap<String, u64>| drops.values().sum::<u64>();
        let role = match port.isolated {
            true => format!("{}, isolated", port.role),
            false => port.role.clone(),
        };
        table.row([
            port.name.clone(),
            kind(port),
            port.did.to_string(),
            port.ntis.join(","),
            role,
            mtu(port.mtu),
            port.addresses.to_string(),
            grouped(port.received),
            grouped(port.sent),
            grouped(port.waiting),
            grouped(sum(&port.refused) + sum(&port.dropped)),
        ]);
    }
    let lost = ports
        .iter()
        .filter_map(|port| Some((&port.name, port.lost.as_ref()?)));
    let lost = lost.map(|(name, why)| format!("{name} is lost: {why}\n"));
    table.render() + &lost.collect::<String>()
}

fn kind(port: &PortInfo) -> String {
    match port.lost {
        Some(_) => format!("{}, lost", port.kind),
        None => port.kind.clone(),
    }
}

/// A mirror takes whatever there is.
fn mtu(bytes: usize) -> String {
    match u32::try_from(bytes) {
        Ok(bytes) => bytes.to_string(),
        Err(_) => "any".to_owned(),
    }
}

fn fdb(fdb: &FdbInfo) -> String {
    let mut table = Table::new(&["nti", "vlan", "address", "port", "seen"]);
    let mut entries = fdb.entries.clone();
    entries.sort_by(|a, b| (a.nti, a.vlan, &a.mac).cmp(&(b.nti, b.vlan, &b.mac)));
    for entry in entries {
        table.row([
            entry.nti.to_string(),
            entry.vlan.to_string(),
            entry.mac,
            entry.port,
            format!("{:.1} s ago", entry.age),
        ]);
    }
    let count = fdb.entries.len();
    format!(
        "{}{count} of at most {} addresses\n",
        table.render(),
        fdb.capacity
    )
}

fn services(services: &[ServiceInfo]) -> String {
    let mut table = Table::new(&["svc", "sep", "port"]);
    for service in services {
        for member in &service.members {
            let svc = service.svc.to_string();
            table.row([svc, member.sep.to_string(), member.port.clone()]);
        }
    }
    table.render()
}

fn drops(drops: &DropsInfo) -> String {
    let mut table = Table::new(&["port", "direction", "reason", "frames"]);
    let mut rows = |port: &str, direction: &str, reasons: &BTreeMap<String, u64>| {
        for (reason, frames) in reasons {
            let frames = grouped(*frames);
            table.row([
                port.to_owned(),
                direction.to_owned(),
                reason.clone(),
                frames,
            ]);
        }
    };
    for port in &drops.ports {
        rows(&port.port, "in", &port.refused);
        rows(&port.port, "out", &port.dropped);
    }
    rows("all, also gone", "", &drops.reasons);
    table.render()
}

fn clients(clients: &[ClientInfo]) -> String {
    let head = [
        "client", "wire", "svc", "sep", "did", "uid", "gid", "process", "shares", "received",
        "sent",
    ];
    let mut table = Table::new(&head);
    for client in clients {
        table.row([
            client.port.clone(),
            client.wire.clone(),
            client.svc.to_string(),
            client.sep.to_string(),
            client.did.to_string(),
            client.uid.to_string(),
            client.gid.to_string(),
            client
                .pid
                .map_or_else(|| "unknown".to_owned(), |pid| pid.to_string()),
            format!("{} KiB", grouped(client.bytes.div_ceil(1024))),
            grouped(client.received),
            grouped(client.sent),
        ]);
    }
    table.render()
}

fn status(status: &Status) -> String {
    let uptime = Duration::try_from_secs_f64(status.uptime).unwrap_or_default();
    let none = || "none".to_owned();
    let rows = [
        ("version", status.version.clone()),
        ("process", status.pid.to_string()),
        ("serves for", spell(uptime)),
        ("doorbells", status.doorbells.join(", ")),
        ("configuration", status.config.clone().unwrap_or_else(none)),
        ("metrics", status.metrics.clone().unwrap_or_else(none)),
        ("scheduling", status.scheduling.clone()),
        ("ports", status.ports.to_string()),
        ("clients", status.clients.to_string()),
        ("refusals", grouped(status.refusals)),
        ("reloads", grouped(status.reloads)),
    ];
    let lines = rows
        .iter()
        .map(|(label, value)| format!("{label:13}  {value}\n"));
    lines.collect()
}

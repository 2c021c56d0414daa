//! What is behind a port, by its `type`: which keys each type has, and what they say.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::str::FromStr;

use memif::Address;
use serde::Deserialize;
use toml::Spanned;

use super::document::PortTable;
use super::error::{Fault, fault};
use super::ports::DeviceConfig;

/// The types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Tap,
    Packet,
    MemifServer,
    MemifClient,
    Replay,
    Dump,
    Mirror,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Tap => "tap",
            Kind::Packet => "packet",
            Kind::MemifServer => "memif-server",
            Kind::MemifClient => "memif-client",
            Kind::Replay => "replay",
            Kind::Dump => "dump",
            Kind::Mirror => "mirror",
        }
    }

    /// The keys besides those that every port has.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Kind::Tap => &["interface", "mac", "address", "role", "watch"],
            Kind::Packet => &["interface", "promiscuous", "role", "watch"],
            Kind::MemifServer => &["socket", "mode", "id", "secret-file", "role", "watch"],
            Kind::MemifClient => &["socket", "id", "secret-file", "role", "watch"],
            Kind::Replay => &["path", "pace", "repeat"],
            Kind::Dump => &["path"],
            Kind::Mirror => &["path", "watch"],
        }
    }
}

/// Refuses a key that is for other types.
pub(super) fn fits(table: &PortTable) -> Result<(), Fault> {
    let kind = *table.kind.get_ref();
    let given = [
        ("interface", table.interface.as_ref().map(Spanned::span)),
        ("promiscuous", table.promiscuous.as_ref().map(Spanned::span)),
        ("socket", table.socket.as_ref().map(Spanned::span)),
        ("mode", table.mode.as_ref().map(Spanned::span)),
        ("id", table.id.as_ref().map(Spanned::span)),
        ("secret-file", table.secret_file.as_ref().map(Spanned::span)),
        ("path", table.path.as_ref().map(Spanned::span)),
        ("mac", table.mac.as_ref().map(Spanned::span)),
        ("address", table.address.as_ref().map(Spanned::span)),
        ("pace", table.pace.as_ref().map(Spanned::span)),
        ("repeat", table.repeat.as_ref().map(Spanned::span)),
        ("role", table.role.as_ref().map(Spanned::span)),
        ("watch", table.watch.as_ref().map(Spanned::span)),
    ];
    for (key, span) in given {
        let Some(span) = span else { continue };
        if !kind.keys().contains(&key) {
            let (kind, keys) = (kind.name(), kind.keys().join(", "));
            let problem = format!("not for ports of type {kind:?}, which have: {keys}");
            return Err(fault(
                &Spanned::new(span, ()),
                format!("port.{key}"),
                problem,
            ));
        }
    }
    Ok(())
}

pub(super) fn device(table: &PortTable) -> Result<DeviceConfig, Fault> {
    let id = table.id.as_ref().map_or(0, |id| *id.get_ref());
    let secret_file = table
        .secret_file
        .as_ref()
        .map(|path| path.get_ref().clone());
    let flag = |flag: &Option<Spanned<bool>>| flag.as_ref().is_some_and(|flag| *flag.get_ref());
    Ok(match table.kind.get_ref() {
        Kind::Tap => DeviceConfig::Tap {
            interface: interface(table.interface.as_ref().unwrap_or(&table.name))?,
            mac: parsed(
                table.mac.as_ref(),
                "port.mac",
                "an address such as 02:00:00:00:00:01",
            )?,
            address: address(table)?,
        },
        Kind::Packet => DeviceConfig::Packet {
            interface: interface(needed(table, table.interface.as_ref(), "interface")?)?,
            promiscuous: flag(&table.promiscuous),
        },
        Kind::MemifServer => DeviceConfig::MemifServer {
            socket: socket(table)?,
            mode: table.mode.as_ref().map_or(0o600, |mode| mode.get_ref().0),
            id,
            secret_file,
        },
        Kind::MemifClient => DeviceConfig::MemifClient {
            socket: socket(table)?,
            id,
            secret_file,
        },
        Kind::Replay => DeviceConfig::Replay {
            path: path(table)?,
            pace: parsed(table.pace.as_ref(), "port.pace", "\"recorded\" or \"fast\"")?
                .unwrap_or_default(),
            repeat: flag(&table.repeat),
        },
        Kind::Dump => DeviceConfig::Dump { path: path(table)? },
        Kind::Mirror => DeviceConfig::Mirror { path: path(table)? },
    })
}

/// A value that has a form of its own.
fn parsed<T: FromStr>(
    text: Option<&Spanned<String>>,
    key: &str,
    form: &str,
) -> Result<Option<T>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let value = text.get_ref().parse().ok();
    let problem = || fault(text, key, format!("{:?} is not {form}", text.get_ref()));
    value.map(Some).ok_or_else(problem)
}

/// `"10.0.0.1/24"`
fn address(table: &PortTable) -> Result<Option<(Ipv4Addr, Ipv4Addr)>, Fault> {
    let Some(text) = &table.address else {
        return Ok(None);
    };
    let read = || {
        let (address, bits) = text.get_ref().split_once('/')?;
        let bits: u32 = bits.parse().ok().filter(|bits| (1..=32).contains(bits))?;
        Some((
            address.parse().ok()?,
            Ipv4Addr::from(u32::MAX << (32 - bits)),
        ))
    };
    let problem = || {
        format!(
            "{:?} is not an address such as \"10.0.0.1/24\"",
            text.get_ref()
        )
    };
    read()
        .map(Some)
        .ok_or_else(|| fault(text, "port.address", problem()))
}

fn needed<'t, T>(
    table: &PortTable,
    value: Option<&'t Spanned<T>>,
    key: &str,
) -> Result<&'t Spanned<T>, Fault> {
    value.ok_or_else(|| {
        let kind = table.kind.get_ref().name();
        let problem = format!("missing: a port of type {kind:?} needs it");
        fault(&table.kind, format!("port.{key}"), problem)
    })
}

fn path(table: &PortTable) -> Result<PathBuf, Fault> {
    Ok(needed(table, table.path.as_ref(), "path")?
        .get_ref()
        .clone())
}

fn socket(table: &PortTable) -> Result<Address, Fault> {
    let socket = needed(table, table.socket.as_ref(), "socket")?;
    let address = socket.get_ref().parse();
    address.map_err(|error: memif::AddressError| fault(socket, "port.socket", error))
}

/// What Linux takes as the name of an interface.
fn interface(name: &Spanned<String>) -> Result<String, Fault> {
    let text = name.get_ref();
    let plain = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '/' | ':' | '%');
    let is_name = (1..=15).contains(&text.len()) && text.chars().all(plain);
    match is_name && text != "." && text != ".." {
        true => Ok(text.clone()),
        false => {
            let problem = format!("{text:?} is no interface: 1 to 15 letters without / : %");
            Err(fault(name, "port.interface", problem))
        }
    }
}

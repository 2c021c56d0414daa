//! `[[port]]`, judged: each alone, and against the others.

use switch::Did;
use toml::Spanned;

use super::allow::domains;
use super::document::PortTable;
use super::error::{Fault, fault};
use super::port_device::{Kind, device, fits};
use super::ports::{PortConfig, PortRole, Watched};

/// Payload of the largest frame that any port takes.
const MOST_MTU: usize = 65_521;
/// What IPv4 needs at least.
const LEAST_MTU: usize = 68;
/// The longest name, in bytes.
const MOST_NAME: usize = 63;

/// Judges all ports, each alone and against the others.
pub(super) fn check(tables: &[PortTable]) -> Result<Vec<PortConfig>, Fault> {
    let ports = tables.iter().map(port).collect::<Result<Vec<_>, _>>()?;
    for (at, table) in tables.iter().enumerate() {
        let name = table.name.get_ref();
        if ports[..at].iter().any(|other| other.name == *name) {
            return Err(fault(
                &table.name,
                "port.name",
                format!("there are two ports {name:?}"),
            ));
        }
        let twin = ports[..at].iter().find(|other| other.did == ports[at].did);
        if let (Some(did), Some(twin)) = (&table.did, twin) {
            let (did_number, twin) = (did.get_ref().0, &twin.name);
            let problem = format!("did {did_number} is already that of port {twin}");
            return Err(fault(did, "port.did", problem));
        }
        for watched in table.watch.iter().flat_map(Spanned::get_ref) {
            if ports.iter().all(|other| other.name != *watched.get_ref()) {
                let problem = format!("no port is called {:?} here", watched.get_ref());
                return Err(fault(watched, "port.watch", problem));
            }
        }
    }
    Ok(ports)
}

fn port(table: &PortTable) -> Result<PortConfig, Fault> {
    name(&table.name)?;
    fits(table)?;
    let (nti, ntis) = domains(table.nti.as_ref(), table.ntis.as_ref(), "port")?;
    Ok(PortConfig {
        name: table.name.get_ref().clone(),
        did: did(table)?,
        nti,
        ntis,
        mtu: mtu(table)?,
        role: role(table)?,
        isolated: table.isolated,
        learn_cap: table.learn_cap.unwrap_or(4096),
        device: device(table)?,
    })
}

fn name(name: &Spanned<String>) -> Result<(), Fault> {
    let text = name.get_ref();
    let plain = |letter: char| letter.is_ascii_graphic();
    match !text.is_empty() && text.len() <= MOST_NAME && text.chars().all(plain) {
        true => Ok(()),
        false => {
            let problem = format!("{text:?}: 1 to {MOST_NAME} letters, digits and signs of ASCII");
            Err(fault(name, "port.name", problem))
        }
    }
}

fn did(table: &PortTable) -> Result<Option<Did>, Fault> {
    match &table.did {
        Some(did) if did.get_ref().0.raw() == 0 => Err(fault(
            did,
            "port.did",
            "0 is no port: from 1 to 2047, or left out for a free one",
        )),
        did => Ok(did.as_ref().map(|did| did.get_ref().0)),
    }
}

fn mtu(table: &PortTable) -> Result<Option<usize>, Fault> {
    match &table.mtu {
        Some(mtu) if !(LEAST_MTU..=MOST_MTU).contains(mtu.get_ref()) => {
            let problem = format!("{} bytes: from {LEAST_MTU} to {MOST_MTU}", mtu.get_ref());
            Err(fault(mtu, "port.mtu", problem))
        }
        mtu => Ok(mtu.as_ref().map(|mtu| *mtu.get_ref())),
    }
}

fn role(table: &PortTable) -> Result<PortRole, Fault> {
    let watched = match &table.watch {
        None => Watched::All,
        Some(names) => {
            let names = names.get_ref().iter().map(|name| name.get_ref().clone());
            Watched::Ports(names.collect())
        }
    };
    let role = match (table.role.as_ref(), table.kind.get_ref()) {
        (_, Kind::Mirror) => PortRole::Mirror(watched),
        (None, _) => PortRole::Local,
        (Some(role), _) => match role.get_ref().as_str() {
            "local" => PortRole::Local,
            "uplink" => PortRole::Uplink,
            "mirror" => PortRole::Mirror(watched),
            other => {
                let problem = format!("{other:?}: \"local\", \"uplink\" or \"mirror\"");
                return Err(fault(role, "port.role", problem));
            }
        },
    };
    match &table.watch {
        Some(watch) if !matches!(role, PortRole::Mirror(_)) => Err(fault(
            watch,
            "port.watch",
            "only a mirror watches others: role = \"mirror\"",
        )),
        _ => Ok(role),
    }
}

//! `[alias]`: what dids mean that are no port's own.

use std::collections::BTreeMap;

use switch::{Did, Svc};
use toml::Spanned;

use super::error::{Fault, fault};
use super::ports::PortConfig;

/// What a did means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AliasTo {
    /// `"learn"`: the frame is not directed after all.
    Learn,
    /// `"owners"`: whoever has the service that the frame names.
    Owners,
    /// `"port NAME"`: a port of this configuration.
    Port(String),
    /// `"service N"`: whoever has this service.
    Service(Svc),
}

const ALLOWED: &str =
    "\"learn\", \"owners\", \"port NAME\", \"service N\", or \"none\" for no meaning";

/// Existing tenants direct everything to did 4, meaning: to whom it may concern.
pub(super) fn usual() -> BTreeMap<Did, AliasTo> {
    let learn = Did::new(4).ok().map(|did| (did, AliasTo::Learn));
    learn.into_iter().collect()
}

pub(super) fn check(
    table: &BTreeMap<Spanned<String>, Spanned<String>>,
    ports: &[PortConfig],
) -> Result<BTreeMap<Did, AliasTo>, Fault> {
    let mut aliases = usual();
    for (key, value) in table {
        let did = did(key)?;
        let name = format!("alias.{did}");
        match meaning(value.get_ref()) {
            Some(Some(to)) => {
                known(&to, ports).map_err(|problem| fault(value, &name, problem))?;
                aliases.insert(did, to);
            }
            Some(None) => drop(aliases.remove(&did)),
            None => {
                let problem = format!("{:?} is no meaning: {ALLOWED}", value.get_ref());
                return Err(fault(value, name, problem));
            }
        }
    }
    // What nobody has said gives way to a port that has the did.
    let said = |did: &Did| {
        table
            .keys()
            .any(|key| key.get_ref().parse() == Ok(did.raw()))
    };
    let own = |did: &Did| ports.iter().find(|port| port.did == Some(*did));
    for key in table.keys() {
        let did = did(key)?;
        if let Some(port) = own(&did).filter(|_| aliases.contains_key(&did)) {
            let problem = format!("did {did} is already that of port {}", port.name);
            return Err(fault(key, format!("alias.{did}"), problem));
        }
    }
    aliases.retain(|did, _| said(did) || own(did).is_none());
    Ok(aliases)
}

fn did(key: &Spanned<String>) -> Result<Did, Fault> {
    let raw = key.get_ref().parse::<u16>().ok();
    let did = raw
        .filter(|raw| *raw > 0)
        .and_then(|raw| Did::new(raw).ok());
    did.ok_or_else(|| {
        let problem = format!(
            "{:?} is no did: a number from 1 to {}",
            key.get_ref(),
            Did::MAX
        );
        fault(key, "alias", problem)
    })
}

/// `Some(None)` is no meaning at all, as wanted.
fn meaning(text: &str) -> Option<Option<AliasTo>> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    match (word, rest.trim()) {
        ("none", "") => Some(None),
        ("learn", "") => Some(Some(AliasTo::Learn)),
        ("owners", "") => Some(Some(AliasTo::Owners)),
        ("port", name) if !name.is_empty() => Some(Some(AliasTo::Port(name.to_owned()))),
        ("service", number) => {
            let svc = Svc::new(number.parse().ok()?).ok()?;
            Some(Some(AliasTo::Service(svc)))
        }
        _ => None,
    }
}

fn known(to: &AliasTo, ports: &[PortConfig]) -> Result<(), String> {
    match to {
        AliasTo::Port(name) if ports.iter().all(|port| port.name != *name) => {
            Err(format!("no port is called {name:?} here"))
        }
        _ => Ok(()),
    }
}

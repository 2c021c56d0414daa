//! `[[allow]]` and `[caps]`: who may be a client, and with how much.

use std::path::PathBuf;

use switch::{Nti, NtiSet};
use toml::Spanned;

use super::accounts::Accounts;
use super::document::{AllowTable, CapsTable};
use super::error::{Fault, fault};
use super::value::{List, Number};
use crate::admission::{Admission, Caps, Rule};

/// Without a rule, processes of the agent's own user may come.
pub(super) fn check(
    rules: &[AllowTable],
    caps: &CapsTable,
    accounts: &Accounts,
) -> Result<Admission, Fault> {
    let usual = Admission::same_user();
    let caps = Caps {
        clients_per_uid: caps.clients_per_user.unwrap_or(usual.caps.clients_per_uid),
        bytes_per_uid: caps
            .bytes_per_user
            .map_or(usual.caps.bytes_per_uid, |size| size.0),
    };
    if rules.is_empty() {
        return Ok(Admission { caps, ..usual });
    }
    let rules = rules.iter().map(|table| rule(table, accounts));
    Ok(Admission {
        rules: rules.collect::<Result<_, _>>()?,
        caps,
    })
}

/// A rule that names nobody is for the agent's own user.
fn rule(table: &AllowTable, accounts: &Accounts) -> Result<Rule, Fault> {
    let users = table
        .users
        .iter()
        .map(|who| accounts.user(who, "allow.users"));
    let groups = table
        .groups
        .iter()
        .map(|who| accounts.group(who, "allow.groups"));
    let mut uids = users.collect::<Result<Vec<_>, _>>()?;
    let gids = groups.collect::<Result<Vec<_>, _>>()?;
    if uids.is_empty() && gids.is_empty() {
        uids.push(rustix::process::geteuid().as_raw());
    }
    let (nti, ntis) = domains(table.nti.as_ref(), table.ntis.as_ref(), "allow")?;
    Ok(Rule {
        uids,
        gids,
        services: match &table.services {
            Some(List::These(services)) => services.clone(),
            Some(List::All) | None => Vec::new(),
        },
        names: table.names.clone().unwrap_or_default(),
        nti,
        ntis,
        roots: roots(table)?,
        isolated: table.isolated,
        rings: table.rings.unwrap_or(true),
    })
}

fn roots(table: &AllowTable) -> Result<Vec<PathBuf>, Fault> {
    let Some(roots) = &table.roots else {
        return Ok(vec![PathBuf::from("/")]);
    };
    for root in roots {
        if !root.get_ref().is_absolute() {
            let problem = format!("{:?} is relative: a directory from /", root.get_ref());
            return Err(fault(root, "allow.roots", problem));
        }
    }
    Ok(roots.iter().map(|root| root.get_ref().clone()).collect())
}

/// The default domain, and all of them. Who names just one kind gets the other to fit.
pub(super) fn domains(
    nti: Option<&Spanned<Number<Nti>>>,
    ntis: Option<&Spanned<List<Nti>>>,
    section: &str,
) -> Result<(Nti, NtiSet), Fault> {
    let set = match ntis.map(Spanned::get_ref) {
        None => {
            let nti = nti.map_or(Nti::DEFAULT, |nti| nti.get_ref().0);
            return Ok((nti, NtiSet::only(nti)));
        }
        Some(List::All) => NtiSet::all(),
        Some(List::These(all)) => all.iter().copied().collect(),
    };
    if let Some(nti) = nti {
        let number = nti.get_ref().0;
        return match set.contains(number) {
            true => Ok((number, set)),
            false => Err(fault(
                nti,
                format!("{section}.nti"),
                format!("{number} is not one of this table's ntis"),
            )),
        };
    }
    let first = set.contains(Nti::DEFAULT).then_some(Nti::DEFAULT);
    match (first.or_else(|| set.iter().next()), ntis) {
        (Some(first), _) => Ok((first, set)),
        (None, Some(list)) => {
            let problem = "empty: at least one nti, or leave the key out for 4095";
            Err(fault(list, format!("{section}.ntis"), problem))
        }
        (None, None) => Ok((Nti::DEFAULT, NtiSet::default())),
    }
}

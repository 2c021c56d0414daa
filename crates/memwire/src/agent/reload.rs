//! `memwire agent reload`.

use dma_agent::control::{Ask, Reply};
use dma_agent::{Change, How};
use serde::Serialize;

use super::ask::{At, unexpected};
use super::table::print;
use crate::cli::Common;

#[derive(Debug, Serialize)]
struct Reloaded {
    changes: Vec<Change>,
}

/// Fails when something is not as the configuration wants it.
pub(super) fn run(at: &At, common: &Common) -> anyhow::Result<()> {
    let Reply::Reloaded(changes) = at.ask(Ask::Reload)? else {
        return Err(unexpected());
    };
    let failed = changes
        .iter()
        .filter(|change| change.how == How::Failed)
        .count();
    print(common, &Reloaded { changes }, |reloaded| {
        if reloaded.changes.is_empty() {
            return "nothing has changed\n".to_owned();
        }
        let lines = reloaded.changes.iter().map(|change| format!("{change}\n"));
        lines.collect()
    })?;
    match failed {
        0 => Ok(()),
        count => anyhow::bail!("{count} of these changes failed"),
    }
}

//! `[qos]`: how classes of frames share what they compete for.

use descsock_wire::TIERS;

use super::document::QosTable;
use super::error::{Fault, fault};
use crate::schedule::{Scheduling, Weights};

/// Weighted unless something else is said.
pub(super) fn check(table: &QosTable) -> Result<Scheduling, Fault> {
    let is_strict = match &table.scheduling {
        None => false,
        Some(word) => match word.get_ref().as_str() {
            "weighted" => false,
            "strict" => true,
            other => {
                let problem = format!("{other:?}: \"weighted\" or \"strict\"");
                return Err(fault(word, "qos.scheduling", problem));
            }
        },
    };
    match &table.weights {
        None if is_strict => Ok(Scheduling::Strict),
        None => Ok(Scheduling::default()),
        Some(list) if is_strict => {
            let problem =
                "strict scheduling has none: leave them out, or scheduling = \"weighted\"";
            Err(fault(list, "qos.weights", problem))
        }
        Some(list) => match weights(list.get_ref()) {
            Some(weights) => Ok(Scheduling::Weighted(weights)),
            None => {
                let (got, most) = (list.get_ref(), Weights::MAX);
                let problem =
                    format!("{got:?}: {TIERS} numbers, for tiers 0 to 3, from 1 to {most}");
                Err(fault(list, "qos.weights", problem))
            }
        },
    }
}

fn weights(numbers: &[i64]) -> Option<Weights> {
    let numbers = <[i64; TIERS]>::try_from(numbers).ok()?;
    Weights::new(numbers.map(|number| u16::try_from(number).unwrap_or(0)))
}

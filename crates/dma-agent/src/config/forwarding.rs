//! `[forwarding]`: what goes through the switch besides what goes by itself.

use super::document::ForwardingTable;
use super::error::{Fault, fault};

/// The link-local groups that are flooded: one bit for each.
pub(super) fn check(table: &ForwardingTable) -> Result<u16, Fault> {
    let Some(list) = &table.flood_link_local else {
        return Ok(0);
    };
    let bit = |number: &i64| (0..16).contains(number).then(|| 1_u16 << number);
    let mut bits = list.get_ref().iter().map(bit);
    let groups = bits.try_fold(0, |all, bit| Some(all | bit?));
    groups.ok_or_else(|| {
        let problem = format!(
            "{:?}: numbers from 0 to 15, for 01:80:c2:00:00:00 to 01:80:c2:00:00:0f",
            list.get_ref()
        );
        fault(list, "forwarding.flood-link-local", problem)
    })
}

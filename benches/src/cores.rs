//! One core for each of the two processes.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores of a run: of this process and of the one beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cores {
    /// Where this process measures.
    pub(crate) here: usize,
    /// Where the second process runs.
    pub(crate) there: usize,
}

impl Cores {
    /// The first core this process may use, and the first that is no hardware thread of the same one.
    pub(crate) fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(None).context("sched_getaffinity failed")?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        let here = cores.next().unwrap_or(0);
        let others: Vec<usize> = cores.collect();
        let siblings = siblings(here);
        let apart = others.iter().find(|&core| !siblings.contains(core));
        match apart.or(others.first()) {
            Some(&there) => Ok(Self { here, there }),
            None => bail!("two cores are needed, this process may use only core {here}"),
        }
    }
}

impl FromStr for Cores {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let pair = text.split_once(',').and_then(|(here, there)| {
            Some(Self {
                here: here.trim().parse().ok()?,
                there: there.trim().parse().ok()?,
            })
        });
        let Some(cores) = pair else {
            bail!("{text:?} is not a pair of cores such as 0,1");
        };
        ensure!(
            cores.here != cores.there && cores.here.max(cores.there) < CpuSet::MAX_CPU,
            "two different cores below {} are needed",
            CpuSet::MAX_CPU
        );
        Ok(cores)
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.here, self.there)
    }
}

/// Keeps this thread, and those it starts, on one core.
pub(crate) fn pin(core: usize) -> Result<()> {
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only).with_context(|| format!("cannot use core {core}"))
}

/// The hardware threads that share a physical core with this one, as far as the system says.
fn siblings(core: usize) -> Vec<usize> {
    let path = format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list");
    std::fs::read_to_string(path).map_or_else(|_| vec![core], |list| numbers(&list))
}

/// The numbers of a list such as "0-2,8".
fn numbers(list: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.trim()
        .split(',')
        .filter_map(range)
        .flatten()
        .take(CpuSet::MAX_CPU)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_of_cores_reads_as_it_is_written() {
        let cores: Cores = "3, 1".parse().unwrap();
        assert_eq!(cores, Cores { here: 3, there: 1 });
        assert_eq!(cores.to_string(), "3,1");
    }

    #[test]
    fn one_core_twice_or_none_is_refused() {
        for text in ["1,1", "1", "", "a,b", "0,5000"] {
            assert!(text.parse::<Cores>().is_err(), "{text}");
        }
    }

    #[test]
    fn sibling_lists_are_read_in_both_forms() {
        assert_eq!(numbers("0-2,8\n"), [0, 1, 2, 8]);
        assert_eq!(numbers("5\n"), [5]);
        assert_eq!(numbers("what"), [0; 0]);
    }
}

//! What a process holds open: descriptors and shared mappings, from `/proc`.

use std::collections::BTreeMap;
use std::fs;

use rustix::process::Pid;

/// A count of everything a leak would show in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Open descriptors by kind: `socket`, `anon_inode:[eventfd]`, `memfd`, `file`.
    pub fds: BTreeMap<String, usize>,
    /// Mappings of shared memory files.
    pub shared_mappings: usize,
    /// Threads.
    pub threads: usize,
}

impl Holdings {
    /// What the process holds now.
    pub fn of(pid: Pid) -> Holdings {
        let proc = format!("/proc/{}", pid.as_raw_nonzero());
        Holdings {
            fds: count_fds(&proc),
            shared_mappings: count_shared_mappings(&proc),
            threads: fs::read_dir(format!("{proc}/task")).map_or(0, Iterator::count),
        }
    }

    /// What this process holds now.
    pub fn ours() -> Holdings {
        Holdings::of(rustix::process::getpid())
    }

    /// All descriptors, of whatever kind.
    pub fn all_fds(&self) -> usize {
        self.fds.values().sum()
    }
}

/// A descriptor that closes while we look is not counted.
fn count_fds(proc: &str) -> BTreeMap<String, usize> {
    let mut fds = BTreeMap::new();
    let entries = fs::read_dir(format!("{proc}/fd")).into_iter().flatten();
    for entry in entries.flatten() {
        if let Ok(target) = fs::read_link(entry.path()) {
            *fds.entry(kind(&target.to_string_lossy())).or_default() += 1;
        }
    }
    fds
}

/// `socket:[123]`, `anon_inode:[eventfd]`, `/memfd:name (deleted)`, `/some/file`.
fn kind(target: &str) -> String {
    match target {
        _ if target.starts_with("/memfd:") => "memfd".into(),
        _ if target.starts_with('/') => "file".into(),
        _ if target.starts_with("anon_inode:") => target.into(),
        _ => target.split(':').next().unwrap_or(target).into(),
    }
}

/// Lines such as `7f.. rw-s 00000000 00:01 1025 /memfd:name (deleted)`.
fn count_shared_mappings(proc: &str) -> usize {
    let maps = fs::read_to_string(format!("{proc}/maps")).unwrap_or_default();
    let is_shared = |line: &&str| {
        let mut fields = line.split_ascii_whitespace();
        fields.nth(1).is_some_and(|access| access.ends_with('s'))
    };
    maps.lines().filter(is_shared).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use memif::testing::{Layout, Memory};

    #[test]
    fn a_memfd_and_its_mapping_are_counted_and_their_end_too() {
        let before = Holdings::ours();
        let memory = Memory::new(&Layout::default()).expect("memory");
        let with = Holdings::ours();
        let memfds = |h: &Holdings| h.fds.get("memfd").copied().unwrap_or(0);
        assert_eq!(memfds(&with), memfds(&before) + 2);
        assert_eq!(with.shared_mappings, before.shared_mappings + 2);
        drop(memory);
        let after = Holdings::ours();
        assert_eq!(after.shared_mappings, before.shared_mappings);
        assert_eq!(memfds(&after), memfds(&before));
    }
}

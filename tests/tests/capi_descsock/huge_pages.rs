//! The shared file in huge pages, where the machine has a place for it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use memwire_tests::missing;
use rustix::io::Errno;

use crate::agent::{Place, frame, receive};
use crate::puppet::Puppet;

/// 8 MiB of 2 MiB each.
const PAGES: u64 = 4;

/// The tests here want the same pages.
static TURN: Mutex<()> = Mutex::new(());

/// A mount of huge pages in which so many of 2 MiB are free.
fn mount(pages: u64) -> Option<PathBuf> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let number = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let is_enough = number("HugePages_Free:")? >= pages && number("Hugepagesize:")? == 2048;
    let mounts = std::fs::read_to_string("/proc/mounts").ok()?;
    let mut mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let path = words.next()?;
        (words.next()? == "hugetlbfs").then(|| PathBuf::from(path))
    });
    mounts.find(|path| is_enough && tempfile::tempfile_in(path).is_ok())
}

#[test]
fn the_file_is_made_of_huge_pages_under_a_mount_of_them() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(mount) = mount(PAGES) else {
        missing::did_not_run("a file of huge pages", "no mount with 4 free huge pages");
        return;
    };
    let place = Place::new();
    let neighbour = place.neighbour(9);
    let directory = tempfile::tempdir_in(mount).expect("a directory");
    let (memory, doorbell) = (directory.path().display(), place.doorbell());
    let open = format!("open {memory} {} 8 0", doorbell.display());
    let mut puppet = Puppet::released();
    puppet.ask(&open).is(1);
    let file = std::fs::metadata(directory.path().join("descsock.000")).expect("a file");
    assert_eq!(file.len(), PAGES << 21);
    puppet.send(0, &frame(1, 1514)).is(1518);
    assert_eq!(receive(&neighbour), frame(1, 1514));
    puppet.ask("close").is(1);
    let left = std::fs::read_dir(directory.path()).expect("a directory");
    assert_eq!(left.count(), 0);
}

#[test]
fn too_few_huge_pages_are_an_error_of_open_and_no_signal_later() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(mount) = mount(0) else {
        missing::did_not_run("too few huge pages", "no mount of huge pages");
        return;
    };
    let place = Place::new();
    let directory = tempfile::tempdir_in(mount).expect("a directory");
    let (memory, doorbell) = (directory.path().display(), place.doorbell());
    // Until there are none left.
    let mut kept = Vec::new();
    while kept.len() < 16 {
        let mut puppet = Puppet::released();
        let opened = puppet.ask(&format!("open {memory} {} 8 0", doorbell.display()));
        if opened.result() != 1 {
            opened.is(-1).because(Errno::NOSPC);
            return;
        }
        kept.push(puppet);
    }
    missing::did_not_run("too few huge pages", "there are too many to use up");
}

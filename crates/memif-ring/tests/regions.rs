//! What is taken for memory and what is not, and that mappings come and go with their regions.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use memif_ring::{Backing, LineSize, MapError, MappedRing, Region, Regions, Seals};
use rustix::fs::{MemfdFlags, SealFlags};

#[path = "common/huge_pages.rs"]
mod huge_pages;

use huge_pages::HugePages;

/// A memfd of `size` bytes with these seals.
fn memory(size: u64, seals: SealFlags) -> OwnedFd {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = rustix::fs::memfd_create("memif-ring peer", flags).unwrap();
    rustix::fs::ftruncate(&file, size).unwrap();
    rustix::fs::fcntl_add_seals(&file, seals).unwrap();
    file
}

fn refused(file: impl Into<OwnedFd>, size: u64) -> MapError {
    Region::from_peer(file.into(), size, Seals::Waived).unwrap_err()
}

/// Mappings of this process whose file has this name.
fn mappings(name: &str) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.contains(name)).count()
}

/// Open descriptors of this process that lead to a file of this name.
fn descriptors(name: &str) -> usize {
    let leads_there = |entry: std::io::Result<std::fs::DirEntry>| {
        let target = std::fs::read_link(entry.unwrap().path());
        target.is_ok_and(|path| path.to_string_lossy().contains(name))
    };
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .map(leads_there)
        .filter(|&it| it)
        .count()
}

#[test]
fn memory_sealed_against_shrinking_is_taken() {
    let region =
        Region::from_peer(memory(10_000, SealFlags::SHRINK), 10_000, Seals::Required).unwrap();
    assert_eq!(region.size(), 10_000);
    assert!(!region.is_gone());
    assert!(
        region.file().is_none(),
        "a peer's descriptor is not kept open"
    );
}

#[test]
fn unsealed_memory_is_taken_only_when_seals_are_waived() {
    let unsealed = || memory(4096, SealFlags::GROW);
    let refused = Region::from_peer(unsealed(), 4096, Seals::Required).unwrap_err();
    assert!(matches!(refused, MapError::Unsealed), "{refused}");
    assert!(Region::from_peer(unsealed(), 4096, Seals::Waived).is_ok());
}

#[test]
fn a_plain_file_is_unsealed() {
    let file = tempfile();
    file.set_len(4096).unwrap();
    let copy = file.try_clone().unwrap();
    let refused = Region::from_peer(copy.into(), 4096, Seals::Required).unwrap_err();
    assert!(matches!(refused, MapError::Unsealed), "{refused}");
    assert!(Region::from_peer(file.into(), 4096, Seals::Waived).is_ok());
}

fn tempfile() -> File {
    let file = std::env::temp_dir().join(format!("memif-ring-{}", std::process::id()));
    let options = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&file);
    std::fs::remove_file(&file).unwrap();
    options.unwrap()
}

#[test]
fn a_file_smaller_than_announced_is_refused_with_both_sizes() {
    for seals in [Seals::Required, Seals::Waived] {
        let refused = Region::from_peer(memory(4096, SealFlags::SHRINK), 4097, seals).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the peer announced a region of 4097 bytes, its file has 4096"
        );
    }
    let refused = Region::from_peer(memory(4096, SealFlags::SHRINK), u64::MAX, Seals::Required);
    assert!(matches!(
        refused,
        Err(MapError::TooSmall {
            announced: u64::MAX,
            actual: 4096
        })
    ));
}

#[test]
fn a_region_of_no_bytes_is_refused() {
    assert!(matches!(
        refused(memory(4096, SealFlags::SHRINK), 0),
        MapError::BadSize { bytes: 0 }
    ));
    let created = Region::create("memif-ring empty", 0, Backing::default());
    assert!(matches!(created, Err(MapError::BadSize { bytes: 0 })));
}

#[test]
fn sizes_no_mapping_can_have_are_errors_and_no_panic() {
    let huge_pages = Backing {
        huge_pages: true,
        ..Backing::default()
    };
    let refused = Region::create("memif-ring vast", u64::MAX - 5, huge_pages);
    assert!(matches!(refused, Err(MapError::BadSize { .. })));
    for size in [u64::MAX, 1 << 63, (1 << 62) + 1] {
        let refused = Region::create("memif-ring vast", size, Backing::default());
        assert!(
            matches!(refused, Err(MapError::Os { .. } | MapError::BadSize { .. })),
            "{size}"
        );
    }
}

#[test]
fn what_is_no_memory_is_refused_by_its_name() {
    let (reader, writer) = std::io::pipe().unwrap();
    let (socket, _other) = UnixStream::pair().unwrap();
    let event = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC).unwrap();
    let device = File::options()
        .read(true)
        .write(true)
        .open("/dev/zero")
        .unwrap();
    let name = |error: MapError| match error {
        MapError::NotMemory { kind } => kind,
        other => panic!("{other}"),
    };
    assert_eq!(name(refused(reader, 4096)), "pipe");
    assert_eq!(name(refused(writer, 4096)), "pipe");
    assert_eq!(name(refused(socket, 4096)), "socket");
    assert_eq!(name(refused(event, 4096)), "descriptor of no file");
    assert_eq!(name(refused(device, 4096)), "device");
    assert_eq!(
        name(refused(File::open("/proc/self").unwrap(), 4096)),
        "directory"
    );
}

#[test]
fn memory_that_may_not_be_written_is_refused() {
    let sealed = memory(4096, SealFlags::SHRINK | SealFlags::WRITE);
    assert!(matches!(
        refused(sealed, 4096),
        MapError::Os { call: "mmap", .. }
    ));
    let read_only = File::open("/proc/self/exe").unwrap();
    assert!(matches!(
        refused(read_only, 4096),
        MapError::Os { call: "mmap", .. }
    ));
}

#[test]
fn our_own_memory_can_be_neither_shrunk_nor_grown() {
    let region = Region::create("memif-ring own", 5000, Backing::default()).unwrap();
    let file = region.file().unwrap();
    for size in [0, 4999, 5001] {
        assert_eq!(
            rustix::fs::ftruncate(file, size),
            Err(rustix::io::Errno::PERM)
        );
    }
    let copy = file.try_clone_to_owned().unwrap();
    assert_eq!(
        Region::from_peer(copy, 5000, Seals::Required)
            .unwrap()
            .size(),
        5000
    );
}

#[test]
fn a_region_unmaps_and_closes_when_its_last_user_goes() {
    let name = "memif-ring-unmap-test";
    let region = std::sync::Arc::new(Region::create(name, 1 << 16, Backing::default()).unwrap());
    assert_eq!((mappings(name), descriptors(name)), (1, 1));
    let copy = region.file().unwrap().try_clone_to_owned().unwrap();
    let peer = Region::from_peer(copy, 1 << 16, Seals::Required).unwrap();
    assert_eq!((mappings(name), descriptors(name)), (2, 1));
    drop(peer);
    let ring = MappedRing::new(&region, 0, 4, LineSize::Bytes64).unwrap();
    let regions = Regions::new(vec![region]);
    drop(regions);
    assert_eq!(mappings(name), 1, "the ring still needs it");
    ring.initialise();
    drop(ring);
    assert_eq!((mappings(name), descriptors(name)), (0, 0));
}

#[test]
fn prefaulted_memory_is_there_at_once_and_other_memory_when_touched() {
    let resident = |name: &str| {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let after = maps.split(name).nth(1).unwrap();
        let line = after.lines().find(|line| line.starts_with("Rss:")).unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let prefault = Backing {
        prefault: true,
        ..Backing::default()
    };
    let _now = Region::create("memif-ring-now", 1 << 20, prefault).unwrap();
    let _later = Region::create("memif-ring-later", 1 << 20, Backing::default()).unwrap();
    assert_eq!(
        (resident("memif-ring-now"), resident("memif-ring-later")),
        (1024, 0)
    );
}

const HUGE: u64 = 2 << 20;

#[test]
fn too_few_huge_pages_are_named_as_such() {
    let huge_pages = Backing {
        huge_pages: true,
        ..Backing::default()
    };
    match Region::create("memif-ring vast", 1 << 42, huge_pages) {
        Err(
            error @ MapError::NoHugePages {
                pages: 2_097_152, ..
            },
        ) => {
            assert!(error.to_string().contains("vm.nr_hugepages"), "{error}");
        }
        // A kernel without huge pages says so at the first call.
        Err(MapError::Os {
            call: "memfd_create",
            source,
            ..
        }) => {
            assert_ne!(source.kind(), ErrorKind::OutOfMemory);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn huge_pages_are_used_where_there_are_some() {
    let Some(_pages) = HugePages::reserve(8) else {
        return;
    };
    let backing = Backing {
        huge_pages: true,
        prefault: true,
    };
    let name = "memif-ring-huge-test";
    let ours = Region::create(name, HUGE + 1, backing).unwrap();
    assert_eq!(ours.size(), 2 * HUGE);
    let copy = ours.file().unwrap().try_clone_to_owned().unwrap();
    // A size that ends inside a page is mapped, and unmapped, in whole pages.
    let theirs = Region::from_peer(copy, HUGE + 4096, Seals::Required).unwrap();
    assert_eq!((theirs.size(), mappings(name)), (HUGE + 4096, 2));
    drop(theirs);
    assert_eq!(mappings(name), 1);
    drop(ours);
    assert_eq!(mappings(name), 0);
}

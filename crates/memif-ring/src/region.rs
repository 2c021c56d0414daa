//! Memory shared with another process.
//!
//! # Safety
//!
//! A `Region` owns its mapping from creation to drop, and hands out pointers only to ranges it has bounded
//! ([`Region::range`]). Whoever keeps such a pointer keeps the region, by `Arc` or by a lifetime.
//!
//! Memory can vanish under a mapping when its file is truncated; the access then raises SIGBUS. Regions of a peer
//! therefore need `F_SEAL_SHRINK` ([`Seals::Required`]); where that is waived, [`crate::sigbus`] contains the signal. It
//! does so for huge pages too: the seal does not keep a peer from punching holes, and a new page may not be left.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;

use rustix::fs::{FileType, MemfdFlags, SealFlags};
use rustix::mm::{Advice, MapFlags, ProtFlags};
use thiserror::Error;

use crate::{Segment, Span, SpanMut, sigbus};

/// The size of a huge page we ask for.
const HUGE_PAGE: u64 = 2 << 20;

/// `f_type` of a file of huge pages, from `linux/magic.h`.
const HUGETLBFS_MAGIC: u64 = 0x9584_58F6;

/// How memory of our own is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backing {
    /// Use 2 MiB huge pages; creation fails when the system has too few.
    pub huge_pages: bool,
    /// Touch all memory at creation instead of at first use.
    pub prefault: bool,
}

/// What is asked of memory that comes from a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seals {
    /// The memory must be sealed against shrinking: it cannot vanish under us.
    #[default]
    Required,
    /// Any mappable file is taken, for peers that offer whole packet pools (hugetlbfs).
    Waived,
}

/// Why a peer's memory was not taken, or ours could not be made.
#[derive(Debug, Error)]
pub enum MapError {
    /// The file is smaller than the peer announced.
    #[error("the peer announced a region of {announced} bytes, its file has {actual}")]
    TooSmall {
        /// Bytes announced.
        announced: u64,
        /// Bytes the file has.
        actual: u64,
    },
    /// The descriptor is not a file that can be mapped.
    #[error("the peer's region is a {kind}, not memory")]
    NotMemory {
        /// What it is instead.
        kind: &'static str,
    },
    /// The memory could be truncated by its owner at any time.
    #[error(
        "the peer's region is not sealed against shrinking (F_SEAL_SHRINK); waive seals for a peer you trust"
    )]
    Unsealed,
    /// A size that no mapping can have.
    #[error("a region of {bytes} bytes cannot be mapped")]
    BadSize {
        /// Bytes asked for.
        bytes: u64,
    },
    /// The system has too few huge pages.
    #[error(
        "{pages} huge pages of 2 MiB are not to be had ({source}); reserve some: sysctl vm.nr_hugepages"
    )]
    NoHugePages {
        /// Pages needed.
        pages: u64,
        /// What mmap said.
        source: io::Error,
    },
    /// The operating system refused.
    #[error("{call} of {bytes} bytes failed: {source}")]
    Os {
        /// The call that failed.
        call: &'static str,
        /// Bytes asked for.
        bytes: u64,
        /// Its error.
        source: io::Error,
    },
}

/// One mapped region: a file descriptor and its memory.
#[derive(Debug)]
pub struct Region {
    base: NonNull<u8>,
    size: u64,
    mapped: usize,
    file: Option<OwnedFd>,
    watch: Option<sigbus::Watch>,
}

// SAFETY: the mapping is owned by this value and unmapped only in drop; it is plain memory for any thread.
unsafe impl Send for Region {}
// SAFETY: `&Region` gives out raw pointers only, no reference into the memory.
unsafe impl Sync for Region {}

impl Region {
    /// Makes memory of our own: an anonymous file of `size` bytes, sealed so that nobody can resize it.
    ///
    /// # Errors
    ///
    /// [`MapError::BadSize`], [`MapError::NoHugePages`], or what the operating system says.
    pub fn create(name: &str, size: u64, backing: Backing) -> Result<Self, MapError> {
        let unit = if backing.huge_pages { HUGE_PAGE } else { 1 };
        let rounded = size.checked_next_multiple_of(unit);
        let size = rounded.ok_or(MapError::BadSize { bytes: size })?;
        let file = sealed_file(name, size, backing.huge_pages)?;
        let mut region =
            Self::mapping(file, size, size, MapFlags::SHARED).map_err(|error| match error {
                MapError::Os { source, .. }
                    if backing.huge_pages && source.kind() == io::ErrorKind::OutOfMemory =>
                {
                    let pages = size / HUGE_PAGE;
                    MapError::NoHugePages { pages, source }
                }
                other => other,
            })?;
        if backing.huge_pages {
            region.watch(HUGE_PAGE);
        }
        if backing.prefault {
            let populated = region.populate();
            populated.map_err(refused("madvise(MADV_POPULATE_WRITE)", size))?;
        }
        Ok(region)
    }

    /// Takes memory that a peer offers: `size` bytes of `file`.
    ///
    /// # Errors
    ///
    /// All of [`MapError`] but [`MapError::NoHugePages`].
    pub fn from_peer(file: OwnedFd, size: u64, seals: Seals) -> Result<Self, MapError> {
        // Seals before size: once sealed, the size that is found cannot shrink any more.
        let sealed = shrink_sealed(file.as_fd());
        let stat = rustix::fs::fstat(&file).map_err(refused("fstat", size))?;
        if let Some(kind) = not_memory(FileType::from_raw_mode(stat.st_mode)) {
            return Err(MapError::NotMemory { kind });
        }
        let actual = u64::try_from(stat.st_size).unwrap_or(0);
        if size > actual {
            return Err(MapError::TooSmall {
                announced: size,
                actual,
            });
        }
        if seals == Seals::Required && !sealed {
            return Err(MapError::Unsealed);
        }
        let huge = huge_page_of(file.as_fd());
        let rounded = size.checked_next_multiple_of(huge.unwrap_or(1));
        let length = rounded.ok_or(MapError::BadSize { bytes: size })?;
        // A peer may announce far more than it uses: no huge pages are set aside for that.
        let flags = MapFlags::SHARED | MapFlags::NORESERVE;
        let mut region = Self::mapping(file, size, length, flags)?;
        region.file = None; // the mapping holds the memory; the descriptor would only count against our limit
        if !sealed || huge.is_some() {
            region.watch(huge.unwrap_or(rustix::param::page_size() as u64));
        }
        Ok(region)
    }

    fn mapping(file: OwnedFd, size: u64, length: u64, flags: MapFlags) -> Result<Self, MapError> {
        let mapped = usize::try_from(length)
            .ok()
            .filter(|&bytes| bytes > 0 && bytes <= isize::MAX as usize);
        let mapped = mapped.ok_or(MapError::BadSize { bytes: size })?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh mapping at an address of the kernel's choice touches nothing that exists.
        let base =
            unsafe { rustix::mm::mmap(std::ptr::null_mut(), mapped, access, flags, &file, 0) };
        let base = base.map_err(refused("mmap", size))?;
        let base = NonNull::new(base.cast()).ok_or(MapError::BadSize { bytes: size })?;
        Ok(Self {
            base,
            size,
            mapped,
            file: Some(file),
            watch: None,
        })
    }

    /// Has SIGBUS contained, if the program wants that, in memory of such pages.
    fn watch(&mut self, page: u64) {
        self.watch = Some(sigbus::Watch::new(self.base, self.mapped, page));
    }

    fn populate(&self) -> rustix::io::Result<()> {
        // SAFETY: exactly our own mapping; populating does not change its content.
        unsafe {
            rustix::mm::madvise(
                self.base.as_ptr().cast(),
                self.mapped,
                Advice::LinuxPopulateWrite,
            )
        }
    }

    /// Bytes of the region.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file behind memory of our own, to be handed to a peer.
    pub fn file(&self) -> Option<BorrowedFd<'_>> {
        self.file.as_ref().map(AsFd::as_fd)
    }

    /// Whether the memory vanished under us: the peer truncated its file and the signal was contained.
    pub fn is_gone(&self) -> bool {
        self.watch.as_ref().is_some_and(sigbus::Watch::fired)
    }

    /// `length` bytes at `offset`, when there are any and they lie inside.
    #[inline]
    pub fn span(&self, offset: u64, length: u32) -> Option<Span<'_>> {
        let segment = self.segment(offset, length)?;
        // SAFETY: the span borrows this region, so that it stays mapped.
        Some(unsafe { segment.span() })
    }

    /// The same, to be written.
    #[inline]
    pub fn span_mut(&mut self, offset: u64, length: u32) -> Option<SpanMut<'_>> {
        let segment = self.segment(offset, length)?;
        // SAFETY: as in `span`; and it borrows the region for itself, so that no other span covers the bytes.
        Some(unsafe { segment.span_mut() })
    }

    fn segment(&self, offset: u64, length: u32) -> Option<Segment> {
        let start = self.range(offset, length.into())?;
        (length > 0).then_some(Segment { start, len: length })
    }

    /// The start of `length` bytes at `offset`, when they lie inside.
    #[inline]
    pub(crate) fn range(&self, offset: u64, length: u64) -> Option<NonNull<u8>> {
        let end = offset.checked_add(length)?;
        if end > self.size {
            return None;
        }
        let offset = usize::try_from(offset).ok()?;
        // SAFETY: offset <= size <= mapped, checked above.
        Some(unsafe { self.base.add(offset) })
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        self.watch = None; // before the addresses can be mapped anew by anybody else
        // SAFETY: our own mapping, and nobody holds a pointer into it any more (module invariant).
        let unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.mapped) };
        debug_assert!(unmapped.is_ok(), "munmap of an own mapping");
    }
}

/// An anonymous file that can neither shrink nor grow.
fn sealed_file(name: &str, size: u64, huge_pages: bool) -> Result<OwnedFd, MapError> {
    let mut flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    if huge_pages {
        flags |= MemfdFlags::HUGETLB | MemfdFlags::HUGE_2MB;
    }
    let file = rustix::fs::memfd_create(name, flags).map_err(refused("memfd_create", size))?;
    rustix::fs::ftruncate(&file, size).map_err(refused("ftruncate", size))?;
    let seals = SealFlags::SHRINK | SealFlags::GROW;
    rustix::fs::fcntl_add_seals(&file, seals).map_err(refused("F_ADD_SEALS", size))?;
    Ok(file)
}

fn refused(call: &'static str, bytes: u64) -> impl Fn(rustix::io::Errno) -> MapError {
    move |error| MapError::Os {
        call,
        bytes,
        source: error.into(),
    }
}

/// The page size of a file of huge pages.
fn huge_page_of(file: BorrowedFd<'_>) -> Option<u64> {
    let system = rustix::fs::fstatfs(file).ok()?;
    let is_huge = u64::try_from(system.f_type) == Ok(HUGETLBFS_MAGIC);
    let page = u64::try_from(system.f_bsize).ok()?;
    (is_huge && page.is_power_of_two()).then_some(page)
}

fn shrink_sealed(file: BorrowedFd<'_>) -> bool {
    rustix::fs::fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SealFlags::SHRINK))
}

fn not_memory(kind: FileType) -> Option<&'static str> {
    match kind {
        FileType::RegularFile => None,
        FileType::Directory => Some("directory"),
        FileType::Symlink => Some("symbolic link"),
        FileType::Fifo => Some("pipe"),
        FileType::Socket => Some("socket"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("device"),
        _ => Some("descriptor of no file"),
    }
}

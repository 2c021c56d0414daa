//! Huge pages for a test.

use std::io::Write;

/// Huge pages of the system, set for a while.
pub(crate) struct HugePages {
    before: String,
}

impl HugePages {
    const COUNT: &str = "/proc/sys/vm/nr_hugepages";

    /// At least `count` more; `None`, and said so, where that is not permitted or there is no memory.
    pub(crate) fn reserve(count: u64) -> Option<Self> {
        let pages = Self::try_reserve(count);
        if pages.is_none() {
            // Not eprintln: the test harness would keep it to itself.
            let skipped = "SKIPPED: huge pages cannot be reserved here (vm.nr_hugepages)";
            let _ = writeln!(std::io::stderr(), "{skipped}");
        }
        pages
    }

    fn try_reserve(count: u64) -> Option<Self> {
        let before = std::fs::read_to_string(Self::COUNT).ok()?;
        let total: u64 = before.trim().parse().ok()?;
        std::fs::write(Self::COUNT, (total + count).to_string()).ok()?;
        let pages = Self { before };
        let now: u64 = std::fs::read_to_string(Self::COUNT)
            .ok()?
            .trim()
            .parse()
            .ok()?;
        (now >= total + count).then_some(pages)
    }
}

impl Drop for HugePages {
    fn drop(&mut self) {
        let _ = std::fs::write(Self::COUNT, self.before.trim());
    }
}

//! The clock of [`Metadata::sent_at`](crate::Metadata::sent_at).

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// `CLOCK_MONOTONIC`, which all processes of one node share.
pub(crate) fn now() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    let whole = Duration::from_secs(u64::try_from(now.tv_sec).unwrap_or(0));
    whole + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or(0))
}

//! What is counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of the C library's statistics, in its order: 72 bytes. Bytes are those on the wire, CRC included.
///
/// They never go back, and move at once; by rings, frames that come while the program does not look are counted within a
/// tenth of a second.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Counters {
    /// Frames that came from the agent.
    pub rx_packets_in: AtomicU64,
    /// Frames that the program has received.
    pub rx_packets_out: AtomicU64,
    /// Bytes that came from the agent.
    pub rx_bytes_in: AtomicU64,
    /// Bytes that the program has received.
    pub rx_bytes_out: AtomicU64,
    /// Frames that were dropped because the program did not receive those before. By rings the agent drops them, and counts
    /// them there.
    pub rx_fc_drops: AtomicU64,
    /// Frames that the program has sent.
    pub tx_packets_in: AtomicU64,
    /// Frames that went to the agent.
    pub tx_packets_out: AtomicU64,
    /// Bytes that the program has sent.
    pub tx_bytes_in: AtomicU64,
    /// Bytes that went to the agent.
    pub tx_bytes_out: AtomicU64,
}

const _: () = assert!(size_of::<Counters>() == 72);

impl Counters {
    /// All zero.
    pub const fn new() -> Self {
        Self {
            rx_packets_in: AtomicU64::new(0),
            rx_packets_out: AtomicU64::new(0),
            rx_bytes_in: AtomicU64::new(0),
            rx_bytes_out: AtomicU64::new(0),
            rx_fc_drops: AtomicU64::new(0),
            tx_packets_in: AtomicU64::new(0),
            tx_packets_out: AtomicU64::new(0),
            tx_bytes_in: AtomicU64::new(0),
            tx_bytes_out: AtomicU64::new(0),
        }
    }
}

/// What a client has done since it was opened.
///
/// `rx_packets_in = rx_packets_out + rx_fc_drops + rx_lost +` what is waiting to be received, and
/// `tx_packets_in = tx_packets_out +` what is queued; `tx_lost` of the former may not have reached anybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// See [`Counters::rx_packets_in`].
    pub rx_packets_in: u64,
    /// See [`Counters::rx_packets_out`].
    pub rx_packets_out: u64,
    /// See [`Counters::rx_bytes_in`].
    pub rx_bytes_in: u64,
    /// See [`Counters::rx_bytes_out`].
    pub rx_bytes_out: u64,
    /// See [`Counters::rx_fc_drops`].
    pub rx_fc_drops: u64,
    /// See [`Counters::tx_packets_in`].
    pub tx_packets_in: u64,
    /// See [`Counters::tx_packets_out`].
    pub tx_packets_out: u64,
    /// See [`Counters::tx_bytes_in`].
    pub tx_bytes_in: u64,
    /// See [`Counters::tx_bytes_out`].
    pub tx_bytes_out: u64,
    /// Frames whose memory vanished before the program received them.
    pub rx_lost: u64,
    /// Frames that the agent marked as damaged.
    pub rx_damaged: u64,
    /// Frames that went to an agent which ended before it said that it was done with them.
    pub tx_lost: u64,
    /// How often the client was connected.
    pub connections: u64,
}

/// Counts somewhere, and what only this crate has a name for.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    own: Counters,
    given: Option<&'static Counters>,
    pub(crate) rx_lost: AtomicU64,
    pub(crate) rx_damaged: AtomicU64,
    pub(crate) tx_lost: AtomicU64,
    pub(crate) connections: AtomicU64,
}

impl Tally {
    pub(crate) fn new(given: Option<&'static Counters>) -> Self {
        Self {
            given,
            ..Self::default()
        }
    }

    #[inline]
    pub(crate) fn counters(&self) -> &Counters {
        self.given.unwrap_or(&self.own)
    }

    pub(crate) fn statistics(&self) -> Statistics {
        let counters = self.counters();
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            rx_packets_in: now(&counters.rx_packets_in),
            rx_packets_out: now(&counters.rx_packets_out),
            rx_bytes_in: now(&counters.rx_bytes_in),
            rx_bytes_out: now(&counters.rx_bytes_out),
            rx_fc_drops: now(&counters.rx_fc_drops),
            tx_packets_in: now(&counters.tx_packets_in),
            tx_packets_out: now(&counters.tx_packets_out),
            tx_bytes_in: now(&counters.tx_bytes_in),
            tx_bytes_out: now(&counters.tx_bytes_out),
            rx_lost: now(&self.rx_lost),
            rx_damaged: now(&self.rx_damaged),
            tx_lost: now(&self.tx_lost),
            connections: now(&self.connections),
        }
    }
}

/// One more burst: so many frames of so many bytes together.
#[inline]
pub(crate) fn count(frames: &AtomicU64, bytes: &AtomicU64, burst: (u64, u64)) {
    if burst.0 > 0 {
        add(frames, burst.0);
        add(bytes, burst.1);
    }
}

#[inline]
pub(crate) fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

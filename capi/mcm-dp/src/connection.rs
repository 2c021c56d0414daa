//! A connection: what the functions of the API do, but for pointers and numbers.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use media::Stamp;

use crate::abi::{Buffer, BufferMetadata, Stats};
use crate::buffers::{Buffers, Content};
use crate::counters::Counters;
use crate::end::{End, Offer};
use crate::failure::{Code, Failure};
use crate::news::{Flag, readable, sleep};
use crate::notifier::Notifier;
use crate::signals::Endings;
use crate::turn::{NoTurn, Turns};

/// How long a wait looks at the rings before it sleeps.
const SPIN: Duration = Duration::from_micros(20);

/// How long a limited wait goes on before it listens for signals, which costs as much as a frame.
const UNWATCHED: Duration = Duration::from_millis(5);

/// One connection, used by any number of threads.
#[derive(Debug)]
pub(crate) struct Connection {
    end: Turns<End>,
    buffers: Buffers,
    counters: Counters,
    notifier: OnceLock<Notifier>,
    /// Set when the connection is destroyed.
    quit: Flag,
    /// The number that the next frame sent should have.
    next_number: AtomicU64,
    sends: bool,
    frame_size: usize,
    fps: f64,
    end_fd: RawFd,
}

impl Connection {
    pub(crate) fn new(end: End, sends: bool, frame_size: usize, fps: f64) -> Result<Self, Failure> {
        let counters = Counters::default();
        counters.peers(&end);
        Ok(Self {
            end_fd: end.as_fd().as_raw_fd(),
            counters,
            buffers: Buffers::default(),
            notifier: OnceLock::new(),
            quit: Flag::new()?,
            next_number: AtomicU64::new(0),
            end: Turns::new(end),
            sends,
            frame_size,
            fps,
        })
    }

    /// Room or a frame; waits for `timeout` milliseconds in all, for ever if negative.
    pub(crate) fn dequeue(&self, timeout: i32) -> Result<*mut Buffer, Failure> {
        let time = u64::try_from(timeout).ok().map(Duration::from_millis);
        let deadline = time.map(|time| Instant::now() + time);
        let mut end = match self.end.take(deadline) {
            Ok(end) => end,
            Err(NoTurn::Busy) => return Err(self.time_is_over(timeout)),
            Err(NoTurn::Gone) => return Err(Failure::destroyed()),
        };
        let offer = self.obtain(&mut end, deadline);
        self.counters.losses(&end);
        if offer.is_err() {
            self.counters.peers(&end);
        }
        if let Some(notifier) = self.notifier.get() {
            notifier.renew(&mut end);
        }
        drop(end);
        match offer? {
            Some(offer) => Ok(self.hand_out(offer)),
            None => Err(self.time_is_over(timeout)),
        }
    }

    /// Sends room, gives back a frame.
    pub(crate) fn enqueue(&self, buffer: *mut Buffer) -> Result<(), Failure> {
        let fits = |content: &Content, said: &Buffer| match content {
            Content::Room(loan, _) => self.check_fits(said.len, loan.capacity()),
            Content::Frame(..) => Ok(()),
        };
        let (content, said) = self.buffers.take_back(buffer, fits)?;
        let Content::Room(mut loan, copy) = content else {
            return Ok(()); // dropped: given back
        };
        if !loan.is_connected() {
            return Err(Failure::receiver_gone());
        }
        loan.set_len(said.len)?;
        if let Some(copy) = &copy {
            loan.write_at(0, &copy[..said.len])?;
            self.counters.copied.fetch_add(1, Ordering::Relaxed);
        }
        let BufferMetadata { seq_num, timestamp } = said.metadata;
        let number = self.number(seq_num);
        loan.send_as(Stamp {
            timestamp: u64::from(timestamp),
            sequence: Some(number),
            caps: None,
        })?;
        self.counters.frame(said.len);
        Ok(())
    }

    /// Gives a buffer back unsent.
    pub(crate) fn cancel(&self, buffer: *mut Buffer) -> Result<(), Failure> {
        self.buffers.take_back(buffer, |_, _| Ok(()))?;
        self.counters.cancelled.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// A descriptor that is readable when a dequeue may have something to say.
    pub(crate) fn descriptor(&self) -> Result<RawFd, Failure> {
        if let Some(notifier) = self.notifier.get() {
            return Ok(notifier.descriptor());
        }
        let made = Notifier::new(self.end_fd)?;
        Ok(self.notifier.get_or_init(|| made).descriptor())
    }

    pub(crate) fn stats(&self) -> Stats {
        if let Ok(end) = self.end.take(Some(Instant::now())) {
            // Failing to look is told by the next dequeue.
            let _ = end.link().drive();
            self.counters.losses(&end);
            self.counters.peers(&end);
        }
        self.counters.stats(self.buffers.held())
    }

    /// Ends the connection. Whoever waits on it returns.
    pub(crate) fn destroy(&self) {
        self.quit.set();
        let end = self.end.end();
        self.buffers.clear();
        if let Some(end) = end {
            let ended = end.close(self.fps);
            tracing::info!(undelivered = ended.undelivered, "connection destroyed");
        }
    }

    /// Waits for room or a frame; `None` when the time is over.
    fn obtain(&self, end: &mut End, deadline: Option<Instant>) -> Result<Option<Offer>, Failure> {
        let mut endings = None;
        let begun = Instant::now();
        loop {
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            let spin = left.map_or(SPIN, |left| left.min(SPIN));
            if let Some(offer) = end.attempt(spin)? {
                return Ok(Some(offer));
            }
            let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            if end.arm()? {
                continue;
            }
            let patience = left.and_then(|_| UNWATCHED.checked_sub(begun.elapsed()));
            if patience.is_none() && endings.is_none() {
                endings = Endings::watch();
            }
            let naps = [end.look_again(), left, patience];
            let nap = naps.into_iter().flatten().min();
            self.counters.peers(end);
            self.sleep(end, nap, endings.as_ref())?;
        }
    }

    /// Sleeps until there is news of the end.
    fn sleep(
        &self,
        end: &End,
        time: Option<Duration>,
        endings: Option<&Endings>,
    ) -> Result<(), Failure> {
        let (quit, end) = (readable(self.quit.as_fd()), readable(end.as_fd()));
        let first = match endings {
            Some(endings) => sleep(&mut [quit, readable(endings.as_fd()), end], time)?,
            None => sleep(&mut [quit, end], time)?,
        };
        match first {
            Some(0) => Err(Failure::destroyed()),
            Some(1) if endings.is_some() => Err(Failure::interrupted()),
            _ => Ok(()),
        }
    }

    fn hand_out(&self, offer: Offer) -> *mut Buffer {
        let Offer { content, data, len } = offer;
        let metadata = match &content {
            Content::Room(..) => self.next_in_turn(),
            Content::Frame(received, copy) => {
                self.counters.frame(len);
                let copied = u64::from(copy.is_some());
                self.counters.copied.fetch_add(copied, Ordering::Relaxed);
                received.metadata().map(short).unwrap_or_default()
            }
        };
        self.buffers.hand_out(content, metadata, len, data)
    }

    /// What a program that says nothing about its frames says of the next.
    fn next_in_turn(&self) -> BufferMetadata {
        let next = self.next_number.load(Ordering::Relaxed);
        BufferMetadata {
            seq_num: low_16(next.wrapping_add(self.buffers.held() as u64)),
            timestamp: 0,
        }
    }

    /// The full number of a frame of which the program says the last 16 bits: the nearest one.
    fn number(&self, seq_num: u16) -> u64 {
        let next = self.next_number.load(Ordering::Relaxed);
        let number = nearest(next, seq_num);
        self.next_number
            .store(number.wrapping_add(1), Ordering::Relaxed);
        number
    }

    fn check_fits(&self, len: usize, capacity: usize) -> Result<(), Failure> {
        let most = capacity.min(self.frame_size);
        if len <= most {
            return Ok(());
        }
        let why = if most < self.frame_size {
            "the peer's buffers have no more: give both sides the same width, height and payload"
        } else {
            "that is the size of a frame by the width, height and payload of this connection"
        };
        Err(Failure::new(
            Code::InvalidParam,
            libc::EMSGSIZE,
            format!("len {len} is more than {most} bytes; {why}"),
        ))
    }

    fn time_is_over(&self, timeout: i32) -> Failure {
        self.counters.timeouts.fetch_add(1, Ordering::Relaxed);
        let errno = if timeout == 0 {
            libc::EAGAIN
        } else {
            libc::ETIMEDOUT
        };
        if self.sends {
            Failure::fixed(Code::Timeout, errno, c"no room within the time given")
        } else {
            Failure::fixed(Code::Success, errno, c"no frame within the time given")
        }
    }
}

/// What fits an `mcm_buffer` of what the sender says: the last bits of both numbers.
fn short(metadata: media::Metadata) -> BufferMetadata {
    let timestamp = metadata.timestamp & u64::from(u32::MAX);
    BufferMetadata {
        seq_num: low_16(metadata.sequence),
        timestamp: u32::try_from(timestamp).unwrap_or_default(),
    }
}

fn low_16(number: u64) -> u16 {
    u16::try_from(number & 0xffff).unwrap_or_default()
}

/// The number nearest to `next` that ends in these 16 bits.
fn nearest(next: u64, low: u16) -> u64 {
    let ahead = low.wrapping_sub(low_16(next)).cast_signed();
    next.checked_add_signed(i64::from(ahead))
        .unwrap_or(u64::from(low))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn sixteen_bits_are_read_as_the_nearest_number() {
        assert_eq!(nearest(0, 0), 0);
        assert_eq!(nearest(0, 65_535), 65_535); // there is nothing before 0
        assert_eq!(nearest(65_536, 0), 65_536);
        assert_eq!(nearest(65_536, 65_535), 65_535);
        assert_eq!(nearest(0x1_0005, 3), 0x1_0003);
        assert_eq!(nearest(0x1_fff0, 2), 0x2_0002);
    }
}

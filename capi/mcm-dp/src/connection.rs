//! A connection: what the functions of the API do, but for pointers and numbers.

mod waiting;

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use media::Stamp;

use crate::abi::{Buffer, BufferMetadata, Stats};
use crate::buffers::{Buffers, Content, Room};
use crate::counters::Counters;
use crate::end::{End, Offer};
use crate::failure::{Code, Failure};
use crate::news::Flag;
use crate::notifier::Notifier;
use crate::turn::{NoTurn, Turns};

/// One connection, used by any number of threads.
#[derive(Debug)]
pub(crate) struct Connection {
    end: Turns<End>,
    buffers: Buffers,
    counters: Counters,
    notifier: OnceLock<Notifier>,
    /// Set when the connection is destroyed.
    quit: Flag,
    /// The number that the next room gets.
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
        // Dropped last: a signal that ended the wait is delivered when nothing is held any more.
        let mut endings = None;
        let mut end = match self.end.take(deadline) {
            Ok(end) => end,
            Err(NoTurn::Busy) => return Err(self.time_is_over(timeout)),
            Err(NoTurn::Gone) => return Err(Failure::destroyed()),
        };
        let offer = self.obtain(&mut end, deadline, &mut endings);
        self.counters.losses(&end);
        if offer.is_err() {
            self.counters.peers(&end);
        }
        if let Some(notifier) = self.notifier.get() {
            notifier.renew(&mut end);
        }
        drop(end);
        match offer? {
            Some(offer) => self.hand_out(offer),
            None => Err(self.time_is_over(timeout)),
        }
    }

    /// Sends room, gives back a frame.
    pub(crate) fn enqueue(&self, buffer: *mut Buffer) -> Result<(), Failure> {
        let fits = |content: &Content, said: &Buffer| match content {
            Content::Room(room) => self.check_fits(said.len, room.loan.capacity()),
            Content::Frame(..) => Ok(()),
        };
        let (content, said) = self.buffers.take_back(buffer, fits)?;
        let Content::Room(Room {
            mut loan,
            copy,
            number,
        }) = content
        else {
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
        let number = self.said_number(number, seq_num);
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
        let (content, _) = self.buffers.take_back(buffer, |_, _| Ok(()))?;
        if let Content::Room(Room { number, .. }) = content {
            // The newest number is free again; an older one is missed.
            let (after, numbers) = (number.wrapping_add(1), &self.next_number);
            let _ = numbers.compare_exchange(after, number, Ordering::Relaxed, Ordering::Relaxed);
        }
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
        self.buffers.close();
        if let Some(end) = end {
            let ended = end.close(self.fps);
            tracing::info!(undelivered = ended.undelivered, "connection destroyed");
        }
    }

    fn hand_out(&self, offer: Offer) -> Result<*mut Buffer, Failure> {
        let Offer {
            mut content,
            data,
            len,
        } = offer;
        let metadata = match &mut content {
            Content::Room(room) => {
                room.number = self.next_number.fetch_add(1, Ordering::Relaxed);
                BufferMetadata {
                    seq_num: low_16(room.number),
                    timestamp: 0,
                }
            }
            Content::Frame(received, copy) => {
                self.counters.frame(len);
                let copied = u64::from(copy.is_some());
                self.counters.copied.fetch_add(copied, Ordering::Relaxed);
                received.metadata().map(short).unwrap_or_default()
            }
        };
        self.buffers.hand_out(content, metadata, len, data)
    }

    /// The full number of a frame: the one it was given, or the nearest to it that ends in the 16 bits that the
    /// program says. Then those that follow count on from there.
    fn said_number(&self, given: u64, seq_num: u16) -> u64 {
        if low_16(given) == seq_num {
            return given;
        }
        let said = nearest(given, seq_num);
        self.next_number
            .store(said.wrapping_add(1), Ordering::Relaxed);
        said
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

/// Any thread may use a connection, and destroy it while others do.
const _: fn() = || {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Connection>();
};

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

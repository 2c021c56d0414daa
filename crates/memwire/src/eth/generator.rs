//! The generator's hot path: stamps ready frames and hands them over, burst by burst.

use std::time::Duration;

use super::batch::{MAX_BURST, total};
use super::meter::Meter;
use super::packet::Templates;
use super::port::Port;
use super::stamp::Stamp;
use crate::clock;
use crate::report::{Talk, grouped};

/// Makes frames and hands them over, burst by burst and queue by queue.
#[derive(Debug)]
pub(crate) struct Generator {
    templates: Templates,
    /// Memory for one burst, a filler per frame.
    slots: Vec<u8>,
    burst: usize,
    /// Position in the cycle of lengths.
    turn: usize,
    /// The queue that frames were offered to last.
    pub(crate) queue: usize,
    /// Upper byte of the stream numbers.
    run: u8,
    /// The next sequence number of each queue.
    sequences: Vec<u64>,
    pub(crate) sent: Meter,
}

impl Generator {
    /// Bursts of at most `burst` frames, over so many queues.
    pub(crate) fn new(templates: Templates, burst: usize, queues: u16) -> Generator {
        Generator {
            slots: templates.filler().repeat(burst),
            templates,
            burst,
            turn: 0,
            queue: 0,
            run: draw(),
            sequences: vec![0; usize::from(queues)],
            sent: Meter::default(),
        }
    }

    /// Sends up to `due` frames on the first queue that takes any; returns how many it took.
    pub(crate) fn send(
        &mut self,
        port: &mut Port,
        due: u64,
        now: Duration,
        talk: &Talk,
    ) -> anyhow::Result<u64> {
        let frames = usize::try_from(due).map_or(self.burst, |due| due.min(self.burst));
        if frames == 0 {
            return Ok(0);
        }
        for _ in 0..port.queues() {
            self.queue = (self.queue + 1) % port.queues();
            let first = Stamp {
                stream: u16::from_be_bytes([self.run, queue_byte(self.queue)]),
                sequence: self.sequences[self.queue],
                sent_at: now,
            };
            let mut views = [&[][..]; MAX_BURST];
            let views = &mut views[..frames];
            let burst = fill(&mut self.slots, views, &self.templates, self.turn, first);
            match port.send(self.queue, burst) {
                Ok(0) => {}
                Ok(sent) => {
                    let bytes = total(&burst[..sent]);
                    return Ok(self.count(sent, bytes, now));
                }
                Err(error) => port.settle(Err(error), talk)?,
            }
        }
        Ok(0)
    }

    fn count(&mut self, frames: usize, bytes: u64, now: Duration) -> u64 {
        self.turn = (self.turn + frames) % self.templates.len();
        self.sequences[self.queue] += frames as u64;
        self.sent.count(frames as u64, bytes, now);
        frames as u64
    }

    /// One line about the time since the last.
    pub(crate) fn interval(&mut self, now: Duration) -> String {
        let rates = self.sent.interval(now);
        format!(
            "{} frames, {}",
            grouped(self.sent.frames()),
            rates.spelled()
        )
    }
}

/// Writes consecutive frames into the slots, and their views into `views`.
fn fill<'v, 's: 'v>(
    slots: &'s mut [u8],
    views: &'v mut [&'s [u8]],
    templates: &Templates,
    turn: usize,
    first: Stamp,
) -> &'v [&'s [u8]] {
    let mut stamp = first;
    let slots = slots.chunks_exact_mut(templates.filler().len());
    for (at, (slot, view)) in slots.zip(&mut *views).enumerate() {
        let len = templates.write(turn + at, stamp, slot);
        *view = &slot[..len];
        stamp.sequence += 1;
    }
    views
}

/// A number that tells this run from the last; nothing depends on its being good.
fn draw() -> u8 {
    let [_, byte, ..] = clock::realtime().subsec_nanos().to_le_bytes();
    byte
}

/// A link has at most 255 queues.
fn queue_byte(queue: usize) -> u8 {
    u8::try_from(queue).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::mac::Mac;
    use super::super::packet::Flow;
    use super::super::sizes::Sizes;
    use super::super::stamp::Framing;
    use super::*;

    fn templates() -> Templates {
        let flow = Flow {
            mac: (Mac([2; 6]), Mac([4; 6])),
            ip: (Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST),
            ports: (1, 2),
        };
        Templates::new(Sizes::Imix, &flow, Framing::Ethernet).expect("possible")
    }

    #[test]
    fn a_burst_has_consecutive_numbers_and_the_lengths_in_turn() {
        let templates = templates();
        let mut slots = templates.filler().repeat(8);
        let first = Stamp {
            stream: 0x0102,
            sequence: 1000,
            sent_at: Duration::from_nanos(77),
        };
        for turn in [0, 5] {
            let mut views = [&[][..]; 8];
            let burst = fill(&mut slots, &mut views, &templates, turn, first);
            let cycle = Sizes::Imix.cycle();
            for (at, frame) in burst.iter().enumerate() {
                let stamp = Stamp::find(frame, Framing::Ethernet).expect("stamped");
                assert_eq!((stamp.sequence, stamp.stream), (1000 + at as u64, 0x0102));
                assert_eq!(frame.len(), cycle[(turn + at) % cycle.len()]);
            }
        }
    }

    #[test]
    fn frames_that_were_not_taken_keep_their_numbers() {
        let mut generator = Generator::new(templates(), 32, 2);
        generator.queue = 1;
        assert_eq!(generator.count(5, 1000, Duration::ZERO), 5);
        assert_eq!(generator.sequences, [0, 5]);
        assert_eq!((generator.turn, generator.sent.frames()), (5, 5));
        generator.count(9, 1000, Duration::ZERO);
        assert_eq!((generator.turn, generator.sequences[1]), (2, 14));
    }
}

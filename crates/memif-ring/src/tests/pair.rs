//! Two honest ends over one ring, with a simple queue that says what must arrive.

use std::collections::VecDeque;

use super::ends::{Receives, Sends};
use crate::heap::{HeapRing, is_inside, pattern, pool, read, regions, write};
use crate::{
    Binding, Chain, ClientConsumer, ClientProducer, Counters, Regions, Segment, ServerConsumer,
    ServerProducer,
};

/// Bytes in each buffer.
pub(crate) const BUFFER: u32 = 64;

/// A frame of the model: its number says its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    pub(crate) chain: Chain,
    pub(crate) number: u32,
    pub(crate) len: usize,
}

/// A sender, a receiver, what is between them, and what each user holds.
pub(crate) struct Pair<P, C> {
    pub(crate) producer: P,
    pub(crate) consumer: C,
    pub(crate) ring: HeapRing,
    pub(crate) regions: Regions,
    pub(crate) loans: Vec<Model>,
    pub(crate) sent: VecDeque<(u32, usize)>,
    pub(crate) held: Vec<Model>,
    pub(crate) sent_counters: Counters,
    pub(crate) taken_counters: Counters,
    numbers: u32,
}

pub(crate) type ToServer = Pair<ClientProducer<HeapRing>, ServerConsumer<HeapRing>>;
pub(crate) type ToClient = Pair<ServerProducer<HeapRing>, ClientConsumer<HeapRing>>;

impl ToServer {
    /// A pair with both indexes at `index`, and `buffers` buffers.
    pub(crate) fn to_server(log2: u8, index: u16, buffers: u16, binding: Binding) -> Self {
        let regions = regions(&[u64::from(buffers) * u64::from(BUFFER)]);
        let ring = HeapRing::starting_at(log2, index);
        let mut producer =
            ClientProducer::new(ring.clone(), pool(&regions, 0, buffers, BUFFER), binding);
        producer.start_at(index);
        let mut consumer = ServerConsumer::new(ring.clone(), regions.clone(), binding);
        consumer.start_at(index);
        Self::new(producer, consumer, ring, regions)
    }
}

impl ToClient {
    /// A pair with both indexes at `index`, and `buffers` buffers, posted already.
    pub(crate) fn to_client(log2: u8, index: u16, buffers: u16, binding: Binding) -> Self {
        let regions = regions(&[u64::from(buffers) * u64::from(BUFFER)]);
        let ring = HeapRing::starting_at(log2, index);
        let mut producer = ServerProducer::new(ring.clone(), regions.clone(), binding);
        producer.start_at(index);
        let mut consumer =
            ClientConsumer::new(ring.clone(), pool(&regions, 0, buffers, BUFFER), binding);
        consumer.start_at(index);
        consumer.post();
        Self::new(producer, consumer, ring, regions)
    }
}

impl<P: Sends, C: Receives> Pair<P, C> {
    /// Two ends that agree where they are.
    pub(crate) fn new(producer: P, consumer: C, ring: HeapRing, regions: Regions) -> Self {
        Self {
            producer,
            consumer,
            ring,
            regions,
            loans: Vec::new(),
            sent: VecDeque::new(),
            held: Vec::new(),
            sent_counters: Counters::default(),
            taken_counters: Counters::default(),
            numbers: 0,
        }
    }

    /// Reserves and writes a frame of `len` bytes; false when there is no room.
    pub(crate) fn reserve(&mut self, len: usize) -> bool {
        let Some(chain) = self.producer.reserve(len as u64).unwrap() else {
            return false;
        };
        assert!(chain.bytes() >= len as u64);
        self.numbers += 1;
        let loan = Model {
            chain,
            number: self.numbers,
            len,
        };
        let (bytes, mut at) = (pattern(loan.number, len), 0);
        let segments = self.producer.segments(&chain);
        assert_eq!(segments.len(), chain.segments());
        for segment in segments {
            assert!(is_inside(&self.regions, segment));
            at += write(segment, &bytes[at..]);
        }
        assert_eq!(at, len);
        self.loans.push(loan);
        true
    }

    /// Hands over the first `len` bytes of loan `at`.
    pub(crate) fn stage(&mut self, at: usize, len: usize) {
        let loan = self.loans.remove(at);
        let len = len.min(loan.len);
        let written = bytes_of(self.producer.segments(&loan.chain));
        assert_eq!(
            written[..len],
            pattern(loan.number, len),
            "a loan was written over"
        );
        self.producer
            .stage(loan.chain, len as u64, &self.sent_counters)
            .unwrap();
        if len > 0 {
            self.sent.push_back((loan.number, len));
        }
    }

    /// Gives loan `at` back unsent.
    pub(crate) fn cancel(&mut self, at: usize) {
        let loan = self.loans.remove(at);
        self.producer.cancel(loan.chain).unwrap();
    }

    /// Reserves, stages and publishes; false when there is no room.
    pub(crate) fn send(&mut self, len: usize) -> bool {
        let room = self.reserve(len);
        if room {
            self.stage(self.loans.len() - 1, len);
            self.producer.publish();
        }
        room
    }

    /// Takes up to `max` frames and checks each against the model.
    pub(crate) fn take(&mut self, max: usize) -> usize {
        let mut chains = Vec::new();
        self.consumer.take(max, &mut chains, &self.taken_counters);
        assert!(chains.len() <= max);
        for &chain in &chains {
            let (number, len) = self.sent.pop_front().expect("a frame that nobody sent");
            let frame = Model { chain, number, len };
            self.check(&frame);
            self.held.push(frame);
        }
        chains.len()
    }

    /// Gives the held frame `at` back, after a last look at its bytes.
    pub(crate) fn give_back(&mut self, at: usize) {
        let frame = self.held.remove(at);
        self.check(&frame);
        self.consumer.give_back(vec![frame.chain]);
    }

    fn check(&self, frame: &Model) {
        assert_eq!(
            frame.chain.bytes(),
            frame.len as u64,
            "length of frame {}",
            frame.number
        );
        let segments = self.consumer.segments(&frame.chain);
        assert_eq!(segments.len(), frame.chain.segments());
        let bytes = bytes_of(segments);
        assert!(
            bytes == pattern(frame.number, frame.len),
            "bytes of frame {}",
            frame.number
        );
    }

    /// Asserts that every buffer is in exactly one place at each end.
    pub(crate) fn audit(&self) {
        let chains = |models: &[Model]| models.iter().map(|model| model.chain).collect::<Vec<_>>();
        self.producer.audit(&chains(&self.loans));
        self.consumer.audit(&chains(&self.held));
        self.consumer.audit_slots();
        let held: usize = self.held.iter().map(|frame| frame.chain.segments()).sum();
        assert!(self.consumer.held() >= held);
    }

    /// Sends what is loaned, takes and returns all, and asserts that nothing is missing.
    pub(crate) fn finish(&mut self, buffers: u16) {
        while !self.loans.is_empty() {
            self.stage(0, usize::MAX);
        }
        self.producer.publish();
        while self.take(usize::MAX) > 0 || !self.held.is_empty() {
            while !self.held.is_empty() {
                self.give_back(0);
            }
        }
        assert!(self.sent.is_empty(), "{} frames lost", self.sent.len());
        assert_eq!(self.consumer.held(), 0);
        assert!(!self.consumer.has_frames());
        assert_eq!(self.producer.in_flight(), 0);
        let all = u64::from(buffers) * u64::from(BUFFER);
        assert!(
            self.producer.has_room(all).unwrap(),
            "not all {buffers} buffers came back"
        );
        assert!(!self.producer.has_room(all + 1).unwrap());
        self.audit();
        let (sent, taken) = (self.sent_counters.totals(), self.taken_counters.totals());
        assert_eq!((sent.frames, sent.bytes), (taken.frames, taken.bytes));
        assert_eq!((taken.malformed, taken.overrun), (0, 0));
    }
}

fn bytes_of(segments: Vec<Segment>) -> Vec<u8> {
    segments.into_iter().flat_map(read).collect()
}

//! Who acquires an index sees the payload and the descriptors published by it, and buffers are not written again before
//! they were read.

use loom::thread;
use memif_ring::{
    Binding, ClientConsumer, ClientProducer, Counters, ServerConsumer, ServerProducer,
};

use super::ring::{LoomRing, Payload, Without, pool, regions};

const SLOTS: u16 = 2;

/// Sends frames of so many buffers, round the ring of two slots, and compares what arrives.
const FRAMES: [u64; 3] = [1, 2, 1];

/// What the buffers of frame `number` contain.
fn mark(number: usize, part: usize) -> u32 {
    u32::try_from(number * 10 + part + 1).unwrap()
}

macro_rules! send_all {
    ($producer:ident, $payload:ident, $stage:expr) => {
        for (number, buffers) in FRAMES.into_iter().enumerate() {
            let chain = loop {
                match $producer.reserve(buffers * 64).unwrap() {
                    Some(chain) => break chain,
                    None => thread::yield_now(),
                }
            };
            for (part, segment) in $producer.segments(&chain).enumerate() {
                $payload.write(segment, mark(number, part));
            }
            $stage(&mut $producer, chain, buffers * 64);
            $producer.publish();
        }
    };
}

macro_rules! receive_all {
    ($consumer:ident, $payload:ident, $take:expr) => {
        let mut received = 0;
        while received < FRAMES.len() {
            let mut frames = Vec::new();
            $take(&mut $consumer, &mut frames);
            if frames.is_empty() {
                thread::yield_now();
            }
            for chain in frames {
                let segments = $consumer.segments(&chain);
                let marks: Vec<u32> = segments.map(|segment| $payload.read(segment)).collect();
                let parts = usize::try_from(FRAMES[received]).unwrap();
                assert_eq!(
                    marks,
                    (0..parts)
                        .map(|part| mark(received, part))
                        .collect::<Vec<_>>()
                );
                received += 1;
                $consumer.give_back([chain]);
            }
        }
    };
}

fn client_to_server(binding: Binding, without: Without) {
    loom::model(move || {
        let (ring, payload) = (LoomRing::new(SLOTS, without), Payload::new(2));
        let mut producer = ClientProducer::new(ring.clone(), pool(2), binding);
        let written = payload.clone();
        let client = thread::spawn(move || {
            let counters = Counters::default();
            let stage = |producer: &mut ClientProducer<_>, chain, bytes| {
                producer.stage(chain, bytes, &counters)
            };
            send_all!(producer, written, stage);
        });
        let mut consumer = ServerConsumer::new(ring, regions(), binding);
        let counters = Counters::default();
        let take =
            |consumer: &mut ServerConsumer<_>, frames: &mut _| consumer.take(8, frames, &counters);
        receive_all!(consumer, payload, take);
        client.join().unwrap();
        assert_eq!(
            (counters.totals().malformed, counters.totals().overrun),
            (0, 0)
        );
    });
}

fn server_to_client(binding: Binding, without: Without) {
    loom::model(move || {
        let (ring, payload) = (LoomRing::new(SLOTS, without), Payload::new(2));
        let mut producer = ServerProducer::new(ring.clone(), regions(), binding);
        let written = payload.clone();
        let server = thread::spawn(move || {
            let counters = Counters::default();
            let stage = |producer: &mut ServerProducer<_>, chain, bytes| {
                producer.stage(chain, bytes, &counters).unwrap();
            };
            send_all!(producer, written, stage);
        });
        let mut consumer = ClientConsumer::new(ring, pool(2), binding);
        let counters = Counters::default();
        consumer.post();
        let take = |consumer: &mut ClientConsumer<_>, frames: &mut _| {
            consumer.take(8, frames, &counters);
        };
        receive_all!(consumer, payload, take);
        server.join().unwrap();
        assert_eq!(
            (counters.totals().malformed, counters.totals().overrun),
            (0, 0)
        );
    });
}

#[test]
fn a_server_sees_all_of_a_frame_and_the_client_waits_for_its_buffers() {
    client_to_server(Binding::InPlace, Without::default());
    client_to_server(Binding::Any, Without::default());
}

#[test]
fn a_client_sees_all_of_a_frame_and_the_server_waits_for_buffers() {
    server_to_client(Binding::InPlace, Without::default());
}

#[test]
fn so_it_is_with_buffers_in_any_slot() {
    server_to_client(Binding::Any, Without::default());
}

/// The server keeps its first frame, so that the buffer of the second comes back in the first slot.
fn give_back_out_of_order(without: Without) {
    loom::model(move || {
        let (ring, payload) = (LoomRing::new(SLOTS, without), Payload::new(2));
        let mut producer = ClientProducer::new(ring.clone(), pool(2), Binding::Any);
        let mut consumer = ServerConsumer::new(ring, regions(), Binding::Any);
        let counters = Counters::default();
        for mark in [1, 2] {
            let chain = producer.reserve(1).unwrap().unwrap();
            payload.write(producer.segments(&chain).next().unwrap(), mark);
            producer.stage(chain, 1, &counters);
        }
        producer.publish();
        let mut frames = Vec::new();
        consumer.take(2, &mut frames, &counters);
        let read = payload.clone();
        let server = thread::spawn(move || {
            let second = frames.remove(1);
            assert_eq!(read.read(consumer.segments(&second).next().unwrap()), 2);
            consumer.give_back([second]);
            assert_eq!(read.read(consumer.segments(&frames[0]).next().unwrap()), 1);
            consumer.give_back(frames);
        });
        for mark in [3, 4] {
            let chain = loop {
                match producer.reserve(1).unwrap() {
                    Some(chain) => break chain,
                    None => thread::yield_now(),
                }
            };
            payload.write(producer.segments(&chain).next().unwrap(), mark);
        }
        server.join().unwrap();
    });
}

#[test]
fn a_client_learns_which_buffer_came_back_before_it_writes_to_one() {
    give_back_out_of_order(Without::default());
}

#[test]
#[should_panic(expected = "Causality violation")]
fn without_release_a_client_takes_the_wrong_buffer() {
    give_back_out_of_order(RELAXED[0]);
}

const RELAXED: [Without; 2] = [
    Without {
        release: true,
        acquire: false,
        fence: false,
    },
    Without {
        release: false,
        acquire: true,
        fence: false,
    },
];

#[test]
#[should_panic(expected = "Causality violation")]
fn without_release_the_model_finds_a_race() {
    client_to_server(Binding::InPlace, RELAXED[0]);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn without_acquire_the_model_finds_a_race() {
    client_to_server(Binding::InPlace, RELAXED[1]);
}

#[test]
#[should_panic(expected = "ZeroLength")]
fn without_release_a_server_finds_a_buffer_that_is_not_written_yet() {
    server_to_client(Binding::InPlace, RELAXED[0]);
}

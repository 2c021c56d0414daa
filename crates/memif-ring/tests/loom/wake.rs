//! Nobody sleeps while there is something to do: what a sleeper announces and what the other side publishes cannot miss
//! each other, thanks to a fence on both sides.

use loom::sync::{Arc, Notify};
use loom::thread;
use memif_ring::{Binding, ClientProducer, Counters, ServerConsumer, Signals};

use super::ring::{LoomRing, Payload, Without, pool, regions};

const NO_FENCE: Without = Without {
    fence: true,
    release: false,
    acquire: false,
};

fn send(producer: &mut ClientProducer<LoomRing>) {
    let chain = producer.reserve(1).unwrap().unwrap();
    producer.stage(chain, 1, &Counters::default());
    producer.publish();
}

/// A consumer goes to sleep while a producer publishes one frame.
fn sleep_while_something_is_sent(without: Without) {
    loom::model(move || {
        let ring = LoomRing::new(2, without);
        ring.mask();
        let mut producer = ClientProducer::new(ring.clone(), pool(2), Binding::InPlace);
        let consumer = ServerConsumer::new(ring, regions(), Binding::InPlace);
        let client = thread::spawn(move || {
            send(&mut producer);
            producer.ring().wants_signal()
        });
        consumer.ring().unmask();
        let seen = consumer.has_frames();
        let woken = client.join().unwrap();
        assert!(seen || woken, "the consumer sleeps and nobody wakes it");
    });
}

#[test]
fn a_consumer_that_goes_to_sleep_sees_the_frame_or_is_woken() {
    sleep_while_something_is_sent(Without::default());
}

#[test]
#[should_panic(expected = "nobody wakes it")]
fn without_the_fence_the_model_finds_the_lost_wake_up() {
    sleep_while_something_is_sent(NO_FENCE);
}

/// A producer whose ring is full goes to sleep while the consumer gives a frame back.
fn sleep_while_room_is_made(without: Without) {
    loom::model(move || {
        let full = LoomRing::new(1, without);
        let reverse = LoomRing::new(1, without);
        let mut producer = ClientProducer::new(full.clone(), pool(1), Binding::InPlace);
        let mut consumer = ServerConsumer::new(full, regions(), Binding::InPlace);
        send(&mut producer);
        let mut frames = Vec::new();
        consumer.take(1, &mut frames, &Counters::default());
        let theirs = reverse.clone();
        let server = thread::spawn(move || {
            consumer.give_back(frames);
            theirs.room_wanted()
        });
        reverse.ask_for_room();
        let seen = producer.has_room(1).unwrap();
        let woken = server.join().unwrap();
        assert!(seen || woken, "the producer sleeps and nobody wakes it");
    });
}

#[test]
fn a_producer_that_goes_to_sleep_sees_the_room_or_is_woken() {
    sleep_while_room_is_made(Without::default());
}

#[test]
#[should_panic(expected = "nobody wakes it")]
fn without_the_fence_the_model_finds_that_room_is_missed() {
    sleep_while_room_is_made(NO_FENCE);
}

/// All together: a consumer that masks, drains, unmasks and sleeps, as often as it takes. A lost wake-up would be a
/// deadlock, which loom reports.
#[test]
fn a_consumer_that_sleeps_between_frames_gets_them_all() {
    const FRAMES: usize = 2;
    loom::model(|| {
        let ring = LoomRing::new(2, Without::default());
        let payload = Payload::new(2);
        let bell = Arc::new(Notify::new());
        let (rung, written) = (Arc::clone(&bell), payload.clone());
        let mut producer = ClientProducer::new(ring.clone(), pool(2), Binding::InPlace);
        let client = thread::spawn(move || {
            for number in 0..FRAMES {
                let chain = producer.reserve(1).unwrap().unwrap();
                let segment = producer.segments(&chain).next().unwrap();
                written.write(segment, u32::try_from(number).unwrap());
                producer.stage(chain, 1, &Counters::default());
                producer.publish();
                if producer.ring().wants_signal() {
                    rung.notify();
                }
            }
        });
        let mut consumer = ServerConsumer::new(ring, regions(), Binding::InPlace);
        let (mut frames, counters) = (Vec::new(), Counters::default());
        while frames.len() < FRAMES {
            consumer.ring().mask();
            consumer.take(FRAMES, &mut frames, &counters);
            if frames.len() < FRAMES {
                consumer.ring().unmask();
                if !consumer.has_frames() {
                    bell.wait();
                }
            }
        }
        for (number, chain) in frames.iter().enumerate() {
            let segment = consumer.segments(chain).next().unwrap();
            assert_eq!(payload.read(segment), u32::try_from(number).unwrap());
        }
        client.join().unwrap();
    });
}

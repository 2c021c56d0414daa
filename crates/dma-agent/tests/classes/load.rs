//! Classes under load: what is kept in order, and that every frame is accounted for.

use std::time::{Duration, Instant};

use dma_agent::{Agent, Scheduling};

use crate::common::{Running, port};
use crate::tenant::{Got, Tenant, assert_in_order, weighted};

const FRAMES: u64 = 10_000;

/// Numbers without a pattern, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        let (times, plus) = (6_364_136_223_846_793_005, 1);
        self.0 = self.0.wrapping_mul(times).wrapping_add(plus);
        (self.0 >> 33) % most
    }
}

/// Two senders on all tiers, and a receiver that is too slow.
struct Load {
    agent: Agent,
    senders: [Tenant; 2],
    receiver: Tenant,
    /// By the tier it came on.
    got: [Vec<Got>; 4],
    random: Random,
}

impl Load {
    fn new(scheduling: Scheduling) -> Self {
        let running = Running::start();
        let senders = [8, 9].map(|svc| Tenant::new(&running, &format!("sender{svc}"), svc));
        let receiver = Tenant::new(&running, "receiver", 10);
        let mut agent = running.stop();
        agent.schedule_by(scheduling);
        Self {
            agent,
            senders,
            receiver,
            got: Default::default(),
            random: Random(7),
        }
    }

    fn sent(&self) -> u64 {
        self.senders.iter().flat_map(|sender| sender.sent).sum()
    }

    fn send(&mut self) {
        let sender = &mut self.senders[self.random.below(2) as usize];
        sender.complete();
        let count = 1 + self.random.below(60);
        if sender.outstanding() + count < 1023 {
            sender.send(self.random.below(4) as usize, count);
        }
    }

    /// Posts some buffers on a tier, as far as there are any.
    fn post(&mut self, tier: usize, count: u64) {
        let out = self.receiver.posted[tier] - self.receiver.received[tier];
        self.receiver.post(tier, count.min(299 - out));
    }

    fn turn(&mut self) {
        self.agent.turn(Some(Duration::ZERO)).expect("a turn");
        for (tier, got) in self.got.iter_mut().enumerate() {
            got.extend(self.receiver.receive(tier));
        }
    }

    /// Until nothing is on its way any more.
    fn finish(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            self.senders.iter_mut().for_each(Tenant::complete);
            self.post(0, 299);
            self.post(3, 299);
            self.turn();
            let taken_in = self.senders.iter().all(|sender| sender.outstanding() == 0);
            let receiver = port(&self.agent, "receiver").expect("a port");
            if taken_in && receiver.waiting == 0 {
                return;
            }
            assert!(Instant::now() < deadline, "{receiver:?}");
        }
    }

    fn check(&self) {
        let receiver = port(&self.agent, "receiver").expect("a port").counters;
        let all: usize = self.got.iter().map(Vec::len).sum();
        assert_eq!(receiver.sent, all as u64, "accepted is delivered");
        let dropped = receiver.dropped.total();
        assert_eq!(
            self.sent(),
            receiver.sent + dropped,
            "{:?}",
            receiver.dropped
        );
        assert!(
            dropped > FRAMES / 10 && all > 1000,
            "{dropped} dropped, {all} delivered"
        );
        assert!(self.got[1].is_empty() && self.got[2].is_empty());
        for got in &self.got {
            assert_in_order(got);
        }
        // Of a class that moved to its own tier, everything on tier 0 is older.
        let moved = self.got[0].iter().filter(|got| got.class == 3);
        for early in moved {
            let mut later = self.got[3].iter().filter(|got| got.from == early.from);
            assert!(later.all(|later| later.number > early.number), "{early:?}");
        }
        assert!(!self.got[3].is_empty() && self.got[3].iter().all(|got| got.class == 3));
    }
}

#[test]
fn frames_of_one_source_and_class_stay_in_order_and_none_is_unaccounted_for() {
    for scheduling in [weighted(), Scheduling::Strict] {
        let mut load = Load::new(scheduling);
        while load.sent() < FRAMES {
            load.send();
            // Tier 3 joins half way; nothing is ever posted on the tiers between.
            let tiers = if load.sent() > FRAMES / 2 { 2 } else { 1 };
            let (tier, count) = (load.random.below(tiers) * 3, load.random.below(30));
            load.post(tier as usize, count);
            load.turn();
        }
        load.finish();
        load.check();
    }
}

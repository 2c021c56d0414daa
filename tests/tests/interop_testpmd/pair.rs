//! A testpmd and a process of our own, and what is sent between them.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use memwire_tests::endpoint::Endpoint;
use memwire_tests::testpmd::{Forward, Plan, Role, Testpmd};
use memwire_tests::workshop;

/// One end each. Whoever listens is started first.
pub(crate) struct Pair {
    pub(crate) ours: Endpoint,
    pub(crate) testpmd: Testpmd,
    pub(crate) dir: tempfile::TempDir,
}

/// How many frames a test sends, and how they look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) queues: u16,
    pub(crate) bytes: usize,
    pub(crate) frames: u64,
}

pub(crate) const SMALL: Load = Load {
    queues: 1,
    bytes: 64,
    frames: 50_000,
};
pub(crate) const FULL: Load = Load {
    queues: 1,
    bytes: 1518,
    frames: 20_000,
};
pub(crate) const JUMBO: Load = Load {
    queues: 1,
    bytes: 9000,
    frames: 4_000,
};

pub(crate) const EVERY_LOAD: [Load; 6] = [
    SMALL,
    FULL,
    JUMBO,
    SMALL.four_queues(),
    FULL.four_queues(),
    JUMBO.four_queues(),
];

impl Load {
    pub(crate) const fn four_queues(self) -> Load {
        Load { queues: 4, ..self }
    }

    pub(crate) fn total_bytes(&self) -> u64 {
        self.frames * self.bytes as u64
    }

    /// As testpmd cuts a frame: it has no more room in one of its buffers.
    fn segments(&self) -> Vec<u16> {
        let mut left = u16::try_from(self.bytes).expect("a frame of at most 64 KiB");
        let mut segments = Vec::new();
        while left > 0 {
            let now = left.min(2000);
            segments.push(now);
            left -= now;
        }
        segments
    }
}

impl Pair {
    /// `None` without testpmd.
    pub(crate) fn new(test: &str, role: Role, forward: Forward, load: Load) -> Option<Pair> {
        let plan = Plan::new(role, forward)
            .queues(load.queues)
            .segments(&load.segments());
        let dir = workshop();
        let socket = dir.path().join("link.sock");
        let (ours, mut testpmd) = match role {
            Role::Server => {
                let testpmd = plan.start(&socket, test)?;
                (our_end("client", &socket, &plan), testpmd)
            }
            Role::Client => {
                let ours = our_end("server", &socket, &plan);
                (ours, plan.start(&socket, test)?)
            }
        };
        testpmd.wait_link(true);
        ours.hear(0, "up 0");
        Some(Pair { ours, testpmd, dir })
    }

    pub(crate) fn quit(self) {
        self.testpmd.quit();
        self.ours.quit();
    }
}

pub(crate) fn our_end(role: &str, socket: &Path, plan: &Plan) -> Endpoint {
    let queues = format!("queues={}", plan.queues);
    let mut options = vec![queues.as_str()];
    if plan.forward == Forward::Echo {
        // What may be in flight: enough for bursts, too little to fill a ring with chains.
        options.push("window=64");
    }
    Endpoint::start(
        env!("CARGO_BIN_EXE_endpoint"),
        "sink",
        role,
        socket,
        &options,
    )
}

/// testpmd spins on a CPU and counts on it: one test at a time.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A client that takes its completions late.

use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use dma_agent::Scheduling;

use crate::common::frame;
use crate::tenant::{Still, weighted};

/// The agent stops reading from it, and goes on by itself when there is room again: the client sends nothing more that
/// would remind it.
#[test]
fn whoever_takes_its_completions_late_gets_all_of_them() {
    for scheduling in [weighted(), Scheduling::Strict] {
        let mut still = Still::new(scheduling);
        let descriptor = still.sender.raw.prepare(&frame(0xB, 0xA, 0, 60), 'B', None);
        let batch = descriptor.repeat(64);
        let mut idle = 0;
        while idle < 10 {
            match still.sender.raw.sockets[4].write(&batch) {
                Ok(written) => {
                    assert_eq!(written % 32, 0);
                    still.sender.sent[0] += written as u64 / 32;
                    idle = 0;
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    idle += 1;
                }
            }
            still.agent.turn(Some(Duration::ZERO)).expect("a turn");
        }
        assert!(still.sender.sent[0] > 10_000, "{:?}", still.sender.sent);
        let deadline = Instant::now() + Duration::from_secs(20);
        while still.sender.outstanding() > 0 {
            assert!(
                Instant::now() < deadline,
                "{} without",
                still.sender.outstanding()
            );
            still.sender.complete();
            still.agent.turn(Some(Duration::ZERO)).expect("a turn");
        }
    }
}

//! Clients of both forms that send and receive all the time, while one agent follows the other.

use crate::common::{Load, Raw};
use crate::dynasty::Dynasty;

/// Frames both ways between a client of this form and a binary one, while agents follow one another.
fn under_load(form: impl FnOnce(&Dynasty) -> (Raw, char)) {
    let mut agents = Dynasty::start("");
    let old = form(&agents);
    let other = Raw::register_binary(&agents.0, "other", 11);
    let load = Load::new(old, (other, 'B'));
    let frames = load.run(|load| {
        for _ in 0..20 {
            load.flow(200);
            agents.succeed();
        }
    });
    let agent = agents.0.stop();
    assert_eq!(agent.drops().total(), 0, "{:?}", agent.drops());
    let received: Vec<u64> = agent.ports().map(|port| port.counters.received).collect();
    assert_eq!(received, frames, "counted across all agents");
}

#[test]
fn a_text_client_loses_nothing_while_agents_follow_one_another() {
    under_load(|agents| (Raw::register_text(&agents.0, "old", 10, 256), 'A'));
}

#[test]
fn a_binary_client_loses_nothing_while_agents_follow_one_another() {
    under_load(|agents| (Raw::register_binary(&agents.0, "old", 10), 'B'));
}

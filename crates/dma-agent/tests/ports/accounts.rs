//! Agents with ports, and whether every frame of theirs is accounted for.

use std::time::{Duration, Instant};

use dma_agent::{Admission, Agent, Device, PortCounters};
use switch::{Did, DropReason, Policy, Settings};

use crate::common::{Running, port};

/// The largest payload of a frame that the agent takes.
const LARGEST_PAYLOAD: usize = 9600 - 14;

/// A running agent with these ports, in the default domain.
pub(crate) fn agent(ports: Vec<(&str, Box<dyn Device>)>) -> Running {
    Running::prepared(Admission::same_user(), |agent| add(agent, ports))
}

/// An agent with these ports, that has had some turns in this thread.
pub(crate) fn turned(ports: Vec<(&str, Box<dyn Device>)>) -> Agent {
    let mut agent = Agent::new(Admission::same_user(), Settings::default(), 7).expect("an agent");
    add(&mut agent, ports);
    turn(&mut agent);
    agent
}

/// Gives it some turns, until there is nothing left to do at once.
pub(crate) fn turn(agent: &mut Agent) {
    for _ in 0..2000 {
        agent.turn(Some(Duration::ZERO)).expect("a turn");
    }
}

fn add(agent: &mut Agent, ports: Vec<(&str, Box<dyn Device>)>) {
    for (name, device) in ports {
        let mut policy = Policy::new(Did::MIN);
        policy.mtu = LARGEST_PAYLOAD;
        agent.add_port(name, policy, device).expect("a port");
    }
}

/// Each frame that came in went to one port, or was dropped once. Holds where nothing is flooded to several.
pub(crate) fn assert_balanced(agent: &Agent) {
    let mut all = agent.gone();
    for port in agent.ports() {
        assert_eq!(port.waiting, 0, "{} waits", port.name);
        all.received += port.counters.received;
        all.sent += port.counters.sent;
    }
    let drops = agent.drops();
    assert_eq!(all.received, all.sent + drops.total(), "{drops:?}");
}

/// What a port has counted.
pub(crate) fn counters(agent: &Agent, name: &str) -> PortCounters {
    port(agent, name).expect("the port is there").counters
}

/// Frames for a port that were dropped for this reason.
pub(crate) fn dropped(agent: &Agent, name: &str, reason: DropReason) -> u64 {
    counters(agent, name).dropped[reason]
}

/// Tries until it is so, for ten seconds.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < deadline, "in ten seconds: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

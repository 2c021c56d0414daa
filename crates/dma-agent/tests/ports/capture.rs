//! Captures: a mirror port whose frames go to somebody who watches.

use std::time::Duration;

use dma_agent::pcap::{CaptureDevice, CaptureQueue};
use dma_agent::{Admission, Agent};
use switch::{Did, DropReason, Policy, Role, Watch};

use crate::accounts::{dropped, eventually};
use crate::common::{Raw, Running, frame, port};

/// A running agent whose traffic is captured.
fn captured(limit: usize) -> (Running, CaptureQueue) {
    let (device, queue) = CaptureDevice::new(limit);
    let prepare = |agent: &mut Agent| {
        let mut policy = Policy::new(Did::new(99).expect("a did"));
        policy.role = Role::Mirror(Watch::Everything);
        policy.mtu = 9600;
        agent
            .add_port("capture", policy, Box::new(device))
            .expect("a port");
    };
    (Running::prepared(Admission::same_user(), prepare), queue)
}

/// Has one client send frames to another, and waits until the agent has taken them.
fn talk(agent: &Running, frames: u64, directed: Option<(u32, u32, u32)>) -> (Raw, Raw) {
    let mut one = Raw::register_text(agent, "one", 10, 256);
    let mut other = Raw::register_text(agent, "other", 11, 256);
    other.post(1023);
    for number in 0..frames {
        one.send(&frame(2, 1, number, 100), 'A', directed);
        one.completion();
        other.receive(number);
    }
    (one, other)
}

#[test]
fn a_capture_has_every_frame_with_its_labels() {
    let (agent, queue) = captured(1 << 20);
    let clients = talk(&agent, 10, Some((17, 11, 0)));
    let mut file = Vec::new();
    eventually("ten frames", || {
        file.extend(queue.wait(Duration::from_millis(10)));
        count(&file, b"flags=DIRECTED") == 10
    });
    assert_eq!(
        file[..4],
        [0x0A, 0x0D, 0x0D, 0x0A],
        "it begins as a file does"
    );
    let labels = b"did=16 sid=16 svc=11 sep=0 nti=4095 tier=0 flags=DIRECTED";
    assert_eq!(count(&file, labels), 10);
    assert_eq!((queue.dropped(), queue.is_ended()), (0, false));
    drop(clients);
    drop(agent);
    assert!(queue.is_ended());
    assert!(queue.wait(Duration::from_secs(10)).is_empty(), "at once");
}

#[test]
fn what_nobody_takes_from_a_capture_is_dropped_and_the_rest_is_whole() {
    let (agent, queue) = captured(4096);
    let clients = talk(&agent, 100, None);
    let first = queue.take();
    assert!(first.len() <= 4096);
    let taken = count(&first, b"flags=DLF");
    assert!(taken > 5);
    assert_eq!(queue.dropped() + taken, 100);
    drop(clients);
    let agent = agent.stop();
    assert_eq!(
        dropped(&agent, "capture", DropReason::QueueFull),
        queue.dropped()
    );
    assert!(
        queue.dropped() > 0 && agent.drops().total() == 0,
        "only copies were lost"
    );
}

#[test]
fn a_capture_that_nobody_watches_any_more_takes_its_port_along() {
    let (agent, queue) = captured(4096);
    drop(queue);
    let clients = talk(&agent, 10, None);
    drop(clients);
    assert!(port(&agent.stop(), "capture").is_none());
}

fn count(bytes: &[u8], part: &[u8]) -> u64 {
    bytes.windows(part.len()).filter(|at| *at == part).count() as u64
}

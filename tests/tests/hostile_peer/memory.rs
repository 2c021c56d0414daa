//! Clients that take their memory away after the handshake.

use memif::testing::{RawClient, Setup, Step};
use memwire_tests::deadline::SOON;

use crate::victim::{ATTACKED, ServerVictim, echo};

fn unsealed(victim: &ServerVictim) -> RawClient {
    let setup = Setup::new(ATTACKED).with_layout(|layout| layout.sealed = false);
    let mut liar = victim.liar_with(Step::Up, setup);
    echo(&mut liar, 0, 64);
    liar
}

#[test]
fn buffers_that_vanish_under_a_frame_kill_nobody() {
    let victim = ServerVictim::with(&["seals=waived"]);
    for len in [0, 4096] {
        let mut liar = unsealed(&victim);
        liar.memory().truncate(1, len).expect("nothing seals it");
        // The descriptors still point to where the buffers were.
        for ahead in 0..64 {
            let tx = liar.tx(0);
            let index = tx.position().wrapping_add(ahead);
            let descriptor = tx.honest_descriptor(ahead, 2048);
            tx.raw().set_descriptor(index, descriptor);
        }
        liar.tx(0).publish(64).expect("rung");
        drop(liar);
    }
    victim.proves_unharmed();
}

#[test]
fn rings_that_vanish_while_the_victim_waits_kill_nobody() {
    let victim = ServerVictim::with(&["seals=waived"]);
    let liar = unsealed(&victim);
    liar.memory().truncate(0, 0).expect("nothing seals it");
    liar.raw(true, 0).ring().expect("rung");
    let reason = liar.rejected(SOON).expect("the victim ends the connection");
    assert!(reason.is_some(), "the victim says why");
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn rings_that_vanish_while_the_victim_polls_kill_nobody() {
    let victim = ServerVictim::with(&["seals=waived", "wait=poll"]);
    let liar = unsealed(&victim);
    liar.memory().truncate(0, 0).expect("nothing seals it");
    liar.rejected(SOON).expect("the victim ends the connection");
    drop(liar);
    victim.proves_unharmed();
}

#[test]
fn memory_that_vanishes_before_the_rings_are_announced_kills_nobody() {
    let victim = ServerVictim::with(&["seals=waived"]);
    for (step, region) in [(Step::Init, 0), (Step::Regions, 0), (Step::Rings, 0)] {
        let setup = Setup::new(ATTACKED).with_layout(|layout| layout.sealed = false);
        let liar = victim.liar_with(step, setup);
        if step == Step::Init {
            liar.send_region(0, |_| ()).expect("sent");
            liar.ack().expect("taken");
        }
        liar.memory().truncate(region, 0).expect("nothing seals it");
        // From here on our own honest steps may fail; the victim must not.
        let _ = match step {
            Step::Init => liar.send_region(1, |_| ()).and_then(|()| liar.ack()),
            Step::Regions => liar.send_ring(true, 0, |_| ()).and_then(|()| liar.ack()),
            _ => liar.send_connect().and_then(|()| liar.ack()),
        };
        drop(liar);
    }
    victim.proves_unharmed();
}

//! What holds whatever is sent and whatever is configured.

use core::time::Duration;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use switch::{Alias, DropReason, Settings};

use crate::moves::{Move, moves, settings};
use crate::net::Frame;
use crate::twins::Twins;

/// A table that is soon full, and soon compared.
const SMALL: Settings = Settings {
    ageing: Duration::from_secs(300),
    capacity: 8,
};

proptest! {
    #[test]
    fn the_switch_does_as_its_model_does(settings in settings(), moves in moves()) {
        let mut twins = Twins::new(settings);
        moves.into_iter().for_each(|one| twins.go(one));
    }

    #[test]
    fn no_port_and_no_table_has_more_addresses_than_its_cap(
        settings in settings(),
        moves in moves(),
    ) {
        let mut twins = Twins::new(settings);
        let fixed = |one: &Move| !matches!(one, Move::Settings(_) | Move::Replace(..));
        for one in moves.into_iter().filter(fixed) {
            twins.go(one);
            let switch = &twins.net.switch;
            prop_assert!(switch.statistics().entries <= settings.capacity);
            for (port, policy) in switch.ports() {
                prop_assert!(switch.addresses_behind(port) <= policy.learn_cap);
            }
        }
    }

    #[test]
    fn a_directed_frame_changes_nothing_in_the_table(moves in moves()) {
        let mut twins = Twins::new(SMALL);
        for one in moves {
            let directed = matches!(&one, Move::Send(sent) if sent.directed.is_some_and(|to| {
                twins.model.aliases.get(&to.did) != Some(&Alias::Learn)
            }));
            let before = twins.net.switch.statistics();
            twins.go(one);
            if directed {
                prop_assert_eq!(before, twins.net.switch.statistics());
            }
        }
    }
}

#[test]
fn every_drop_that_the_switch_decides_occurs_in_the_properties_above() {
    let mut seen = BTreeSet::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..200 {
        let moves = moves().new_tree(&mut runner).expect("moves").current();
        let mut twins = Twins::new(SMALL);
        for one in moves {
            if let Move::Send(sent) = &one
                && let Some(port) = twins.port(sent.port)
            {
                let mut frame = Frame::new(port, sent.source, sent.destination);
                (frame.nti, frame.directed) = (sent.nti, sent.directed);
                seen.extend(twins.net.send(&frame).err());
                seen.extend(twins.model.decide(&frame, twins.net.now).err());
            }
            twins.go(one);
        }
    }
    let decided = &DropReason::ALL[..=DropReason::MirrorPort as usize];
    let not_a_verdict = [DropReason::TooShort, DropReason::ExceedsMtu];
    for reason in decided.iter().filter(|one| !not_a_verdict.contains(one)) {
        assert!(seen.contains(reason), "{reason} never happened");
    }
}

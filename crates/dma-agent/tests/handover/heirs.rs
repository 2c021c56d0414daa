//! Heirs that never take over: whatever they do, the agent serves on as if nobody had asked.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use dma_agent::control::Ask;
use serde_json::json;

use crate::common::{Raw, frame};
use crate::dynasty::Dynasty;
use crate::hand::Hand;

/// Two clients, and how many frames they have exchanged.
struct Pair {
    one: Raw,
    two: Raw,
    frames: u64,
}

impl Pair {
    fn of(agents: &Dynasty) -> Self {
        let mut one = Raw::register_text(&agents.0, "one", 10, 256);
        let mut two = Raw::register_binary(&agents.0, "two", 11);
        one.post(1023);
        two.post(1023);
        Self {
            one,
            two,
            frames: 0,
        }
    }

    /// One frame each way, sent before the other is read.
    fn exchange(&mut self) {
        let Self { one, two, frames } = self;
        one.send(&frame(0xB, 0xA, *frames, 60), 'A', None);
        two.send(&frame(0xA, 0xB, *frames, 60), 'B', None);
        for client in [one, two] {
            assert_eq!(client.receive(*frames).0[14..22], frames.to_le_bytes());
            client.completion();
        }
        *frames += 1;
    }
}

/// Somebody new is let in, and goes again.
fn lets_in(agents: &Dynasty) {
    drop(Raw::register_binary(&agents.0, "new", 12));
}

#[test]
fn an_heir_that_goes_after_any_parcel_changes_nothing() {
    let mut agents = Dynasty::start("");
    let control = agents.path("control.sock");
    let mut pair = Pair::of(&agents);
    pair.exchange();
    let parcels = Hand::ready(&control).hear_all().len();
    assert!(parcels >= 7, "agent, sockets, ports, addresses, end");
    for heard in 0..parcels {
        pair.exchange();
        let mut heir = Hand::ready(&control);
        for _ in 0..heard {
            heir.hear().expect("another one");
        }
        drop(heir);
        pair.exchange();
        lets_in(&agents);
    }
    agents.succeed();
    pair.exchange();
    assert!(agents.port("two").expect("there").dropped.is_empty());
}

#[test]
fn an_heir_that_goes_before_it_is_ready_changes_nothing() {
    let mut agents = Dynasty::start("");
    let mut pair = Pair::of(&agents);
    for _ in 0..5 {
        drop(UnixStream::connect(agents.path("control.sock")));
        drop(Hand::ask(&agents.path("control.sock"), &[1]));
        pair.exchange();
        lets_in(&agents);
    }
    agents.succeed();
    pair.exchange();
}

#[test]
fn an_heir_that_refuses_or_talks_nonsense_changes_nothing() {
    let mut agents = Dynasty::start("");
    let control = agents.path("control.sock");
    let mut pair = Pair::of(&agents);
    let words = [
        json!({"refused": "it does not fit"}),
        json!("ready"),
        json!("unheard-of"),
        json!(["taken"]),
        json!(null),
    ];
    for word in words {
        let mut heir = Hand::ready(&control);
        heir.hear_all();
        heir.say(&word, &[]);
        assert!(heir.hear().is_none(), "it is let go of: {word}");
        pair.exchange();
    }
    for garbage in [&[0xFF; 8][..], &[0; 8], &[2, 0, 0, 0, 200, 0, 0, 0]] {
        let (mut heir, _) = Hand::ask(&control, &[1]);
        heir.0.write_all(garbage).expect("said");
        assert!(heir.hear().is_none());
        let mut heir = Hand::ready(&control);
        heir.hear_all();
        heir.0.write_all(garbage).expect("said");
        assert!(heir.hear().is_none());
        pair.exchange();
    }
    lets_in(&agents);
    agents.succeed();
    pair.exchange();
}

#[test]
fn an_heir_that_falls_silent_stops_nobody_for_longer_than_its_time() {
    let agents = Dynasty::start("");
    let control = agents.path("control.sock");
    let mut pair = Pair::of(&agents);
    let (mut silent, _) = Hand::ask(&control, &[1]);
    let started = Instant::now();
    pair.exchange();
    assert!(silent.hear().is_none(), "it is let go of");
    assert!(started.elapsed() > Duration::from_secs(5));
    pair.exchange();
    let mut undecided = Hand::ready(&control);
    undecided.hear_all();
    assert!(undecided.hear().is_none(), "it is let go of");
    pair.exchange();
    // Too late: the agent has closed its ear.
    undecided.say(&json!("taken"), &[]);
    pair.exchange();
    lets_in(&agents);
}

#[test]
fn of_two_heirs_one_is_told_to_wait() {
    let mut agents = Dynasty::start("");
    let control = agents.path("control.sock");
    let (first, agreed) = Hand::ask(&control, &[1]);
    assert!(agreed["ok"].is_object());
    let (_, busy) = Hand::ask(&control, &[1]);
    assert_eq!(busy["error"]["code"], "busy");
    drop(first);
    crate::dynasty::eventually("the first is forgotten", || {
        let (_, again) = Hand::ask(&control, &[1]);
        again["ok"].is_object().then_some(())
    });
    crate::dynasty::eventually("so is this one", || {
        let (heir, agreed) = Hand::ask(&control, &[1]);
        drop(heir);
        agreed["ok"].is_object().then_some(())
    });
    agents.ask(Ask::Status);
    lets_in(&agents);
    agents.succeed();
}

#[test]
fn a_successor_of_another_format_is_told_both_versions() {
    let agents = Dynasty::start("");
    let control = agents.path("control.sock");
    for formats in [&[][..], &[2], &[0, 7]] {
        let (mut heir, refused) = Hand::ask(&control, formats);
        let text = refused["error"]["text"].as_str().expect("a text");
        assert_eq!(refused["error"]["code"], "version");
        let own = env!("CARGO_PKG_VERSION");
        for part in [own, "9.9.9", "format 1", &format!("{formats:?}")] {
            assert!(text.contains(part), "no {part:?} in: {text}");
        }
        heir.0
            .write_all(b"{\"v\":1,\"ask\":\"status\"}\n")
            .expect("asked");
        assert!(heir.line()["ok"].is_object(), "it is a caller as before");
    }
    let (_, agreed) = Hand::ask(&control, &[3, 2, 1]);
    assert_eq!(agreed["ok"]["take-over"]["format"], 1);
}

#[test]
fn a_registration_that_has_begun_is_finished_before_anything_is_handed_over() {
    let mut agents = Dynasty::start("");
    let path = agents.path("slow");
    std::fs::write(&path, "").expect("written");
    let request = crate::common::system_request(&path, "slow", 13);
    let mut doorbell = UnixStream::connect(agents.path("doorbell.sock")).expect("it listens");
    let (first, rest) = request.split_at(700);
    doorbell.write_all(first).expect("begun");
    let (rest, control) = (rest.to_vec(), agents.path("control.sock"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            crate::dynasty::eventually("it is asked to hand over", || {
                let (_, answer) = Hand::ask(&control, &[]);
                (answer["error"]["code"] == "busy").then_some(())
            });
            doorbell.write_all(&rest).expect("finished");
        });
        agents.succeed();
    });
    let mut answer = [0; 280];
    std::io::Read::read_exact(&mut doorbell, &mut answer).expect("an answer");
    assert_eq!(answer[16..20], 1_u32.to_le_bytes(), "accepted");
    let sockets = crate::common::take_sockets(&doorbell);
    assert_eq!(sockets.len(), 8);
    assert!(agents.port("slow").is_some());
}

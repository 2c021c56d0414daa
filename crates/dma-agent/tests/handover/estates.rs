//! What a successor makes of an estate in which something cannot be: it takes nothing, says why, and never panics.

use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use dma_agent::{Agent, TakeOverError};
use serde_json::{Value, json};

use crate::common::{Raw, frame};
use crate::dynasty::{Dynasty, eventually, source};
use crate::hand::{Hand, Parcel};

/// What a real agent hands over: with a client that has frames waiting, and halves of everything.
fn estate(agents: &Dynasty) -> (Vec<Parcel>, [Raw; 2]) {
    use std::io::Write;
    let mut one = Raw::register_text(&agents.0, "one", 10, 256);
    let mut two = Raw::register_binary(&agents.0, "two", 11);
    one.post(2);
    for number in 0..2 {
        one.send(&frame(0xB, 0xA, number, 60), 'A', None);
        one.completion();
    }
    two.sockets[0].write_all(&[1, 2, 3]).expect("half an empty");
    one.sockets[4]
        .write_all(&[7; 9])
        .expect("a piece of a descriptor");
    eventually("frames wait", || {
        (agents.port("two")?.waiting == 2).then_some(())
    });
    let mut heir = Hand::ready(&agents.path("control.sock"));
    let all = heir.hear_all();
    heir.say(&json!({"refused": "only looking"}), &[]);
    let is_kept = |(what, _): &Parcel| what.get("socket").is_none() && what.get("end").is_none();
    (all.into_iter().filter(is_kept).collect(), [one, two])
}

fn copies(descriptors: &[OwnedFd]) -> Vec<OwnedFd> {
    let copy = |fd: &OwnedFd| fd.try_clone().expect("a descriptor");
    descriptors.iter().map(copy).collect()
}

/// Has an agent take this over, in a directory of its own.
fn take(dir: &tempfile::TempDir, estate: &[Parcel]) -> Result<Agent, TakeOverError> {
    let path = dir.path().join("control.sock");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).expect("a socket");
    std::thread::scope(|scope| {
        let successor = scope.spawn(|| Agent::take_over(source(dir)));
        let (stream, _) = listener.accept().expect("a successor");
        hand_over(Hand::over(stream), &listener, &path, estate);
        successor.join().expect("it does not panic")
    })
}

fn hand_over(mut hand: Hand, listener: &UnixListener, path: &Path, estate: &[Parcel]) {
    hand.line();
    let agreed = json!({"format": 1, "version": "0.0.1"});
    let line = format!("{}\n", json!({"v": 1, "ok": {"take-over": agreed}}));
    std::io::Write::write_all(&mut hand.0, line.as_bytes()).expect("told");
    assert_eq!(hand.hear().expect("a word").0, "ready");
    let meta = std::fs::metadata(path).expect("there");
    let bytes = path.to_str().expect("text").bytes();
    let address: String = bytes.map(|byte| format!("{byte:02x}")).collect();
    let control = json!({"socket": {
        "role": "control", "address": address, "is_abstract": false, "mode": 0o600, "owner": null,
        "backlog": 128, "claim": [meta.dev(), meta.ino()],
    }});
    let (first, rest) = estate.split_at(1.min(estate.len()));
    for (what, descriptors) in first {
        hand.say(what, descriptors);
    }
    hand.say(
        &control,
        &copies(&[listener.try_clone().expect("one").into()]),
    );
    for (what, descriptors) in rest {
        hand.say(what, descriptors);
    }
    hand.say(&json!({"end": estate.len() + 1}), &[]);
    // Taken or refused; then this end goes, as a predecessor's does.
    let _ = hand.hear();
}

/// Every place in a value at which there is something that is no object.
fn places(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                places(value, format!("{at}/{name}"), all);
            }
        }
        Value::Array(values) if values.iter().any(Value::is_object) => {
            for (index, value) in values.iter().enumerate() {
                places(value, format!("{at}/{index}"), all);
            }
        }
        _ => all.push(at),
    }
}

fn copy_of(estate: &[Parcel]) -> Vec<Parcel> {
    let copy = |(what, fds): &Parcel| (what.clone(), copies(fds));
    estate.iter().map(copy).collect()
}

#[test]
fn nonsense_at_any_place_is_refused_or_harmless() {
    let agents = Dynasty::start("");
    let (estate, _clients) = estate(&agents);
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("agent.toml"), "").expect("written");
    let agent = take(&dir, &estate).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(agent.ports().count(), 2);
    drop(agent);
    let nonsense = [
        json!(-1),
        json!(u64::MAX),
        json!(65_535),
        json!(""),
        json!("zz"),
        json!("ff".repeat(9601)),
        json!(null),
        json!([]),
        json!([u64::MAX, 1]),
        json!([[9, 1], [1, 65_535]]),
        json!({}),
    ];
    for number in 0..estate.len() {
        let mut all = Vec::new();
        places(&estate[number].0, String::new(), &mut all);
        for place in all {
            for wrong in &nonsense {
                let mut estate = copy_of(&estate);
                *estate[number].0.pointer_mut(&place).expect("there") = wrong.clone();
                if let Err(error) = take(&dir, &estate) {
                    let refused = matches!(error, TakeOverError::Handover { .. });
                    assert!(refused, "{place} = {wrong}: {error}");
                }
            }
        }
    }
    assert_eq!(agents.port("two").expect("unharmed").waiting, 2);
}

/// Why an estate is not taken after this was done to it.
fn refusal(change: impl FnOnce(&mut Vec<Parcel>)) -> String {
    let agents = Dynasty::start("");
    let (mut estate, _clients) = estate(&agents);
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("agent.toml"), "").expect("written");
    change(&mut estate);
    let error = take(&dir, &estate).expect_err("refused");
    let nothing = !dir.path().join("doorbell.sock").exists();
    assert!(nothing && dir.path().join("control.sock").exists());
    error.to_string()
}

/// The port of the first client.
fn client(estate: &mut [Parcel]) -> &mut Value {
    let place = "/port/behind/client";
    let mut all = estate.iter_mut().map(|(what, _)| what);
    let found = all.find_map(|what| what.pointer_mut(place));
    found.expect("a client")
}

#[test]
fn what_no_client_could_have_done_is_refused_with_its_name() {
    let refused = refusal(|estate| client(estate)["rx"][0]["posted"] = json!([7]));
    assert!(refused.contains("port svc10-sep0: "), "{refused}");
    assert!(refused.contains("7"), "{refused}");
    let refused = refusal(|estate| client(estate)["tx"][0]["unread"] = json!("00".repeat(9000)));
    assert!(
        refused.contains("9000 bytes of descriptors: at most"),
        "{refused}"
    );
    let refused = refusal(|estate| client(estate)["sep"] = json!(16));
    assert!(refused.contains("sep 16 is out of range"), "{refused}");
}

#[test]
fn descriptors_that_are_missing_or_something_else_are_refused() {
    let port = |estate: &mut Vec<Parcel>, change: &dyn Fn(&mut Vec<OwnedFd>)| {
        let found = estate
            .iter_mut()
            .find(|(what, _)| what.get("port").is_some());
        change(&mut found.expect("a port").1);
    };
    let refused = refusal(|estate| port(estate, &|fds| drop(fds.pop())));
    assert!(
        refused.contains("9 descriptors came, 10 were announced"),
        "{refused}"
    );
    let refused = refusal(|estate| port(estate, &|fds| fds.swap(1, 2)));
    assert!(refused.contains("port svc10-sep0: "), "{refused}");
    let refused = refusal(|estate| {
        port(estate, &|fds| {
            let (end, _) = UnixStream::pair().expect("a pair");
            fds.extend((0..10).map(|_| end.try_clone().expect("one").into()));
        });
    });
    assert!(refused.contains("20 descriptors: at most 16"), "{refused}");
}

#[test]
fn an_estate_in_which_parts_are_missing_is_refused() {
    let refused = refusal(|estate| estate.clear());
    assert!(refused.contains("the agent is due"), "{refused}");
    let refused = refusal(|estate| {
        let again = copy_of(&estate[..1]);
        estate.extend(again);
    });
    assert!(refused.contains("parts are missing"), "{refused}");
    let refused = refusal(|estate| {
        let end = json!({"end": 99});
        estate.insert(2, (end, Vec::new()));
    });
    assert!(refused.contains("parts are missing"), "{refused}");
}

#[test]
fn somebody_else_who_listens_there_is_no_predecessor() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("agent.toml"), "").expect("written");
    let listener = UnixListener::bind(dir.path().join("control.sock")).expect("a socket");
    let says = [
        "",
        "\n",
        "garbage\n",
        "{\"v\":1,\"ok\":{\"take-over\":{\"format\":7,\"version\":\"x\"}}}\n",
        "{\"v\":1,\"error\":{\"code\":\"request\",\"text\":\"unknown variant `take-over`\"}}\n",
    ];
    for text in says {
        std::thread::scope(|scope| {
            let successor = scope.spawn(|| Agent::take_over(source(&dir)));
            let (stream, _) = listener.accept().expect("a successor");
            let mut hand = Hand::over(stream);
            hand.line();
            std::io::Write::write_all(&mut hand.0, text.as_bytes()).expect("told");
            drop(hand);
            let error = successor.join().expect("no panic").expect_err("refused");
            let is_control = matches!(error, TakeOverError::Control { .. });
            assert!(is_control, "{text:?}: {error}");
            if text.contains("unknown variant") {
                assert!(error.to_string().contains("end it first"), "{error}");
            }
        });
    }
}

//! One agent process takes the place of another: clients of the old wire notice nothing.

use std::io::Write;
use std::time::Duration;

use descsock::{Client, Options, Wait};
use memwire_tests::deadline::{SOON, eventually};

use crate::daemon::{Daemon, exchange};
use crate::program::Program;
use crate::wire::{Load, Raw, frame};

/// A text client and a binary one.
fn clients(agent: &Daemon) -> Load {
    let old = Raw::register_text(agent, "old", 10, 256);
    let new = Raw::register_binary(agent, "new", 11);
    Load::new((old, 'A'), (new, 'B'))
}

fn pid(agent: &Daemon) -> u64 {
    let status = agent.show("status");
    status["status"]["pid"].as_u64().expect("a number")
}

/// What came in and went out by all ports.
fn counted(agent: &Daemon) -> (Vec<u64>, Vec<u64>) {
    let shown = agent.show("ports");
    let ports = shown["ports"].as_array().expect("ports").clone();
    let of = |name: &str| {
        ports
            .iter()
            .map(|port| port[name].as_u64().expect("a number"))
            .collect()
    };
    (of("received"), of("sent"))
}

#[test]
fn clients_of_both_forms_lose_nothing_while_twenty_processes_follow_one_another() {
    let mut agent = Daemon::start();
    let load = clients(&agent);
    let frames = load.run(|load| {
        for _ in 0..20 {
            load.flow(500);
            let old = agent.succeed();
            assert!(old.stderr.contains("handed over"), "{}", old.stderr);
        }
        load.flow(500);
    });
    let (received, mut sent) = counted(&agent);
    assert_eq!(received, frames);
    sent.reverse();
    assert_eq!(sent, frames);
    let line = format!(
        "\n{} frames through 21 agents; the longest gap between two of them: {:?}\n",
        frames.iter().sum::<u64>(),
        load.gap()
    );
    let _ = std::io::stderr().write_all(line.as_bytes());
    for name in ["doorbell.sock", "control.sock"] {
        assert!(agent.path(name).exists(), "{name}");
    }
    agent.program.signal(rustix::process::Signal::TERM);
    let Daemon { dir, program } = agent;
    assert_eq!(program.wait().code, Some(0));
    let left = |name: &str| dir.path().join(name).exists();
    assert!(!left("doorbell.sock") && !left("control.sock"));
}

#[test]
fn whoever_comes_while_agents_change_is_let_in() {
    let mut agent = Daemon::start();
    let dir = agent.dir.path().to_owned();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let comer = scope.spawn(|| {
            let place = Somewhere(&dir);
            let mut came = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let name = format!("comer-{came}");
                drop(Raw::register_binary(&place, &name, 20));
                came += 1;
            }
            came
        });
        for _ in 0..5 {
            agent.succeed();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(comer.join().expect("all were let in") > 5);
    });
    assert_eq!(agent.show("status")["status"]["refusals"], 0);
}

struct Somewhere<'a>(&'a std::path::Path);

impl crate::wire::Place for Somewhere<'_> {
    fn dir(&self) -> &std::path::Path {
        self.0
    }
}

/// Two clients of our own.
fn own(agent: &Daemon, rings: bool) -> [Client; 2] {
    [("one", 8), ("two", 9)].map(|(name, svc)| {
        let options = Options::new(agent.path("doorbell.sock"), agent.dir.path(), svc);
        let options = options.tenant(name).rings(rings);
        let patience = Wait::For(Duration::from_secs(20));
        Client::open(options.wait(patience)).expect("it is let in")
    })
}

#[test]
fn our_own_clients_stay_connected_by_sockets() {
    let mut agent = Daemon::start();
    let [one, two] = own(&agent, false);
    for _ in 0..5 {
        exchange(&one, &two, 50);
        agent.succeed();
    }
    exchange(&one, &two, 50);
    for client in [&one, &two] {
        assert_eq!(
            client.statistics().connections,
            1,
            "the same one all the time"
        );
    }
}

#[test]
fn our_own_clients_come_back_by_rings() {
    let mut agent = Daemon::start();
    let [one, two] = own(&agent, true);
    for successions in 1..=3 {
        exchange(&one, &two, 50);
        agent.succeed();
        eventually("both are back", Duration::from_secs(30), || {
            let back = |client: &Client| {
                client.is_connected() && client.statistics().connections > successions
            };
            (back(&one) && back(&two)).then_some(())
        });
    }
    exchange(&one, &two, 50);
    assert_eq!(agent.show("status")["status"]["clients"], 2);
}

#[test]
fn a_successor_that_is_killed_before_it_has_all_leaves_the_agent_serving() {
    let mut agent = Daemon::start();
    let load = clients(&agent);
    let old = pid(&agent);
    load.run(|load| {
        for _ in 0..10 {
            load.flow(100);
            // The agent hears of it only when it is dead already.
            agent.program.signal(rustix::process::Signal::STOP);
            let successor = Program::spawn(&mut agent.successor());
            std::thread::sleep(Duration::from_millis(30));
            successor.kill();
            agent.program.signal(rustix::process::Signal::CONT);
        }
        load.flow(100);
    });
    assert!(agent.program.runs());
    assert_eq!(pid(&agent), old);
    agent.succeed();
}

#[test]
fn a_successor_that_cannot_have_all_it_wants_leaves_the_agent_serving() {
    let mut agent = Daemon::start();
    let load = clients(&agent);
    let old = pid(&agent);
    load.run(|load| {
        load.flow(100);
        let mut greedy = agent.successor();
        greedy
            .arg("--doorbell")
            .arg(agent.path("nowhere/doorbell.sock"));
        let refused = Program::spawn(&mut greedy).wait();
        assert_eq!(refused.code, Some(1), "{}", refused.stderr);
        let said = ["not taken over from the agent at", "nowhere does not exist"];
        assert!(
            said.iter().all(|part| refused.stderr.contains(part)),
            "{}",
            refused.stderr
        );
        load.flow(100);
    });
    assert_eq!(pid(&agent), old);
    agent.succeed();
    assert_ne!(pid(&agent), old);
}

#[test]
fn without_an_agent_there_it_starts_as_usual_and_says_so() {
    let agent = Daemon::prepared(|command, _| {
        command.arg("--take-over");
    });
    let (mut one, mut two) = (
        Raw::register_binary(&agent, "one", 10),
        Raw::register_binary(&agent, "two", 11),
    );
    two.post(1);
    one.send(&frame(0xB, 0xA, 1, 60), 'B', None);
    two.receive(0);
    agent.program.signal(rustix::process::Signal::TERM);
    let ended = agent.program.wait();
    assert!(
        ended.stderr.contains("nobody to take over from: starting"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_dead_agents_place_is_taken_as_usual() {
    let agent = Daemon::start();
    let mut successor = agent.successor();
    let Daemon { dir, program } = agent;
    program.kill();
    assert!(dir.path().join("control.sock").exists(), "it was killed");
    let program = Program::spawn(&mut successor);
    let agent = Daemon { dir, program };
    eventually("it serves", SOON, || {
        (agent.command(&["show", "status"]).code == Some(0)).then_some(())
    });
}

#[test]
fn what_is_known_and_counted_goes_along() {
    let mut agent = Daemon::configured("[metrics]\nlisten = '127.0.0.1:0'\n");
    let (mut one, mut two) = (
        Raw::register_text(&agent, "one", 10, 512),
        Raw::register_binary(&agent, "two", 11),
    );
    let mut three = Raw::register_binary(&agent, "three", 12);
    for client in [&mut one, &mut two, &mut three] {
        client.post(10);
    }
    one.send(&frame(0xFF, 0xA, 1, 60), 'A', None);
    two.send(&frame(0xA, 0xB, 2, 60), 'B', None);
    one.send(&frame(0xB, 0xA, 3, 60), 'A', Some((99, 1, 1)));
    let mut shown = Vec::new();
    for _ in 0..3 {
        let now = ["ports", "fdb", "services", "drops", "clients"].map(|what| {
            let mut shown = agent.show(what);
            for entry in shown["fdb"]["entries"].as_array_mut().into_iter().flatten() {
                entry["age"].take();
            }
            if let Some(entries) = shown["fdb"]["entries"].as_array_mut() {
                entries.sort_by_key(|entry| entry["mac"].to_string());
            }
            shown
        });
        shown.push(now);
        let before = agent.show("status");
        agent.succeed();
        let after = agent.show("status");
        let of = |status: &serde_json::Value, what: &str| status["status"][what].clone();
        assert_eq!(of(&before, "metrics"), of(&after, "metrics"));
        let uptime = |status| of(status, "uptime").as_f64().expect("seconds");
        assert!(uptime(&after) >= uptime(&before));
    }
    assert_eq!(shown[0], shown[1]);
    assert_eq!(shown[0], shown[2]);
    assert_eq!(
        shown[0][1]["fdb"]["entries"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(shown[0][3]["drops"]["reasons"]["unknown-did"], 1);
    two.send(&frame(0xA, 0xB, 4, 60), 'B', None);
    assert_eq!(one.receive(0).0[14..22], 2_u64.to_le_bytes());
    assert_eq!(one.receive(1).0[14..22], 4_u64.to_le_bytes());
    let known = &agent.show("ports")["ports"][2];
    assert_eq!(known["sent"], 1, "what is known is not flooded: {known}");
}

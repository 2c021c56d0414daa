//! `test_client`: two of them exchange frames through an agent, which may come later, go, and come back.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use memwire_tests::deadline::SOON;
use memwire_tests::process::Running;
use memwire_tests::{agent, missing, workshop};
use rustix::process::Signal;

use crate::built::{example, root};

/// Nobody's user and group.
const NOBODY: u32 = 65_534;

fn client(directory: &Path, service: &str) -> Running {
    let mut command = example("test_client");
    command.arg(agent::doorbell(directory)).arg(directory);
    Running::start("test_client", command.arg(service))
}

/// Waits until a client says this.
fn hears(client: &Running, mark: usize, what: &str) {
    client.hear(mark, SOON, what, |line| line.contains(what).then_some(()));
}

/// Waits until it hears another: on a busy machine the frames of two seconds come in one.
fn hears_another(client: &Running, mark: usize) {
    let heard = |line: &str| {
        let is_some = line.contains("received ") && !line.contains("received 0");
        (is_some && line.contains("sent 5")).then_some(())
    };
    client.hear(mark, SOON, "frames of another", heard);
}

fn ends_well(mut client: Running, signal: Signal) {
    client.signal(signal);
    assert!(client.exit(SOON).success(), "{}", client.transcript());
}

/// Asserts that it ends at once, and says why on a line of its own.
fn fails(command: &mut Command, why: &str) {
    let mut client = Running::start("test_client", command);
    let status = client.exit(SOON);
    assert_eq!(status.code(), Some(1), "{}", client.transcript());
    hears(&client, 0, "test_client: cannot register at ");
    hears(&client, 0, why);
    assert_eq!(client.lines_since(0).len(), 1, "{}", client.transcript());
}

#[test]
fn two_test_clients_hear_each_other_also_after_the_agent_was_killed() {
    let shop = workshop();
    let mut serving = agent::start(shop.path());
    let clients = [client(shop.path(), "8"), client(shop.path(), "9")];
    clients.iter().for_each(|client| hears_another(client, 0));
    serving.kill();
    let marks = clients.each_ref().map(|client| {
        hears(client, 0, "no agent");
        client.mark()
    });
    let _serving = agent::start(shop.path());
    for (client, mark) in clients.iter().zip(marks) {
        hears_another(client, mark);
    }
    for client in clients {
        ends_well(client, Signal::INT);
    }
}

#[test]
fn every_line_of_a_test_client_says_what_came_and_what_went() {
    let shop = workshop();
    let _serving = agent::start(shop.path());
    let clients = [client(shop.path(), "8"), client(shop.path(), "9")];
    clients.iter().for_each(|client| hears_another(client, 0));
    let [first, second] = clients;
    for line in first.lines_since(0) {
        let numbers = line.strip_prefix("received ").and_then(|rest| {
            let (received, sent) = rest.split_once(", sent ")?;
            Some((received.parse::<u32>().ok()?, sent))
        });
        assert_eq!(numbers.map(|(_, sent)| sent), Some("5"), "{line}");
    }
    ends_well(first, Signal::TERM);
    // Alone, it goes on.
    hears(&second, second.mark(), "received 0, sent 5");
    ends_well(second, Signal::INT);
    let left = std::fs::read_dir(shop.path()).expect("a directory");
    let left: Vec<_> = left
        .filter_map(Result::ok)
        .map(|file| file.file_name())
        .collect();
    assert_eq!(left.len(), 2, "only the agent's sockets: {left:?}");
}

#[test]
fn a_test_client_that_is_there_first_waits_for_its_agent() {
    let shop = workshop();
    let waits = client(shop.path(), "8");
    hears(&waits, 0, "test_client: waiting for an agent at ");
    let _serving = agent::start(shop.path());
    hears(&waits, 0, "received 0, sent 5");
    ends_well(waits, Signal::INT);
}

#[test]
fn a_test_client_that_waits_for_its_agent_ends_at_ctrl_c() {
    for signal in [Signal::INT, Signal::TERM] {
        let shop = workshop();
        let waits = client(shop.path(), "8");
        hears(&waits, 0, "waiting for an agent at ");
        ends_well(waits, signal);
    }
}

#[test]
fn a_socket_that_a_killed_agent_left_behind_is_waited_for_too() {
    let shop = workshop();
    agent::start(shop.path()).kill();
    assert!(agent::doorbell(shop.path()).exists());
    let waits = client(shop.path(), "8");
    hears(&waits, 0, "waiting for an agent at ");
    let _serving = agent::start(shop.path());
    hears(&waits, 0, "received 0, sent 5");
}

#[test]
fn a_directory_that_does_not_exist_is_told_with_and_without_an_agent() {
    let shop = workshop();
    let wrong = shop.path().join("no/directory");
    let mut command = example("test_client");
    command.arg(agent::doorbell(shop.path())).arg(&wrong);
    fails(&mut command, "no/directory: there is no such directory");
    let _serving = agent::start(shop.path());
    fails(&mut command, "no/directory: there is no such directory");
}

#[test]
fn a_client_that_may_not_come_in_or_make_its_file_is_told_which() {
    let test = "a test_client of another user";
    let mut probe = example("test_client");
    let reaches = probe.arg("--help").uid(NOBODY).gid(NOBODY).output();
    if !reaches.is_ok_and(|output| output.status.success()) {
        return missing::did_not_run(test, "only root can be another user, where that one can go");
    }
    let shop = workshop();
    let _serving = agent::start(shop.path());
    let open_to = |path: &Path, mode| {
        set_permissions(path, Permissions::from_mode(mode)).expect("ours");
    };
    open_to(shop.path(), 0o755);
    let mut command = example("test_client");
    command.arg(agent::doorbell(shop.path())).arg("/dev/shm");
    command.uid(NOBODY).gid(NOBODY);
    fails(&mut command, "the doorbell is not open to this user");
    open_to(&agent::doorbell(shop.path()), 0o666);
    fails(&mut command, "the agent refuses, and its log says why");
    let mut command = example("test_client");
    command.arg(agent::doorbell(shop.path())).arg(shop.path());
    command.uid(NOBODY).gid(NOBODY);
    fails(&mut command, "this user may make no file there");
}

#[test]
fn misuse_of_the_tenants_is_told_from_failure() {
    for (program, words) in [
        ("test_client", &["a", "b", "many"][..]),
        ("test_client", &["a", "b", "16384"][..]),
        ("test_client", &["a", "b", "-1"][..]),
        ("test_client", &["a", "b", ""][..]),
        ("test_client", &["a", "b", "1", "more"][..]),
        ("tap_tenant", &["--svc_id", "16384"][..]),
        ("tap_tenant", &["--svc_id", ""][..]),
        ("tap_tenant", &["--tenant-name"][..]),
        ("tap_tenant", &["left"][..]),
        (
            "tap_tenant",
            &["--tenant-name", "a", "--tenant-ip", "10.0.0"][..],
        ),
        ("tap_tenant", &["--what"][..]),
        ("tap_tenant", &[][..]),
    ] {
        let mut misused = Running::start(program, example(program).args(words));
        let status = misused.exit(SOON);
        assert_eq!(status.code(), Some(2), "{words:?}");
        hears(&misused, 0, "usage: ");
    }
}

#[test]
fn make_example_leaves_the_test_client_where_people_look_for_it() {
    example("test_client");
    let done = Command::new(root().join("test_client"))
        .arg("--help")
        .output();
    assert!(done.expect("./test_client").status.success());
}

//! `test_client`: two of them exchange frames through an agent, which may go and come back.

use std::path::Path;
use std::process::Command;

use memwire_tests::built::memwire;
use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::process::Running;
use memwire_tests::workshop;
use rustix::process::Signal;

use crate::built::{example, root};

fn agent(directory: &Path) -> Running {
    let doorbell = directory.join("doorbell");
    let mut command = memwire();
    command.args(["agent", "--doorbell"]).arg(&doorbell);
    command.arg("--control").arg(directory.join("control"));
    let agent = Running::start("agent", &mut command);
    eventually("the doorbell is there", SOON, || {
        std::os::unix::net::UnixStream::connect(&doorbell).ok()
    });
    agent
}

fn client(directory: &Path, service: &str) -> Running {
    let mut command = example("test_client");
    command
        .arg(directory.join("doorbell"))
        .arg(directory)
        .arg(service);
    Running::start("test_client", &mut command)
}

/// On a busy machine the frames of two seconds may come in one.
fn hears_the_other(client: &Running, mark: usize) {
    let some = |line: &str| {
        let heard = line.contains("received ") && !line.contains("received 0");
        (heard && line.contains("sent 5")).then_some(())
    };
    client.hear(mark, SOON, "frames of the other", some);
}

#[test]
fn two_test_clients_hear_each_other_also_after_the_agent_was_killed() {
    let shop = workshop();
    let mut serving = agent(shop.path());
    let mut clients = [client(shop.path(), "8"), client(shop.path(), "9")];
    clients.iter().for_each(|client| hears_the_other(client, 0));
    serving.kill();
    let alone = |line: &str| line.contains("no agent").then_some(());
    let marks = clients.each_ref().map(|client| {
        client.hear(0, SOON, "the loss of the agent", alone);
        client.mark()
    });
    let _serving = agent(shop.path());
    for (client, mark) in clients.iter_mut().zip(marks) {
        hears_the_other(client, mark);
        client.signal(Signal::INT);
        assert!(client.exit(SOON).success(), "{}", client.transcript());
    }
}

#[test]
fn a_test_client_without_an_agent_says_where_it_has_looked() {
    let shop = workshop();
    let mut command = example("test_client");
    command.arg(shop.path().join("doorbell")).arg(shop.path());
    let done = command.output().expect("runs");
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(
        said.contains("cannot register at") && said.contains("doorbell"),
        "{said}"
    );
}

#[test]
fn misuse_of_the_tenants_is_told_from_failure() {
    for (program, words) in [
        ("test_client", &["a", "b", "many"][..]),
        (
            "tap_tenant",
            &["--tenant-name", "a", "--tenant-ip", "10.0.0"][..],
        ),
        ("tap_tenant", &["--what"][..]),
        ("tap_tenant", &[][..]),
    ] {
        let done = example(program).args(words).output().expect("runs");
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{program} {words:?}: {said}");
        assert!(said.contains("usage:"), "{said}");
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

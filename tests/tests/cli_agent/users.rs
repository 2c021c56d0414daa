//! Who the agent serves and answers.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::missing::did_not_run;

use crate::daemon::Daemon;
use crate::program::{Program, memwire};

/// Nobody's user and group.
const NOBODY: u32 = 65_534;

/// The command as a user without any privilege, if this test can do that.
fn as_nobody(test: &str) -> Option<Command> {
    if !rustix::process::geteuid().is_root() {
        did_not_run(test, "only root can become another user");
        return None;
    }
    let program = memwire().get_program().to_owned();
    let mut reached = Command::new("/bin/sh");
    reached
        .arg("-c")
        .arg("test -x \"$0\"")
        .arg(&program)
        .uid(NOBODY)
        .gid(NOBODY);
    if !reached.status().is_ok_and(|status| status.success()) {
        did_not_run(
            test,
            "another user cannot reach the program where it was built",
        );
        return None;
    }
    let mut command = memwire();
    command.uid(NOBODY).gid(NOBODY);
    Some(command)
}

fn open_to_all(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
}

#[test]
fn another_user_may_not_ask_even_where_the_socket_lets_it_in() {
    let Some(mut command) = as_nobody("another_user_may_not_ask_even_where_the_socket_lets_it_in")
    else {
        return;
    };
    let agent = Daemon::start();
    open_to_all(agent.dir.path(), 0o755);
    open_to_all(&agent.path("control.sock"), 0o666);
    command
        .args(["show", "status", "--control"])
        .arg(agent.path("control.sock"));
    let refused = Program::spawn(&mut command).wait();
    refused.failed(1, &["uid 65534 may not ask: only uid 0 and root may"]);
}

#[test]
fn another_user_neither_takes_over_nor_is_taken_over() {
    let test = "another_user_neither_takes_over_nor_is_taken_over";
    let (Some(mut successor), Some(mut predecessor)) = (as_nobody(test), as_nobody(test)) else {
        return;
    };
    let agent = Daemon::start();
    open_to_all(agent.dir.path(), 0o777);
    open_to_all(&agent.path("control.sock"), 0o666);
    successor.args(["agent", "--take-over", "--doorbell"]);
    successor.arg(agent.path("other.sock")).arg("--control");
    successor.arg(agent.path("control.sock"));
    let refused = Program::spawn(&mut successor).wait();
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    let why = "uid 65534 may not ask: only uid 0 and root may";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    assert_eq!(agent.show("status")["status"]["ports"], 0, "it serves on");

    let control = agent.path("nobodys.sock");
    predecessor.args(["agent", "--doorbell"]);
    predecessor
        .arg(agent.path("other.sock"))
        .arg("--control")
        .arg(&control);
    let mut predecessor = Program::spawn(&mut predecessor);
    eventually("it listens", SOON, || control.exists().then_some(()));
    let mut command = memwire();
    command
        .args(["agent", "--take-over", "--control"])
        .arg(&control);
    let refused = Program::spawn(&mut command).wait();
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    let why = "is uid 65534's: only uid 0's or root's is taken over";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    assert!(predecessor.runs());
}

#[test]
fn a_plain_agent_serves_a_user_without_privileges_at_the_usual_place() {
    let test = "a_plain_agent_serves_a_user_without_privileges_at_the_usual_place";
    let dir = tempfile::tempdir().expect("a directory");
    let (Some(mut command), Some(mut ask)) = (as_nobody(test), as_nobody(test)) else {
        return;
    };
    std::os::unix::fs::chown(dir.path(), Some(NOBODY), Some(NOBODY)).expect("ours");
    command.arg("agent").env("XDG_RUNTIME_DIR", dir.path());
    let agent = Program::spawn(&mut command);
    for name in ["dmaa_doorbell.sock", "memwire-agent.sock"] {
        eventually(name, SOON, || dir.path().join(name).exists().then_some(()));
    }
    ask.args(["show", "status", "--json"])
        .env("XDG_RUNTIME_DIR", dir.path());
    let status = Program::spawn(&mut ask).wait().success();
    let doorbell = dir.path().join("dmaa_doorbell.sock").display().to_string();
    assert_eq!(status["status"]["doorbells"][0], doorbell);
    drop(agent);
}

#[test]
fn a_user_without_a_place_of_its_own_is_asked_for_one() {
    let Some(mut command) = as_nobody("a_user_without_a_place_of_its_own_is_asked_for_one") else {
        return;
    };
    command.arg("agent").env_remove("XDG_RUNTIME_DIR");
    let refused = Program::spawn(&mut command).wait();
    refused.failed(2, &["XDG_RUNTIME_DIR is not set", "--doorbell PATH"]);
}

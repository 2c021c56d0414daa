//! Asking and telling an agent that runs.

use crate::daemon::{Daemon, exchange};
use crate::program::run;

#[test]
fn everything_is_shown_as_a_table_and_as_an_object() {
    let agent = Daemon::start();
    let (one, two) = (agent.tenant("one", 8), agent.tenant("two", 9));
    exchange(&one, &two, 10);
    let ports = agent.show("ports");
    let ports = ports["ports"].as_array().expect("ports");
    assert_eq!(ports.len(), 2);
    assert_eq!(
        (&ports[0]["name"], &ports[0]["type"]),
        (&"one".into(), &"descsock".into())
    );
    assert_eq!(ports[0]["received"], 10);
    assert_eq!(
        agent.show("fdb")["fdb"]["entries"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(
        agent.show("services")["services"][1]["members"][0]["port"],
        "two"
    );
    assert_eq!(agent.show("drops")["drops"]["total"], 0);
    assert_eq!(
        agent.show("clients")["clients"][0]["pid"],
        std::process::id()
    );
    assert_eq!(agent.show("status")["status"]["clients"], 2);
    for (what, head, row) in [
        ("ports", "port  type", "two   descsock   17  4095  local"),
        ("fdb", "nti", "4095     0  02:00:00:00:00:0b  two"),
        ("services", "svc  sep  port", "  9    0  two"),
        ("drops", "port  direction  reason  frames", ""),
        ("clients", "client  wire", "two     rings    9    0   17"),
        ("status", "version", "clients        2"),
    ] {
        let shown = agent.command(&["show", what]);
        let text = String::from_utf8(shown.stdout).expect("text");
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
        assert!(
            text.trim_start().starts_with(head) && text.contains(row),
            "{what}:\n{text}"
        );
    }
}

#[test]
fn addresses_are_forgotten_as_asked() {
    let agent = Daemon::start();
    let (one, two) = (agent.tenant("one", 8), agent.tenant("two", 9));
    exchange(&one, &two, 1);
    let flush = |words: &[&str]| agent.command(&[&["fdb", "flush", "--json"], words].concat());
    assert_eq!(flush(&["--port", "one"]).success()["flushed"], 1);
    assert_eq!(
        flush(&["--mac", "02:00:00:00:00:0a"]).success()["flushed"],
        0
    );
    assert_eq!(flush(&["--nti", "4095"]).success()["flushed"], 1);
    exchange(&one, &two, 1);
    let said = agent.command(&["fdb", "flush"]);
    assert_eq!(said.stdout, b"2 addresses forgotten\n");
    flush(&["--port", "three"]).failed(2, &["no port is called \"three\""]);
    flush(&["--mac", "a"]).failed(2, &["\"a\" is no address"]);
    flush(&["--nti", "4096"]).failed(2, &["4096 is not in 1..=4095"]);
    flush(&["--nti", "1", "--port", "one"]).failed(2, &["cannot be used with"]);
}

#[test]
fn a_command_without_an_agent_says_how_to_get_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let socket = dir.path().join("control.sock").display().to_string();
    for words in [
        vec!["show", "ports"],
        vec!["fdb", "flush"],
        vec!["agent", "reload"],
        vec!["capture", "--write", "/dev/null"],
    ] {
        let outcome = run(words.into_iter().chain(["--control", &socket]));
        outcome.failed(1, &["no agent answers at", &socket]);
    }
    run(["show", "nothing"]).failed(2, &["invalid value 'nothing'"]);
}

#[test]
fn a_configuration_is_checked_without_an_agent() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("agent.toml");
    let name = path.display().to_string();
    std::fs::write(&path, "[[doorbell]]\npath = '/run/a.sock'\n").expect("written");
    let checked = run(["agent", "--json", "--check-config", &name]).success();
    assert_eq!(
        (&checked["doorbells"], &checked["rules"]),
        (&1.into(), &1.into())
    );
    std::fs::write(&path, "[[doorbell]]\npath = '/run/a.sock'\nmood = 3\n").expect("written");
    let wrong = [
        format!("{name}:3:1: doorbell: unknown key \"mood\""),
        "\"mode\"".into(),
    ];
    let parts: Vec<_> = wrong.iter().map(String::as_str).collect();
    run(["agent", "--check-config", &name]).failed(2, &parts);
    run(["agent", "--check-config", "/nowhere"]).failed(2, &["/nowhere: No such file"]);
}

//! Another configuration for an agent that runs.

use memwire_tests::deadline::{SOON, eventually};
use rustix::process::Signal;

use crate::daemon::{Daemon, exchange};

const SINK: &str = "[[port]]\nname = 'sink'\ntype = 'dump'\npath = 'DIR/sink.pcapng'\n";

#[test]
fn a_reload_by_command_and_by_signal_keeps_the_tenants() {
    let agent = Daemon::configured("");
    let (one, two) = (agent.tenant("one", 8), agent.tenant("two", 9));
    exchange(&one, &two, 10);
    agent.configure(SINK);
    let reloaded = agent.command(&["agent", "reload"]);
    assert_eq!(
        (reloaded.code, reloaded.stdout.as_slice()),
        (Some(0), &b"port sink: added\n"[..])
    );
    exchange(&one, &two, 10);
    agent.configure("[fdb]\nageing = 60\n");
    agent.program.signal(Signal::HUP);
    eventually("the signal is heard", SOON, || {
        (agent.show("fdb")["fdb"]["ageing"] == 60.0).then_some(())
    });
    exchange(&one, &two, 10);
    assert_eq!(
        agent.command(&["agent", "reload"]).stdout,
        b"nothing has changed\n"
    );
    assert_eq!(agent.show("status")["status"]["reloads"], 3);
    assert_eq!(one.statistics().connections, 1, "the same one all the time");
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place_and_nothing_changes() {
    let agent = Daemon::configured(SINK);
    let (one, two) = (agent.tenant("one", 8), agent.tenant("two", 9));
    agent.configure("[[port]]\nname = 'sink'\ntype = 'dump'\nmtu = 1\n");
    let refused = agent.command(&["agent", "reload"]);
    refused.failed(1, &["agent.toml:4:7: port.mtu: 1 bytes: from 68 to 65521"]);
    exchange(&one, &two, 10);
    assert_eq!(
        agent.show("ports")["ports"].as_array().map(Vec::len),
        Some(3)
    );
}

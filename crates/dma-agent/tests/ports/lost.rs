//! Interfaces that are configured: their MTU, and what happens when they are deleted.

use std::path::Path;
use std::time::{Duration, Instant};

use dma_agent::config::ConfigSource;
use dma_agent::{Agent, PortView};
use memif::Address;

use crate::common::lines::Lines;
use crate::common::port;
use crate::host::{Host, ip};

/// An agent that is turned by hand in the network of its thread, with one interface.
struct Configured {
    agent: Agent,
    dir: tempfile::TempDir,
}

impl Configured {
    fn new(mtu: u16) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        write(dir.path(), mtu);
        let address = |name: &str| Address::Path(dir.path().join(name));
        let agent = Agent::start(ConfigSource {
            file: Some(dir.path().join("agent.toml")),
            doorbells: vec![address("doorbell.sock")],
            control: Some(address("control.sock")),
        });
        let agent = agent.unwrap_or_else(|error| panic!("{error}"));
        Self { agent, dir }
    }

    fn reload(&mut self, mtu: u16) -> Vec<String> {
        write(self.dir.path(), mtu);
        let changes = self
            .agent
            .reload()
            .unwrap_or_else(|error| panic!("{error}"));
        changes.iter().map(ToString::to_string).collect()
    }

    fn port(&self) -> PortView {
        port(&self.agent, "host").expect("the port stays")
    }

    fn is_lost_in_metrics(&self, value: u8) -> bool {
        let text = self.agent.metrics_text();
        let mut lines = text.lines();
        let line = lines.find(|line| line.starts_with("dmaa_port_lost{"));
        line.is_some_and(|line| line.ends_with(&format!("}} {value}")))
    }

    fn turn_until(&mut self, what: &str, is_so: impl Fn(&PortView) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !is_so(&self.port()) {
            assert!(Instant::now() < deadline, "{what}: {:?}", self.port());
            let turned = self.agent.turn(Some(Duration::from_millis(10)));
            turned.expect("a turn");
        }
    }
}

fn write(dir: &Path, mtu: u16) {
    let config =
        format!("[[port]]\nname = 'host'\ntype = 'tap'\ninterface = 'dmaa0'\nmtu = {mtu}\n");
    std::fs::write(dir.join("agent.toml"), config).expect("written");
}

fn has_mtu(mtu: u16) -> bool {
    let said = ip("link show dmaa0").expect("it is there");
    said.contains(&format!("mtu {mtu} "))
}

#[test]
fn a_reload_changes_the_mtu_of_the_interface_too() {
    let Some(host) = Host::new("a_reload_changes_the_mtu_of_the_interface_too") else {
        return;
    };
    host.run(|| {
        let mut configured = Configured::new(1400);
        assert!(has_mtu(1400));
        assert_eq!(configured.reload(9000), ["port host: changed"]);
        assert!(has_mtu(9000));
        assert_eq!(configured.port().policy.mtu, 9000);
        assert_eq!(configured.reload(9000), [""; 0]);
    });
}

#[test]
fn an_mtu_that_the_interface_does_not_take_is_said() {
    let Some(host) = Host::new("an_mtu_that_the_interface_does_not_take_is_said") else {
        return;
    };
    host.run(|| {
        let mut configured = Configured::new(1400);
        ip("link delete dmaa0").expect("deleted");
        let changes = configured.reload(9000);
        let said = changes
            .iter()
            .find(|change| change.starts_with("port host: failed"));
        assert!(
            said.is_some_and(|said| said.contains("an MTU of 9000")),
            "{changes:?}"
        );
    });
}

#[test]
fn an_interface_that_is_deleted_comes_back_by_itself_and_is_told_of_once() {
    let test = "an_interface_that_is_deleted_comes_back_by_itself_and_is_told_of_once";
    let Some(host) = Host::new(test) else {
        return;
    };
    host.run(|| {
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.clone(), come_back);
        assert_eq!(lines.with("port lost").len(), 1, "{lines:?}");
        assert_eq!(lines.with("port is back").len(), 1, "{lines:?}");
    });
}

fn come_back() {
    let mut configured = Configured::new(1400);
    let before = configured.port();
    ip("link delete dmaa0").expect("deleted");
    // Its name is taken, so that the first try cannot work.
    ip("link add dmaa0 type veth peer name other").expect("another one");
    let lost = |port: &PortView| port.lost.clone().unwrap_or_default();
    configured.turn_until("it is lost", |port| lost(port).contains("read of the TAP"));
    configured.turn_until("it is tried", |port| lost(port).contains("cannot attach"));
    assert!(configured.is_lost_in_metrics(1));
    ip("link delete dmaa0").expect("deleted");
    configured.turn_until("it is back", |port| port.lost.is_none());
    let after = configured.port();
    assert_eq!((after.id, after.policy), (before.id, before.policy));
    assert!(has_mtu(1400) && configured.is_lost_in_metrics(0));
    assert_eq!(configured.reload(1400), [""; 0]);
}

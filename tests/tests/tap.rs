//! Two hosts, each a network namespace with `memwire tap`, joined by an agent: ping, and TCP and UDP by iperf3, also after
//! a tenant and the agent were killed.

use std::path::Path;
use std::time::Duration;

use memwire_tests::built::memwire;
use memwire_tests::deadline::SOON;
use memwire_tests::host::Host;
use memwire_tests::missing::{did_not_run, tool};
use memwire_tests::process::Running;
use memwire_tests::{agent, workshop};
use rustix::process::Signal;

const TEST: &str = "two network namespaces through an agent";
/// Seconds of each measurement; MEMWIRE_SOAK_SECONDS asks for more.
const SECONDS: u64 = 2;

/// What a host of these tests does.
trait Tenant {
    fn tap(&self, doorbell: &Path) -> Running;
    fn measures(&self, other: &Host, words: &[&str]) -> f64;
}

impl Tenant for Host {
    fn tap(&self, doorbell: &Path) -> Running {
        let mut command = self.command(memwire().get_program());
        command.args(["tap", "--tenant-name", self.tenant, "--json"]);
        command.args(["--tenant-ip", self.address, "--doorbell"]);
        command.arg(doorbell);
        let tap = Running::start(self.tenant, &mut command);
        tap.hear(0, SOON, "registration", |line| {
            line.contains("is tenant").then_some(())
        });
        tap
    }

    /// Bits per second to the other host.
    fn measures(&self, other: &Host, words: &[&str]) -> f64 {
        let server = Running::start(
            "iperf3 server",
            other.command("iperf3").args(["-s", "-1", "--forceflush"]),
        );
        server.hear(0, SOON, "server", |line| {
            line.contains("listening").then_some(())
        });
        let seconds = std::env::var("MEMWIRE_SOAK_SECONDS").unwrap_or(SECONDS.to_string());
        let mut all = vec!["-c", other.address, "-J", "-t", &seconds];
        all.extend(words);
        let output = self.run("iperf3", &all);
        let report: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("a report in JSON");
        let end = &report["end"];
        let sum = [&end["sum_received"], &end["sum"]];
        let found = sum.iter().find_map(|sum| sum["bits_per_second"].as_f64());
        found.unwrap_or_else(|| panic!("{report}"))
    }
}

#[test]
fn two_hosts_reach_each_other_also_after_a_tenant_and_the_agent_were_killed() {
    let tools = [
        ("ip", "iproute2"),
        ("ping", "iputils-ping"),
        ("iperf3", "iperf3"),
    ];
    if tools
        .iter()
        .any(|(name, package)| tool(name, package, TEST).is_none())
    {
        return;
    }
    if !Path::new("/dev/net/tun").exists() {
        return did_not_run(TEST, "no /dev/net/tun");
    }
    let hosts = [
        Host::new(TEST, "left", "10.77.0.1"),
        Host::new(TEST, "right", "10.77.0.2"),
    ];
    let [Some(left), Some(right)] = hosts else {
        return;
    };
    let shop = workshop();
    let doorbell = agent::doorbell(shop.path());
    let mut serving = agent::start(shop.path());
    let (left_tap, mut right_tap) = (left.tap(&doorbell), right.tap(&doorbell));
    left.reaches(&right);
    let tcp = left.measures(&right, &[]);
    assert!(tcp > 50e6, "{tcp} bit/s of TCP");
    let udp = left.measures(&right, &["-u", "-b", "50M"]);
    assert!(udp > 30e6, "{udp} bit/s of UDP");

    right_tap.kill();
    let right_tap = right.tap(&doorbell);
    left.reaches(&right);
    assert!(left.measures(&right, &[]) > 50e6);

    serving.kill();
    let serving = agent::start(shop.path());
    left.reaches(&right);
    assert!(left.measures(&right, &[]) > 50e6);

    for mut ended in [left_tap, right_tap, serving] {
        ended.signal(Signal::INT);
        assert!(
            ended.exit(Duration::from_secs(5)).success(),
            "{}",
            ended.transcript()
        );
    }
}

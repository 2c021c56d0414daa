//! Two hosts, each a network namespace with `memwire tap`, joined by an agent: ping, and TCP and UDP by iperf3, also after
//! a tenant and the agent were killed.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use memwire_tests::built::memwire;
use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::missing::{did_not_run, tool};
use memwire_tests::process::Running;
use memwire_tests::workshop;
use rustix::process::Signal;

const TEST: &str = "two network namespaces through an agent";
/// Seconds of each measurement; MEMWIRE_SOAK_SECONDS asks for more.
const SECONDS: u64 = 2;

/// A network namespace, gone again at the end.
struct Host {
    name: String,
    address: &'static str,
    tenant: &'static str,
}

impl Host {
    fn new(tenant: &'static str, address: &'static str) -> Option<Host> {
        let name = format!("mwtest-{}-{tenant}", std::process::id());
        let made = Command::new("ip").args(["netns", "add", &name]).output();
        let made = made.expect("ip runs");
        if !made.status.success() {
            let why = String::from_utf8_lossy(&made.stderr);
            did_not_run(TEST, &format!("no network namespaces here: {why}"));
            return None;
        }
        let host = Host {
            name,
            address,
            tenant,
        };
        host.run("ip", &["link", "set", "lo", "up"]);
        Some(host)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    fn run(&self, program: &str, words: &[&str]) -> Output {
        let output = self.command(program).args(words).output();
        output.expect("ip runs")
    }

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

    /// Pings until one comes back, and then five that all have to.
    fn reaches(&self, other: &Host) {
        let ping = |count| {
            self.run(
                "ping",
                &["-c", count, "-i", "0.1", "-W", "2", other.address],
            )
        };
        eventually("a ping comes back", 2 * SOON, || {
            ping("1").status.success().then_some(())
        });
        let said = ping("5");
        let said = String::from_utf8_lossy(&said.stdout);
        assert!(said.contains(" 0% packet loss"), "{said}");
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

impl Drop for Host {
    fn drop(&mut self) {
        let _ = Command::new("ip")
            .args(["netns", "del", &self.name])
            .output();
    }
}

fn agent(doorbell: &Path, control: &Path) -> Running {
    let mut command = memwire();
    command.args(["agent", "--doorbell"]).arg(doorbell);
    command.arg("--control").arg(control);
    let agent = Running::start("agent", &mut command);
    eventually("the doorbell is there", SOON, || {
        std::os::unix::net::UnixStream::connect(doorbell).ok()
    });
    agent
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
        Host::new("left", "10.77.0.1"),
        Host::new("right", "10.77.0.2"),
    ];
    let [Some(left), Some(right)] = hosts else {
        return;
    };
    let shop = workshop();
    let (doorbell, control) = (
        shop.path().join("bell.sock"),
        shop.path().join("control.sock"),
    );
    let mut serving = agent(&doorbell, &control);
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
    let serving = agent(&doorbell, &control);
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

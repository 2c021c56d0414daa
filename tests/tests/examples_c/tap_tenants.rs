//! `tap_tenant`, and both programs with the command lines and the places of the originals: needs root, and skips loudly without.

use std::path::Path;
use std::process::Command;

use memwire_tests::built::memwire;
use memwire_tests::deadline::SOON;
use memwire_tests::host::Host;
use memwire_tests::missing::{did_not_run, tool};
use memwire_tests::process::Running;
use memwire_tests::{agent, workshop};
use rustix::process::Signal;

use crate::built::{example, plain};
use crate::program::Program;

/// Everything at the places of the originals, in file systems of its own.
const ORIGINAL: &str = "
mount -t tmpfs none /run
mount -t tmpfs none /var
mkdir -p /run/platform /var/hugepages /var/huge_pages/2048kB
ln -s /run /var/run
MEMWIRE agent --doorbell /run/dmaa_doorbell.sock --doorbell /run/platform/tenant_doorbell.sock & agent=$!
TENANTS/test_client > /run/heard & one=$!
TENANTS/tap_tenant --tenant-name left --svc_id 10 --tenant-ip 10.77.1.1 --tenant-netmask 255.255.255.0 & two=$!
until MEMWIRE show clients 2>/dev/null | grep -q svc1-sep0; do sleep 0.1; done
until MEMWIRE show clients | grep left; do sleep 0.1; done
until grep 'sent 5$' /run/heard; do sleep 0.1; done
ls /var/hugepages /var/huge_pages/2048kB
cat /proc/net/dev
kill $one $two && wait $one $two
kill $agent && wait $agent
";

/// Two hosts, if there can be.
fn hosts(test: &str) -> Option<[Host; 2]> {
    tool("ip", "iproute2", test)?;
    tool("ping", "iputils-ping", test)?;
    if !Path::new("/dev/net/tun").exists() {
        did_not_run(test, "no /dev/net/tun");
        return None;
    }
    let left = Host::new(test, "west", "10.77.2.1")?;
    Some([left, Host::new(test, "east", "10.77.2.2")?])
}

fn tap_tenant(host: &Host, directory: &Path) -> Running {
    let mut command = host.command(example("tap_tenant").get_program());
    command.args(["--tenant-name", host.tenant, "--svc_id", "10"]);
    command.args([
        "--tenant-ip",
        host.address,
        "--tenant-netmask",
        "255.255.255.0",
    ]);
    command.arg("--doorbell").arg(agent::doorbell(directory));
    Running::start("tap_tenant", command.arg("--memory").arg(directory))
}

fn mac(host: &Host) -> String {
    let read = host.run("cat", &["/sys/class/net/if_tap/address"]);
    String::from_utf8_lossy(&read.stdout).trim().to_owned()
}

#[test]
fn two_tap_tenants_have_addresses_of_their_own_and_reach_each_other_also_by_another_agent() {
    let Some([west, east]) = hosts("two tap_tenants") else {
        return;
    };
    let shop = workshop();
    let mut serving = agent::start(shop.path());
    let tenants = [
        tap_tenant(&west, shop.path()),
        tap_tenant(&east, shop.path()),
    ];
    west.reaches(&east);
    let macs = [mac(&west), mac(&east)];
    assert_ne!(macs[0], macs[1]);
    assert!(
        macs.iter()
            .all(|mac| mac.len() == 17 && !mac.starts_with("00:00")),
        "{macs:?}"
    );
    serving.kill();
    let _serving = agent::start(shop.path());
    west.reaches(&east);
    for mut tenant in tenants {
        tenant.signal(Signal::INT);
        assert!(tenant.exit(SOON).success(), "{}", tenant.transcript());
        assert_eq!(tenant.lines_since(0), Vec::<String>::new());
    }
    assert_eq!(mac(&west), "", "the interface is gone with it");
}

#[test]
fn a_tap_tenant_that_is_there_first_waits_for_its_agent() {
    let Some([west, _east]) = hosts("a tap_tenant without an agent") else {
        return;
    };
    let shop = workshop();
    let mut waits = tap_tenant(&west, shop.path());
    let told = |line: &str| {
        line.contains("tap_tenant: waiting for an agent at ")
            .then_some(())
    };
    waits.hear(0, SOON, "that it waits", told);
    waits.signal(Signal::TERM);
    assert!(waits.exit(SOON).success(), "{}", waits.transcript());
}

#[test]
fn both_programs_run_with_the_command_lines_and_the_places_of_the_originals() {
    let test = "the originals' command lines";
    let mut probe = Command::new("unshare");
    let may = probe
        .args(["--mount", "--net", "test", "-c", "/dev/net/tun"])
        .output();
    if !may.is_ok_and(|output| output.status.success()) {
        return did_not_run(test, "no mounts and networks of its own here");
    }
    let tenants = example("test_client");
    let tenants = Path::new(tenants.get_program())
        .parent()
        .expect("a directory");
    let script = ORIGINAL.replace("MEMWIRE", &memwire().get_program().to_string_lossy());
    let script = script.replace("TENANTS", &tenants.to_string_lossy());
    let mut command = plain("unshare");
    command.args(["--mount", "--net", "sh", "-ec", &script]);
    let said = Program::spawn(&mut command).ends(0);
    for expected in [", sent 5", "descsock.000", "descsock.left", "if_tap:"] {
        assert!(said.contains(expected), "no {expected}: {said}");
    }
}

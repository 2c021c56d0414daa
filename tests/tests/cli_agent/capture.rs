//! Captures of an agent that runs, read by the tools that people have.

use std::path::Path;
use std::process::Command;

use memwire_tests::deadline::{SOON, eventually};
use memwire_tests::missing::tool;
use rustix::process::Signal;

use crate::daemon::{Daemon, exchange};
use crate::program::{Outcome, Program, memwire};

/// Captures while two tenants exchange 50 frames each way.
fn capture(words: &[&str], agent: &Daemon) -> Outcome {
    let (one, two) = (agent.tenant("one", 8), agent.tenant("two", 9));
    let control = format!("--control={}", agent.path("control.sock").display());
    let capture = Program::spawn(
        memwire()
            .args(["capture", "--json"])
            .args(words)
            .arg(control),
    );
    eventually("the capture is a port", SOON, || {
        let ports = agent.show("ports");
        (ports["ports"].as_array()?.len() == 3).then_some(())
    });
    exchange(&one, &two, 50);
    eventually("all frames are copied", SOON, || {
        let ports = agent.show("ports");
        let capture = ports["ports"]
            .as_array()?
            .iter()
            .find(|port| port["type"] == "capture")?;
        (capture["waiting"] == 0).then_some(())
    });
    capture.signal(Signal::INT);
    capture.wait()
}

fn read(tool: &Path, words: &[&str], file: &Path) -> String {
    let output = Command::new(tool).arg("-r").arg(file).args(words).output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_capture_is_read_by_tshark_with_all_that_the_switch_knows() {
    let agent = Daemon::start();
    let file = agent.path("agent.pcapng");
    let ended = capture(&["--write", &file.display().to_string()], &agent).success();
    assert_eq!(ended["frames"], 100);
    assert_eq!(
        ended["bytes"],
        std::fs::metadata(&file).expect("written").len()
    );
    let test = "a_capture_is_read_by_tshark_with_all_that_the_switch_knows";
    let Some(tshark) = tool("tshark", "tshark", test) else {
        return;
    };
    let fields = [
        "-T",
        "fields",
        "-e",
        "frame.interface_name",
        "-e",
        "frame.len",
        "-e",
        "eth.src",
        "-e",
        "frame.comment",
    ];
    let text = read(&tshark, &fields, &file);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 100);
    assert!(
        lines[0].starts_with("one\t100\t02:00:00:00:00:0a\tdid=16 sid=16"),
        "{}",
        lines[0]
    );
    assert!(lines[0].contains("nti=4095 tier=0"), "{}", lines[0]);
    assert!(
        lines[1].starts_with("two\t100\t02:00:00:00:00:0b\tdid=17"),
        "{}",
        lines[1]
    );
}

#[test]
fn a_capture_on_standard_output_is_read_by_tcpdump() {
    let agent = Daemon::start();
    let captured = capture(&["--port", "two"], &agent);
    assert_eq!(captured.code, Some(0), "{}", captured.stderr);
    let file = agent.path("piped.pcapng");
    std::fs::write(&file, &captured.stdout).expect("written");
    let Some(tcpdump) = tool(
        "tcpdump",
        "tcpdump",
        "a_capture_on_standard_output_is_read_by_tcpdump",
    ) else {
        return;
    };
    let text = read(&tcpdump, &["-e", "-n"], &file);
    let frames = text
        .lines()
        .filter(|line| line.contains("02:00:00:00:00:0a >"));
    assert_eq!(frames.count(), 50, "{text}");
}

#[test]
fn a_capture_ends_with_its_agent_and_says_so() {
    let agent = Daemon::start();
    let control = format!("--control={}", agent.path("control.sock").display());
    let file = agent.path("agent.pcapng").display().to_string();
    let capture =
        Program::spawn(memwire().args(["capture", "--quiet", "--write", &file, &control]));
    eventually("the capture is a port", SOON, || {
        (agent.show("ports")["ports"].as_array()?.len() == 1).then_some(())
    });
    agent.program.kill();
    capture
        .wait()
        .failed(1, &["the agent has ended the capture"]);
}

#[test]
fn a_capture_of_a_port_that_is_not_there_is_misuse() {
    let agent = Daemon::start();
    let refused = agent.command(&["capture", "--port", "x", "--write", "/dev/null"]);
    refused.failed(2, &["no port is called \"x\""]);
}

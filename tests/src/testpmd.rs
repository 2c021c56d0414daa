//! DPDK's testpmd with one memif port, driven through its prompt.
//!
//! No hugepages, no NIC. Its output goes through `stdbuf`, because towards a
//! pipe it would keep everything until its end. A server has to be there before
//! its client starts: a DPDK client connects once and does not retry.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::deadline::{SOON, eventually};
use crate::missing;
use crate::process::Running;

/// Time for it to start, on a busy machine.
const STARTED: Duration = Duration::from_secs(60);

/// What testpmd does with packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forward {
    /// Counts and drops.
    Receive,
    /// Sends as fast as it can.
    Transmit,
    /// Sends back what it received, unchanged, to where it came from.
    Echo,
}

/// One end of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Listens.
    Server,
    /// Connects, once.
    Client,
}

/// How to start a testpmd.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which end it is.
    pub role: Role,
    /// What it does.
    pub forward: Forward,
    /// Rings each way.
    pub queues: u16,
    /// Lengths of the segments of each frame it sends.
    pub segments: Vec<u16>,
    /// Slots of a ring as a power of two; the client decides.
    pub log2_slots: u8,
    /// Bytes of a buffer in its shared memory; the client decides.
    pub buffer_size: u16,
}

/// Counters of the port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Packets that came in.
    pub rx_packets: u64,
    /// Their bytes.
    pub rx_bytes: u64,
    /// Packets that went out.
    pub tx_packets: u64,
    /// Their bytes.
    pub tx_bytes: u64,
    /// Receive errors.
    pub rx_errors: u64,
}

/// A running testpmd.
#[derive(Debug)]
pub struct Testpmd(Running);

impl Plan {
    /// One queue of 64-byte packets.
    pub fn new(role: Role, forward: Forward) -> Plan {
        Plan {
            role,
            forward,
            queues: 1,
            segments: vec![64],
            log2_slots: 10,
            buffer_size: 2048,
        }
    }

    /// The same with as many rings each way.
    pub fn queues(self, queues: u16) -> Plan {
        Plan { queues, ..self }
    }

    /// The same with frames of these segments.
    pub fn segments(self, segments: &[u16]) -> Plan {
        let segments = segments.to_vec();
        Plan { segments, ..self }
    }

    /// The same with larger or smaller rings.
    pub fn log2_slots(self, log2_slots: u8) -> Plan {
        Plan { log2_slots, ..self }
    }

    /// Starts it at a socket path and waits for its prompt. `None` where
    /// testpmd is not installed; `test` then did not run.
    pub fn start(&self, socket: &Path, test: &str) -> Option<Testpmd> {
        missing::tool("dpdk-testpmd", "dpdk-dev", test)?;
        let mut testpmd = Testpmd(Running::start("testpmd", &mut self.command(socket)));
        // It says nothing before it has set up its memory and its ports.
        testpmd.stats_within(STARTED);
        Some(testpmd)
    }

    fn command(&self, socket: &Path) -> Command {
        let mut command = Command::new("stdbuf");
        command
            .env(
                "RUNTIME_DIRECTORY",
                socket.parent().unwrap_or(Path::new("/tmp")),
            )
            .args(["-oL", "dpdk-testpmd", "--no-huge", "-m", "512", "--no-pci"])
            .args(["--no-telemetry", "--no-shconf", "--main-lcore=0"])
            .arg(format!("--lcores=0@{cpu},1@{cpu}", cpu = last_cpu()))
            .arg(format!("--file-prefix={}", unique()))
            .arg(format!("--vdev={}", self.port(socket)))
            .args([
                "--",
                "-i",
                "--total-num-mbufs=8192",
                "--port-topology=loop",
                "--no-flush-rx",
            ])
            .arg(format!("--rxq={}", self.queues))
            .arg(format!("--txq={}", self.queues))
            .arg(format!("--forward-mode={}", self.mode()))
            .arg(format!("--txpkts={}", self.lengths()));
        command
    }

    fn port(&self, socket: &Path) -> String {
        let role = match self.role {
            Role::Server => "server",
            Role::Client => "client",
        };
        let socket = socket.display();
        let (slots, bytes) = (self.log2_slots, self.buffer_size);
        format!(
            "net_memif0,role={role},id=0,socket={socket},socket-abstract=no,rsize={slots},bsize={bytes}"
        )
    }

    fn mode(&self) -> &'static str {
        match self.forward {
            Forward::Receive => "rxonly",
            Forward::Transmit => "txonly",
            Forward::Echo => "io",
        }
    }

    fn lengths(&self) -> String {
        let lengths: Vec<String> = self.segments.iter().map(u16::to_string).collect();
        lengths.join(",")
    }
}

impl Testpmd {
    /// Begins to forward.
    pub fn start(&mut self) {
        self.0.say("start");
    }

    /// Sends as many bursts of 32 frames on each queue, then begins to forward.
    /// The way to have it transmit no more than a ring holds.
    pub fn start_with_bursts(&mut self, bursts: u32) {
        self.0.say(&format!("start tx_first {bursts}"));
    }

    /// Sends six bursts of other frames, then begins to echo.
    pub fn start_with_bursts_of(&mut self, lengths: &str) {
        self.0.say(&format!("set txpkts {lengths}"));
        self.0.say("set fwd io");
        self.start_with_bursts(6);
    }

    /// Stops forwarding; what is in its rings stays there.
    pub fn stop(&mut self) {
        let mark = self.0.mark();
        self.0.say("stop");
        self.0.hear(mark, SOON, "end of forwarding", |line| {
            line.starts_with("Done.").then_some(())
        });
    }

    /// The port's counters.
    pub fn stats(&mut self) -> Stats {
        self.stats_within(SOON)
    }

    fn stats_within(&mut self, time: Duration) -> Stats {
        let mark = self.0.mark();
        self.0.say("show port stats all");
        self.0.hear(mark, time, "port statistics", |line| {
            line.contains("Tx-pps:").then_some(())
        });
        Stats::read(&self.0.lines_since(mark).join("\n"))
    }

    /// Waits until the link is up or down.
    pub fn wait_link(&mut self, up: bool) {
        let wanted = if up { "up" } else { "down" };
        eventually("testpmd's link changes", SOON, || {
            (self.link_status() == wanted).then_some(())
        });
    }

    /// Stops the port and starts it again, which makes a client connect again.
    pub fn reconnect(&mut self) {
        for command in ["stop", "port stop 0", "port start 0"] {
            self.0.say(command);
        }
        self.stats();
    }

    /// Asks it to close its port, and ends it. Not by its own exit: DPDK 22.11
    /// takes its memory apart while its interrupt thread still looks at it, and
    /// crashes now and then.
    pub fn quit(mut self) {
        let mark = self.0.mark();
        self.0.say("quit");
        self.0.hear(mark, SOON, "end of the port", |line| {
            line.starts_with("Port 0 is closed").then_some(())
        });
        self.0.kill();
    }

    /// Waits until `enough` of the counters.
    pub fn count_until(&mut self, timeout: Duration, enough: impl Fn(&Stats) -> bool) -> Stats {
        eventually("testpmd's counters get there", timeout, || {
            let stats = self.stats();
            if enough(&stats) {
                return Some(stats);
            }
            // Each look is a page of text.
            std::thread::sleep(Duration::from_millis(20));
            None
        })
    }

    /// The process.
    pub fn process(&mut self) -> &mut Running {
        &mut self.0
    }

    fn link_status(&mut self) -> String {
        let mark = self.0.mark();
        self.0.say("show port info 0");
        self.0.hear(mark, SOON, "link status", |line| {
            line.strip_prefix("Link status: ").map(str::to_owned)
        })
    }
}

impl Stats {
    fn read(text: &str) -> Stats {
        let field = |name: &str| {
            let rest = text.split(name).nth(1).unwrap_or_default();
            let digits = rest.split_whitespace().next().unwrap_or_default();
            digits.parse().unwrap_or_default()
        };
        Stats {
            rx_packets: field("RX-packets:"),
            rx_bytes: field("RX-bytes:"),
            tx_packets: field("TX-packets:"),
            tx_bytes: field("TX-bytes:"),
            rx_errors: field("RX-errors:"),
        }
    }
}

/// testpmd spins; the last CPU is the one that the rest misses least.
fn last_cpu() -> usize {
    std::thread::available_parallelism().map_or(0, |cpus| cpus.get() - 1)
}

/// DPDK keeps its state apart by this name.
fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("memwire-{}-{number}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_read_from_the_table() {
        let table = "  RX-packets: 12   RX-missed: 0   RX-bytes:  768\n  RX-errors: 1\n  \
                     TX-packets: 5   TX-errors: 0   TX-bytes:  320\n";
        let stats = Stats::read(table);
        assert_eq!((stats.rx_packets, stats.rx_bytes), (12, 768));
        assert_eq!((stats.tx_packets, stats.tx_bytes), (5, 320));
        assert_eq!(stats.rx_errors, 1);
    }
}

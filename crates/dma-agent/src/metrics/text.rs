//! The metrics, as text. Nothing is kept between two readings: all counters are the agent's own.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use switch::DropCounters;

use crate::{Agent, PortView};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPort {
    port: String,
    did: u16,
    r#type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Dropped {
    port: String,
    did: u16,
    direction: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

impl Agent {
    /// All metrics in the format of OpenMetrics 1.0, its last line `# EOF`.
    ///
    /// Of the drops at ports only reasons that have happened are there; of the agent's, all.
    pub fn metrics_text(&self) -> String {
        let mut registry = Registry::with_prefix("dmaa");
        let ports: Vec<_> = self.ports().collect();
        add_ports(&mut registry, &ports);
        add_drops(&mut registry, &ports, &self.drops());
        add_fdb(&mut registry, self);
        let refusals = "Registrations that were refused";
        count(&mut registry, "refusals", refusals, self.refusals());
        let clients = ports.iter().filter(|port| port.client.is_some()).count();
        gauge(
            &mut registry,
            "clients",
            "Clients that are there",
            clients as u64,
        );
        gauge(
            &mut registry,
            "ports",
            "Ports that are there",
            ports.len() as u64,
        );
        count(
            &mut registry,
            "reloads",
            "Reloads that worked",
            self.reloads(),
        );
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

fn add_ports(registry: &mut Registry, ports: &[PortView]) {
    let frames = ["Frames that came in", "Frames that were given to the port"];
    let bytes = [
        "Bytes that came in, without CRC",
        "Bytes that were given to the port, without CRC",
    ];
    let counted = |of: fn(&PortView) -> u64| {
        let family = Family::<OfPort, Counter>::default();
        for port in ports {
            family.get_or_create(&label(port)).inc_by(of(port));
        }
        family
    };
    registry.register(
        "port_received_frames",
        frames[0],
        counted(|port| port.counters.received),
    );
    registry.register(
        "port_sent_frames",
        frames[1],
        counted(|port| port.counters.sent),
    );
    let received = counted(|port| port.counters.received_bytes);
    registry.register_with_unit("port_received", bytes[0], Unit::Bytes, received);
    let sent = counted(|port| port.counters.sent_bytes);
    registry.register_with_unit("port_sent", bytes[1], Unit::Bytes, sent);
    let waiting = Family::<OfPort, Gauge>::default();
    let addresses = Family::<OfPort, Gauge>::default();
    let lost = Family::<OfPort, Gauge>::default();
    for port in ports {
        waiting
            .get_or_create(&label(port))
            .set(signed(port.waiting));
        lost.get_or_create(&label(port))
            .set(i64::from(port.lost.is_some()));
        addresses
            .get_or_create(&label(port))
            .set(signed(port.addresses as u64));
    }
    registry.register(
        "port_waiting_frames",
        "Frames that wait for the port",
        waiting,
    );
    registry.register(
        "port_lost",
        "Whether there is nothing behind the port, 1 or 0",
        lost,
    );
    registry.register(
        "port_addresses",
        "Addresses known behind the port",
        addresses,
    );
}

fn add_drops(registry: &mut Registry, ports: &[PortView], all: &DropCounters) {
    let at_ports = Family::<Dropped, Counter>::default();
    for port in ports {
        for (direction, drops) in [
            ("in", &port.counters.refused),
            ("out", &port.counters.dropped),
        ] {
            for (reason, frames) in drops.iter().filter(|(_, frames)| *frames > 0) {
                let label = Dropped {
                    port: port.name.clone(),
                    did: port.policy.did.raw(),
                    direction,
                    reason: reason.name(),
                };
                at_ports.get_or_create(&label).inc_by(frames);
            }
        }
    }
    let text = "Frames dropped at a port that is there, by reason";
    registry.register("port_dropped_frames", text, at_ports);
    let family = Family::<Reason, Counter>::default();
    for (reason, frames) in all.iter() {
        let reason = reason.name();
        family.get_or_create(&Reason { reason }).inc_by(frames);
    }
    let text = "Frames dropped by all ports that are and were there, by reason";
    registry.register("dropped_frames", text, family);
}

fn add_fdb(registry: &mut Registry, agent: &Agent) {
    let statistics = agent.fdb_statistics();
    let capacity = agent.fdb_settings().capacity;
    gauge(
        registry,
        "fdb_entries",
        "Addresses in the FDB",
        statistics.entries as u64,
    );
    gauge(
        registry,
        "fdb_capacity",
        "Addresses that the FDB may hold",
        capacity as u64,
    );
    let counters = [
        ("fdb_learned", "Addresses that came in", statistics.learned),
        (
            "fdb_moved",
            "Addresses that changed their port",
            statistics.moved,
        ),
        ("fdb_aged", "Addresses that were too old", statistics.aged),
        (
            "fdb_flushed",
            "Addresses forgotten by order, or with their port",
            statistics.flushed,
        ),
        (
            "fdb_refused_by_port_cap",
            "Frames not learned from because their port has as many addresses as it may",
            statistics.refused_by_port_cap,
        ),
        (
            "fdb_refused_by_capacity",
            "Frames not learned from because the FDB is full",
            statistics.refused_by_capacity,
        ),
    ];
    for (name, help, value) in counters {
        count(registry, name, help, value);
    }
}

fn label(port: &PortView) -> OfPort {
    OfPort {
        port: port.name.clone(),
        did: port.policy.did.raw(),
        r#type: port.kind,
    }
}

fn count(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let counter: Counter = Counter::default();
    counter.inc_by(value);
    registry.register(name, help, counter);
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(signed(value));
    registry.register(name, help, gauge);
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

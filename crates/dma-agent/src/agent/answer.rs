//! Requests at the control socket, and what is answered.

use serde_json::Value;
use switch::{Did, Flush, Mac, Nti, Policy, PortId, Role, Watch};

use super::Agent;
use super::views::port_info;
use crate::control::desk::{Caller, Capture};
use crate::control::{Ask, Code, Failure, FlushWhat, Reply, VERSION};
use crate::pcap::CaptureDevice;

/// Captures at once.
const MOST_CAPTURES: usize = 8;
/// Bytes of copies that wait for a caller, beyond which they are dropped.
const CAPTURE_BYTES: usize = 4 << 20;

impl Agent {
    pub(super) fn answer(&mut self, caller: &mut Caller, line: &[u8]) {
        let reply = match understand(line) {
            Ok(Ask::Capture { port }) => self.start_capture(caller, port.as_deref()),
            Ok(Ask::TakeOver { formats, version }) => {
                let agreed = self.agree(&formats, &version);
                caller.is_heir = agreed.is_ok();
                agreed
            }
            Ok(ask) => self.reply(ask),
            Err(failure) => Err(failure),
        };
        caller.say(reply);
    }

    fn reply(&mut self, ask: Ask) -> Result<Reply, Failure> {
        Ok(match ask {
            Ask::Status => Reply::Status(Box::new(self.status())),
            Ask::Ports => Reply::Ports(self.ports().map(|port| port_info(&port)).collect()),
            Ask::Fdb { skip } => Reply::Fdb(self.fdb_info(skip)),
            Ask::Services => Reply::Services(self.services()),
            Ask::Drops => Reply::Drops(self.drops_info()),
            Ask::Clients => Reply::Clients(self.client_infos()),
            Ask::Flush(what) => Reply::Flushed(self.flush_what(&what)?),
            Ask::Reload => match self.reload() {
                Ok(changes) => Reply::Reloaded(changes),
                Err(error) => return Err(failure(Code::Failed, error)),
            },
            Ask::Upgrade => self.start_successor()?,
            Ask::Capture { .. } | Ask::TakeOver { .. } => {
                return Err(failure(Code::Request, "not here"));
            }
        })
    }

    fn flush_what(&mut self, what: &FlushWhat) -> Result<usize, Failure> {
        let flush = match what {
            FlushWhat::All => Flush::All,
            FlushWhat::Port(name) => Flush::Port(self.port_called(name)?),
            FlushWhat::Nti(raw) => {
                Flush::Nti(Nti::new(*raw).map_err(|error| failure(Code::NotFound, error))?)
            }
            FlushWhat::Mac(text) => Flush::Mac(text.parse::<Mac>().map_err(|error| {
                failure(Code::NotFound, format!("{text:?} is no address: {error}"))
            })?),
        };
        let flushed = self.flush_fdb(flush);
        tracing::info!(?what, flushed, "fdb flushed");
        Ok(flushed)
    }

    /// A port that gets copies, until the caller goes.
    fn start_capture(&mut self, caller: &mut Caller, port: Option<&str>) -> Result<Reply, Failure> {
        if self.captures >= MOST_CAPTURES {
            let text = format!("{MOST_CAPTURES} captures at once: end one first");
            return Err(failure(Code::Busy, text));
        }
        let watch = match port {
            None => Watch::Everything,
            Some(name) => Watch::Ports([self.port_called(name)?].into_iter().collect()),
        };
        let names = self.ports().map(|port| (port.policy.did, port.name));
        let (device, queue) = CaptureDevice::new(CAPTURE_BYTES);
        let device = device.with_names(names.collect());
        let mut policy = Policy::new(self.free_did());
        policy.role = Role::Mirror(watch);
        policy.mtu = usize::MAX;
        self.captures_started += 1;
        let name = format!("capture-{}", self.captures_started);
        let added = self.add_port(&name, policy, Box::new(device));
        let port = added.map_err(|error| failure(Code::Failed, error))?;
        tracing::info!(port = name, "capture");
        self.captures += 1;
        caller.connection.deadline = None;
        let capture = name.clone();
        caller.capture = Some(Capture { port, name, queue });
        Ok(Reply::Capture(capture))
    }

    /// A port by its name, or as `did:16`: clients choose their names themselves.
    fn port_called(&self, name: &str) -> Result<PortId, Failure> {
        let did = name.strip_prefix("did:").and_then(|did| did.parse().ok());
        if let Some(did) = did.and_then(|raw| Did::new(raw).ok()) {
            let port = self.switch.port_by_did(did);
            return port.ok_or_else(|| failure(Code::NotFound, format!("no port has did {did}")));
        }
        let named = self.ports.iter().map(|(_, port)| port);
        let named: Vec<_> = named.filter(|port| port.name == name).collect();
        match named[..] {
            [port] => Ok(port.id),
            [] => Err(failure(
                Code::NotFound,
                format!("no port is called {name:?}"),
            )),
            _ => {
                let text = format!(
                    "{} ports are called {name:?}: say which, as did:N",
                    named.len()
                );
                Err(failure(Code::NotFound, text))
            }
        }
    }
}

pub(super) fn failure(code: Code, text: impl ToString) -> Failure {
    let text = text.to_string();
    Failure { code, text }
}

/// The version first: another one may look quite different.
fn understand(line: &[u8]) -> Result<Ask, Failure> {
    let wrong = |error: serde_json::Error| failure(Code::Request, error);
    let mut object: Value = serde_json::from_slice(line).map_err(wrong)?;
    match object.get("v").and_then(Value::as_u64) {
        Some(v) if v == u64::from(VERSION) => {}
        other => {
            let got = other.map_or_else(|| "none".to_owned(), |v| v.to_string());
            let text = format!("version {got}: this agent speaks {VERSION}, as \"v\":{VERSION}");
            return Err(failure(Code::Version, text));
        }
    }
    let ask = object.get_mut("ask").map(Value::take).unwrap_or_default();
    serde_json::from_value(ask).map_err(wrong)
}

//! What the file says, with the place of each value that is judged later.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use switch::{Did, Nti, Svc};
use toml::Spanned;

use super::port_device::Kind;
use super::value::{Account, Bytes, List, Number, Octal, Seconds};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Document {
    pub(super) doorbell: Vec<SocketTable>,
    pub(super) allow: Vec<AllowTable>,
    pub(super) caps: CapsTable,
    pub(super) fdb: FdbTable,
    pub(super) qos: QosTable,
    pub(super) forwarding: ForwardingTable,
    pub(super) alias: BTreeMap<Spanned<String>, Spanned<String>>,
    pub(super) port: Vec<PortTable>,
    pub(super) control: Option<SocketTable>,
    pub(super) metrics: Option<MetricsTable>,
}

/// `[[doorbell]]`, `[control]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SocketTable {
    pub(super) path: Spanned<String>,
    pub(super) mode: Option<Octal>,
    pub(super) owner: Option<Spanned<Account>>,
    pub(super) group: Option<Spanned<Account>>,
}

/// `[[allow]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AllowTable {
    #[serde(default)]
    pub(super) users: Vec<Spanned<Account>>,
    #[serde(default)]
    pub(super) groups: Vec<Spanned<Account>>,
    pub(super) services: Option<List<Svc>>,
    pub(super) names: Option<Vec<String>>,
    pub(super) nti: Option<Spanned<Number<Nti>>>,
    pub(super) ntis: Option<Spanned<List<Nti>>>,
    pub(super) roots: Option<Vec<Spanned<PathBuf>>>,
    #[serde(default)]
    pub(super) isolated: bool,
    pub(super) rings: Option<bool>,
}

/// `[caps]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct CapsTable {
    pub(super) clients_per_user: Option<usize>,
    pub(super) bytes_per_user: Option<Bytes>,
}

/// `[fdb]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FdbTable {
    pub(super) ageing: Option<Seconds>,
    pub(super) capacity: Option<Spanned<usize>>,
}

/// `[qos]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct QosTable {
    pub(super) scheduling: Option<Spanned<String>>,
    pub(super) weights: Option<Spanned<Vec<i64>>>,
}

/// `[forwarding]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ForwardingTable {
    pub(super) flood_link_local: Option<Spanned<Vec<i64>>>,
}

/// `[metrics]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricsTable {
    pub(super) listen: SocketAddr,
}

/// `[[port]]`. The keys below `learn-cap` are for some types only.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PortTable {
    pub(super) name: Spanned<String>,
    #[serde(rename = "type")]
    pub(super) kind: Spanned<Kind>,
    pub(super) did: Option<Spanned<Number<Did>>>,
    pub(super) nti: Option<Spanned<Number<Nti>>>,
    pub(super) ntis: Option<Spanned<List<Nti>>>,
    pub(super) mtu: Option<Spanned<usize>>,
    pub(super) role: Option<Spanned<String>>,
    pub(super) watch: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub(super) isolated: bool,
    pub(super) learn_cap: Option<usize>,
    pub(super) interface: Option<Spanned<String>>,
    pub(super) promiscuous: Option<Spanned<bool>>,
    pub(super) socket: Option<Spanned<String>>,
    pub(super) mode: Option<Spanned<Octal>>,
    pub(super) id: Option<Spanned<u32>>,
    pub(super) secret_file: Option<Spanned<PathBuf>>,
    pub(super) path: Option<Spanned<PathBuf>>,
    pub(super) mac: Option<Spanned<String>>,
    pub(super) address: Option<Spanned<String>>,
    pub(super) pace: Option<Spanned<String>>,
    pub(super) repeat: Option<Spanned<bool>>,
}

//! The configuration: one TOML file, checked as a whole before anything is done with it.
//!
//! ```text
//!   text ─► document (what the file says, with places) ─► Config (what holds, checked)
//! ```
//!
//! Nothing has to be said. Without a file, or with an empty one, processes of the agent's own user are served at the
//! doorbell of [`places`], in one domain, and did 4 means "learn". Every key is described in `packaging/agent.toml`.

mod accounts;
mod aliases;
mod allow;
mod document;
mod error;
mod forwarding;
pub mod places;
mod port_device;
mod port_table;
mod ports;
mod qos;
mod value;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use memif::Address;
use memif::unix::SocketFile;
use switch::{Did, Settings};

use crate::admission::Admission;
use crate::schedule::Scheduling;
use accounts::Accounts;
pub use aliases::AliasTo;
use document::{Document, FdbTable, SocketTable};
pub use error::ConfigError;
use error::{Fault, fault};
pub use ports::{DeviceConfig, PortConfig, PortRole, Watched};

/// The longest file that is read, in bytes.
pub const MOST_BYTES: u64 = 1 << 20;

/// Everything that can be configured, checked: what does not depend on the system's mood can no longer fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where clients ring. None: the [default one](places::doorbell).
    pub doorbells: Vec<SocketAt>,
    /// Who may come, and with how much.
    pub admission: Admission,
    /// The forwarding table.
    pub fdb: Settings,
    /// How classes of frames share what they compete for.
    pub scheduling: Scheduling,
    /// The link-local groups that are flooded: bit 14 for 01:80:c2:00:00:0e, and so on.
    pub flood_link_local: u16,
    /// What dids mean that are no port's own.
    pub aliases: BTreeMap<Did, AliasTo>,
    /// The ports that are there without a client.
    pub ports: Vec<PortConfig>,
    /// Where the agent is asked and told. `None`: at the [default place](places::control).
    pub control: Option<SocketAt>,
    /// Where metrics are served, if they are.
    pub metrics: Option<SocketAddr>,
}

/// A socket to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketAt {
    /// Where.
    pub address: Address,
    /// How its file is made.
    pub file: SocketFile,
}

impl SocketAt {
    /// For the agent's own user.
    pub fn new(address: Address) -> Self {
        let file = SocketFile::default();
        Self { address, file }
    }
}

impl Default for Config {
    /// What an empty file says.
    fn default() -> Self {
        Self {
            doorbells: Vec::new(),
            admission: Admission::same_user(),
            fdb: Settings::default(),
            scheduling: Scheduling::default(),
            flood_link_local: 0,
            aliases: aliases::usual(),
            ports: Vec::new(),
            control: None,
            metrics: None,
        }
    }
}

impl Config {
    /// Reads a configuration from its text. `file` is what errors call it.
    ///
    /// # Errors
    /// [`ConfigError`]: the first thing that is wrong, and where.
    pub fn parse(text: &str, file: &str) -> Result<Config, ConfigError> {
        Self::parse_with(text, file, &Accounts::of_system())
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`]; one without a line when the file cannot be read.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let file = path.display().to_string();
        let text = places::read_text(path, MOST_BYTES);
        let text = text.map_err(|error| ConfigError::unreadable(&file, &error))?;
        Self::parse(&text, &file)
    }

    fn parse_with(text: &str, file: &str, accounts: &Accounts) -> Result<Config, ConfigError> {
        let document = toml::from_str::<Document>(text);
        let document = document.map_err(|error| ConfigError::from_toml(error, text, file))?;
        check(document, accounts).map_err(|fault| fault.into_error(text, file))
    }
}

fn check(document: Document, accounts: &Accounts) -> Result<Config, Fault> {
    let ports = port_table::check(&document.port)?;
    let control = document
        .control
        .map(|table| socket(&table, "control", accounts));
    let doorbells = document.doorbell.iter();
    let doorbells = doorbells.map(|table| socket(table, "doorbell", accounts));
    let config = Config {
        doorbells: doorbells.collect::<Result<_, _>>()?,
        admission: allow::check(&document.allow, &document.caps, accounts)?,
        fdb: fdb(&document.fdb)?,
        scheduling: qos::check(&document.qos)?,
        flood_link_local: forwarding::check(&document.forwarding)?,
        aliases: aliases::check(&document.alias, &ports)?,
        ports,
        control: control.transpose()?,
        metrics: document.metrics.map(|table| table.listen),
    };
    each_once(&document.doorbell)?;
    Ok(config)
}

fn socket(table: &SocketTable, section: &str, accounts: &Accounts) -> Result<SocketAt, Fault> {
    let keep = u32::MAX;
    let owner = table.owner.as_ref();
    let owner = owner.map(|who| accounts.user(who, &format!("{section}.owner")));
    let group = table.group.as_ref();
    let group = group.map(|who| accounts.group(who, &format!("{section}.group")));
    let (owner, group) = (owner.transpose()?, group.transpose()?);
    let mut file = SocketFile::default();
    if let Some(mode) = table.mode {
        file.mode = mode.0;
    }
    if owner.is_some() || group.is_some() {
        file.owner = Some((owner.unwrap_or(keep), group.unwrap_or(keep)));
    }
    let address = table.path.get_ref().parse::<Address>();
    let address = address.map_err(|error| fault(&table.path, format!("{section}.path"), error))?;
    if matches!(address, Address::Abstract(_)) && file != SocketFile::default() {
        let problem = "an abstract name has no file: leave out mode, owner and group";
        return Err(fault(&table.path, format!("{section}.path"), problem));
    }
    Ok(SocketAt { address, file })
}

fn each_once(doorbells: &[SocketTable]) -> Result<(), Fault> {
    for (at, table) in doorbells.iter().enumerate() {
        let mut others = doorbells[..at].iter();
        if others.any(|other| other.path.get_ref() == table.path.get_ref()) {
            let problem = "this doorbell is there twice: leave one out";
            return Err(fault(&table.path, "doorbell.path", problem));
        }
    }
    Ok(())
}

fn fdb(table: &FdbTable) -> Result<Settings, Fault> {
    let mut settings = Settings::default();
    if let Some(ageing) = table.ageing {
        settings.ageing = ageing.0;
    }
    if let Some(capacity) = &table.capacity {
        let most = Settings::MAX_CAPACITY;
        if *capacity.get_ref() == 0 || *capacity.get_ref() > most {
            let problem = format!("{} addresses: from 1 to {most}", capacity.get_ref());
            return Err(fault(capacity, "fdb.capacity", problem));
        }
        settings.capacity = *capacity.get_ref();
    }
    Ok(settings)
}

/// Where the configuration comes from: a file or none, and what the command line says besides. It is loaded at the
/// start and by every reload.
#[derive(Clone, Debug, Default)]
pub struct ConfigSource {
    /// The file.
    pub file: Option<PathBuf>,
    /// Doorbells besides those of the file.
    pub doorbells: Vec<Address>,
    /// The control socket, instead of the file's.
    pub control: Option<Address>,
}

impl ConfigSource {
    /// Reads it anew.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(&self) -> Result<Config, ConfigError> {
        let mut config = match &self.file {
            Some(path) => Config::read(path)?,
            None => Config::default(),
        };
        for address in &self.doorbells {
            if config.doorbells.iter().all(|one| one.address != *address) {
                config.doorbells.push(SocketAt::new(address.clone()));
            }
        }
        if let Some(address) = &self.control {
            config.control = Some(SocketAt::new(address.clone()));
        }
        Ok(config)
    }
}

//! Who may be a client, and as what.

use std::path::PathBuf;

use descsock_wire::Registration;
use memif::Credentials;
use switch::{Nti, NtiSet, Svc};

use crate::file::FileRefusal;

/// What some users may register as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Users it holds for.
    pub uids: Vec<u32>,
    /// Groups it holds for.
    pub gids: Vec<u32>,
    /// Services that they may register with; empty for all.
    pub services: Vec<Svc>,
    /// Names that tenants may have; empty for all.
    pub names: Vec<String>,
    /// The domain of frames that ask for none.
    pub nti: Nti,
    /// The domains that they may use.
    pub ntis: NtiSet,
    /// Directories that their files may be in.
    pub roots: Vec<PathBuf>,
    /// Whether they exchange no frames with other isolated ports.
    pub isolated: bool,
    /// Whether those who offer rings are taken at their word; descriptor sockets otherwise.
    pub rings: bool,
}

/// What all clients together may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Clients of one user.
    pub clients_per_uid: usize,
    /// Bytes of the files of one user.
    pub bytes_per_uid: u64,
}

/// The rules, the first that holds counting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// For whom, in order.
    pub rules: Vec<Rule>,
    /// For all.
    pub caps: Caps,
}

/// What the clients there are of one user have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Census {
    /// How many they are.
    pub clients: usize,
    /// Bytes of their files.
    pub bytes: u64,
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing allows this user.
    #[error("uid {uid} gid {gid} is not allowed here")]
    User {
        /// Who.
        uid: u32,
        /// Of which group.
        gid: u32,
    },
    /// This user may not have this service.
    #[error("service {svc} is not allowed to uid {uid}")]
    Service {
        /// The service.
        svc: u32,
        /// Who.
        uid: u32,
    },
    /// This user may not have this name.
    #[error("the tenant name {name:?} is not allowed to uid {uid}")]
    Name {
        /// The name.
        name: String,
        /// Who.
        uid: u32,
    },
    /// This user has too many clients.
    #[error("uid {uid} has {clients} clients: at most {most}")]
    TooManyClients {
        /// Who.
        uid: u32,
        /// How many.
        clients: usize,
        /// The most there may be.
        most: usize,
    },
    /// This user's files are too large.
    #[error("the files of uid {uid} would have {bytes} bytes: at most {most}")]
    TooManyBytes {
        /// Who.
        uid: u32,
        /// How many.
        bytes: u64,
        /// The most there may be.
        most: u64,
    },
    /// All members of a service are there.
    #[error("service {svc} has all the members it can have")]
    ServiceFull {
        /// The service.
        svc: u32,
    },
    /// The file is not taken.
    #[error("{0}")]
    File(#[from] FileRefusal),
    /// What was said is not understood.
    #[error("{0}")]
    Violation(#[from] descsock_wire::Violation),
    /// A form of registration that names no file.
    #[error("CONN_REQ names no file: register with CONN_REQ_SYSTEM")]
    NoFile,
    /// It took too long.
    #[error("no registration within {seconds} s")]
    TooSlow {
        /// The time there was.
        seconds: u64,
    },
    /// More are registering than may at once, and this one came first.
    #[error("{most} others were registering at the same time")]
    Crowded {
        /// How many may.
        most: usize,
    },
    /// It went before it was done.
    #[error("the connection was closed after {bytes} bytes of a registration")]
    BrokenOff {
        /// Bytes that had come.
        bytes: usize,
    },
    /// The switch has no room.
    #[error("{0}")]
    Switch(#[from] switch::Misuse),
    /// A client that takes our offer of rings has none.
    #[error("no link for the rings: {0}")]
    Rings(memif::Error),
    /// It was to come by rings, and did not.
    #[error("no link for the rings: {reason}")]
    NoLink {
        /// What was wrong, or missing.
        reason: String,
    },
    /// The system refused.
    #[error("{call} failed: {source}")]
    Os {
        /// The call.
        call: &'static str,
        /// Its error.
        source: std::io::Error,
    },
}

impl Admission {
    /// Only processes of this user, for all services, in the default domain.
    pub fn same_user() -> Self {
        let uid = rustix::process::geteuid().as_raw();
        Self {
            rules: vec![Rule {
                uids: vec![uid],
                gids: Vec::new(),
                services: Vec::new(),
                names: Vec::new(),
                nti: Nti::DEFAULT,
                ntis: NtiSet::only(Nti::DEFAULT),
                roots: vec![PathBuf::from("/")],
                isolated: false,
                rings: true,
            }],
            caps: Caps {
                clients_per_uid: 64,
                bytes_per_uid: 64 << 30,
            },
        }
    }

    /// The rule by which a client is let in.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn admit(
        &self,
        who: Credentials,
        registration: &Registration,
        census: Census,
    ) -> Result<&Rule, Refusal> {
        let name = registration.service_name.printable();
        let rule = self.rule_for(who, registration.service_id.value(), &name)?;
        self.caps.check(who.uid, registration, census)?;
        Ok(rule)
    }

    /// The rule that holds for a client of this service and name, whatever it has.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn rule_for(&self, who: Credentials, svc: u16, name: &str) -> Result<&Rule, Refusal> {
        let Credentials { uid, gid, .. } = who;
        let holds = |rule: &&Rule| rule.uids.contains(&uid) || rule.gids.contains(&gid);
        let rule = self.rules.iter().find(holds);
        let rule = rule.ok_or(Refusal::User { uid, gid })?;
        rule.check(uid, svc, name)?;
        Ok(rule)
    }
}

impl Rule {
    fn check(&self, uid: u32, svc: u16, name: &str) -> Result<(), Refusal> {
        let may = |all: &[Svc]| all.is_empty() || all.iter().any(|one| one.raw() == svc);
        if !may(&self.services) {
            let svc = svc.into();
            return Err(Refusal::Service { svc, uid });
        }
        if !self.names.is_empty() && !self.names.iter().any(|one| one == name) {
            let name = name.to_owned();
            return Err(Refusal::Name { name, uid });
        }
        Ok(())
    }
}

impl Caps {
    fn check(&self, uid: u32, registration: &Registration, census: Census) -> Result<(), Refusal> {
        let (clients, most) = (census.clients, self.clients_per_uid);
        if clients >= most {
            return Err(Refusal::TooManyClients { uid, clients, most });
        }
        let bytes = census.bytes.saturating_add(registration.mapping.length());
        if bytes > self.bytes_per_uid {
            let most = self.bytes_per_uid;
            return Err(Refusal::TooManyBytes { uid, bytes, most });
        }
        Ok(())
    }
}

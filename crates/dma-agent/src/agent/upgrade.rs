//! A successor that the agent starts by itself: the program as it is installed now.

use std::ffi::OsString;
use std::process::{Child, Command};

use super::Agent;
use super::answer::failure;
use crate::control::{Code, Failure, Reply};

/// How this agent's program is started so that it takes over.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name, to be looked for as a shell would.
    pub name: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// The successor that was started.
#[derive(Debug, Default)]
pub(super) struct Upgrade {
    program: Option<Program>,
    child: Option<Child>,
}

impl Agent {
    /// Says how to start a successor. Without that, it has to be started by somebody else.
    pub fn upgrade_by(&mut self, program: Program) {
        self.upgrade.program = Some(program);
    }

    /// Starts a successor. It inherits what this process was given: its user, its environment, where its log goes.
    pub(super) fn start_successor(&mut self) -> Result<Reply, Failure> {
        self.upgrade.reap();
        if let Some(child) = &self.upgrade.child {
            let text = format!("process {} is about to take over", child.id());
            return Err(failure(Code::Busy, text));
        }
        let Some(Program { name, arguments }) = &self.upgrade.program else {
            let text = "this agent starts no successor: start one with --take-over";
            return Err(failure(Code::Failed, text));
        };
        let child = Command::new(name).args(arguments).spawn();
        let child = child.map_err(|error| {
            let text = format!("{} cannot be started: {error}", name.display());
            failure(Code::Failed, text)
        })?;
        let pid = child.id();
        tracing::info!(successor = pid, program = %name.display(), "successor started");
        self.upgrade.child = Some(child);
        Ok(Reply::Upgrading(pid))
    }

    /// The successor that was started, if it has not ended.
    pub(super) fn successor(&self) -> Option<u32> {
        self.upgrade.child.as_ref().map(Child::id)
    }

    /// Notices when it has ended.
    pub(super) fn reap_successor(&mut self) {
        self.upgrade.reap();
    }
}

impl Upgrade {
    fn reap(&mut self) {
        let Some(child) = &mut self.child else {
            return;
        };
        if let Ok(Some(status)) = child.try_wait() {
            tracing::warn!(successor = child.id(), %status, "the successor has ended, serving on");
            self.child = None;
        }
    }
}

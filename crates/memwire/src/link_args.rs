//! The options that every command with a SOCKET shares: which link, in which role, and how it waits.

use std::fmt::Display;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use memif::{Address, Connector, Link, LinkOptions, Listener, Secret, Wait};

use crate::exit::misuse;

/// The longest secret that the wire carries.
const SECRET_BYTES: usize = 24;

/// One end of a link, as the command line names it.
#[derive(Args, Clone, Debug)]
pub(crate) struct LinkArgs {
    /// Where both sides meet: a path, or @NAME for an abstract socket
    #[arg(value_name = "SOCKET", value_parser = address)]
    pub(crate) socket: Address,
    /// Interface id; both sides name the same
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Link")]
    pub(crate) id: u32,
    /// Listen, or connect and bring the memory; the other side takes the other role
    #[arg(long, value_name = "ROLE", help_heading = "Link")]
    pub(crate) role: Option<Role>,
    /// File that holds the secret (up to 24 bytes; one newline at its end does not count)
    #[arg(long, value_name = "FILE", help_heading = "Link")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Permissions of the socket file, octal: who may connect [server only; default: 600]
    #[arg(long, value_name = "MODE", value_parser = octal, help_heading = "Link")]
    pub(crate) socket_mode: Option<u32>,
    /// How to wait: poll never sleeps, interrupt always does, adaptive spins a little first
    #[arg(long, value_name = "HOW", help_heading = "Link")]
    pub(crate) wait: Option<Waiting>,
    /// Slots in each ring: a power of two from 2 to 16384 [client only]
    #[arg(long, value_name = "N", value_parser = slots, help_heading = "Link")]
    pub(crate) slots: Option<u16>,
    /// Rings in each direction, 1 to 255
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=255),
          default_value_t = 1, help_heading = "Link")]
    pub(crate) queues: u16,
}

/// Who listens and who connects. The client owns the shared memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Role {
    Server,
    Client,
}

/// How a side waits for the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Waiting {
    Poll,
    Interrupt,
    Adaptive,
}

impl LinkArgs {
    /// Opens this end of the link, in the role asked for or in the usual one. `shape` says what the
    /// command needs of it; the user has the last word.
    pub(crate) fn open(
        &self,
        usual: Role,
        shape: impl FnOnce(LinkOptions) -> LinkOptions,
    ) -> anyhow::Result<Link> {
        let options = self.options(shape(LinkOptions::new(self.id)))?;
        match self.role.unwrap_or(usual) {
            Role::Server => Ok(self.listener()?.link(options)?),
            Role::Client => Ok(Connector::new(&self.socket).link(options)?),
        }
    }

    /// Listens on the socket.
    fn listener(&self) -> anyhow::Result<Listener> {
        let builder = Listener::builder(&self.socket);
        match self.socket_mode {
            None => Ok(builder.bind()?),
            Some(_) if matches!(self.socket, Address::Abstract(_)) => Err(misuse(
                "an abstract socket has no file whose permissions --socket-mode could set",
            )),
            Some(mode) => Ok(builder.file_mode(mode).bind()?),
        }
    }

    /// Puts what the user asked for over what the command needs.
    fn options(&self, mut options: LinkOptions) -> anyhow::Result<LinkOptions> {
        options = options.queues(self.queues);
        if let Some(secret) = self.secret()? {
            options = options.secret(secret);
        }
        if let Some(slots) = self.slots {
            options = options.slots(slots);
        }
        Ok(match self.wait {
            None => options,
            Some(Waiting::Adaptive) => options.wait(Wait::default()),
            Some(Waiting::Interrupt) => options.wait(Wait::Interrupt),
            Some(Waiting::Poll) => options.wait(Wait::Poll),
        })
    }

    /// The secret, if a file was named.
    fn secret(&self) -> anyhow::Result<Option<Secret>> {
        let Some(path) = &self.secret_file else {
            return Ok(None);
        };
        let name = path.display();
        let mut bytes = fs::read(path).with_context(|| format!("cannot read secret {name}"))?;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        match bytes.len() {
            0 => Err(misuse(format!(
                "secret {name} is empty: put 1 to {SECRET_BYTES} bytes in it"
            ))),
            1..=SECRET_BYTES => Ok(Some(Secret::new(&bytes)?)),
            n => Err(misuse(format!(
                "secret {name} has {n} bytes: the limit is {SECRET_BYTES}"
            ))),
        }
    }
}

fn address(text: &str) -> Result<Address, memif::AddressError> {
    text.parse()
}

/// While a link is not up: fails when the server has said no, or is something else altogether. A
/// server that is not there may still come; so may the one that we had before.
pub(crate) fn welcome(link: &Link, socket: &impl Display) -> anyhow::Result<()> {
    match link.wait_up(Some(Duration::ZERO)) {
        Ok(_) | Err(memif::Error::Timeout) => Ok(()),
        Err(memif::Error::Refused { .. }) if link.epoch() > 0 => Ok(()),
        Err(error) => Err(error).with_context(|| format!("no link on {socket}")),
    }
}

/// A length of time in seconds, such as 2 or 0.5.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let time = text
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| "a time is a number of seconds, such as 2 or 0.5".into())
}

fn octal(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text.trim_start_matches("0o"), 8) {
        Ok(mode) if mode <= 0o777 => Ok(mode),
        _ => Err("a file mode is octal, from 0 to 777, for example 660".into()),
    }
}

fn slots(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(n) if n.is_power_of_two() && (2..=1 << 14).contains(&n) => Ok(n),
        _ => Err("a ring has a power of two of slots, from 2 to 16384".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_mode_is_octal() {
        assert_eq!(octal("660"), Ok(0o660));
        assert_eq!(octal("0777"), Ok(0o777));
        assert!(octal("8").is_err());
        assert!(octal("1777").is_err());
    }

    #[test]
    fn times_are_seconds_and_never_negative() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["", "-1", "soon", "inf", "NaN"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn slots_are_a_power_of_two_within_the_wire_limit() {
        assert_eq!(slots("16384"), Ok(16384));
        for wrong in ["0", "1", "3", "32768", "many"] {
            assert!(slots(wrong).is_err(), "{wrong}");
        }
    }
}

//! Making a connection: waiting for the peer.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use media::{Receiver, Sender, frame_capacity};
use memif::{Connector, Error, Link, Role};

use crate::abi::Param;
use crate::connection::Connection;
use crate::end::End;
use crate::failure::{Code, Failure};
use crate::masters::Share;
use crate::news::{readable, sleep};
use crate::payload::picture;
use crate::plan::Plan;
use crate::signals::Endings;

/// How long `mcm_create_connection` waits, in milliseconds; -1, or not set, is for ever.
const TIMEOUT: &str = "MCM_CREATE_TIMEOUT_MS";

/// The wait that the environment asks for.
pub(crate) fn usual_timeout() -> Result<i32, Failure> {
    let set = std::env::var_os(TIMEOUT).filter(|value| !value.is_empty());
    let Some(value) = set else {
        return Ok(-1);
    };
    let number = value.to_str().and_then(|text| text.trim().parse().ok());
    number.filter(|number| *number >= -1).ok_or_else(|| {
        Failure::invalid(format!(
            "{TIMEOUT}={} is no number of milliseconds: give 0 to {}, or -1 for no limit",
            value.display(),
            i32::MAX
        ))
    })
}

/// Connects as the parameters say, within `timeout` milliseconds, or for ever if negative.
pub(crate) fn connect(plan: &Plan, param: &Param, timeout: i32) -> Result<Connection, Failure> {
    let time = u64::try_from(timeout).ok().map(Duration::from_millis);
    let deadline = time.map(|time| Instant::now() + time);
    // In this order: when it comes to nothing, the link goes before the socket that it came from.
    let (share, link) = link(plan)?;
    let size = plan.payload.frame_size;
    // Opened before the peer is there: the end of one that comes and goes at once is heard of.
    let end = End::open(link, plan.sends, size, plan.payload.caps.as_ref(), share)?;
    let link = end.link();
    wait_up(link, deadline, timeout)?;
    tracing::info!(socket = %plan.address, id = plan.id, peer = ?link.peer(), "connected");
    Connection::new(end, plan.sends, size, picture(param).fps)
}

fn link(plan: &Plan) -> Result<(Option<Share>, Link), Failure> {
    let size = plan.payload.frame_size as u64;
    let options = if plan.sends {
        Sender::options(plan.id, size)
    } else {
        Receiver::options(plan.id).frame_capacity(frame_capacity(size))
    };
    let options = options.name(&plan.name);
    match plan.role {
        Role::Server => {
            let (share, listener) = Share::of(&plan.address, &plan.name)?;
            let link = listener.link(options)?;
            drop(listener); // the share has its own
            Ok((Some(share), link))
        }
        Role::Client => {
            let connector = Connector::new(&plan.address).name(&plan.name);
            Ok((None, connector.link(options)?))
        }
    }
}

/// Waits for the peer. A peer that says no may say yes later, such as when it has made the interface; a
/// system that lets nobody through will not.
fn wait_up(link: &Link, deadline: Option<Instant>, timeout: i32) -> Result<(), Failure> {
    let endings = Endings::watch();
    loop {
        match link.wait_up(Some(Duration::ZERO)) {
            Ok(_) => return Ok(()),
            // It came, sent and went: what it sent is there to be received.
            Err(_) if link.epoch() > 0 => return Ok(()),
            Err(Error::Timeout | Error::Refused { errno: None, .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(too_late(link, timeout));
        }
        let news = readable(link.as_fd());
        let Some(endings) = &endings else {
            sleep(&mut [news], left)?;
            continue;
        };
        if sleep(&mut [readable(endings.as_fd()), news], left)? == Some(0) {
            return Err(Failure::interrupted());
        }
    }
}

fn too_late(link: &Link, timeout: i32) -> Failure {
    let details = link.details();
    let why = match (details.role, details.last_failure) {
        (_, Some(failure)) => failure,
        (Role::Server, None) => "no peer has connected".to_owned(),
        (Role::Client, None) => "no answer".to_owned(),
    };
    let text = format!("no connection within {timeout} ms: {why}");
    Failure::new(Code::Timeout, libc::ETIMEDOUT, text)
}

//! The thread of a client: one connection after another, until the client is closed.

use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};

use crate::counters::add;
use crate::doorbell::{Connection, Doorbell};
use crate::file::SharedFile;
use crate::geometry::Geometry;
use crate::passing::{GiveUp, timespec};
use crate::place::Place;
use crate::session::{Lost, Session};
use crate::shared::{Shared, Status};
use crate::{Error, FileFault};

/// Time between attempts to connect again: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) home: Home,
    pub(crate) session: Session,
    pub(crate) linger: Duration,
    pub(crate) on_start: Option<fn()>,
}

/// What it takes to connect.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) doorbell: Doorbell,
    pub(crate) place: Place,
    pub(crate) geometry: Geometry,
    pub(crate) file: Option<SharedFile>,
    /// Whether frames are received on all tiers.
    pub(crate) every_tier: bool,
}

impl Worker {
    pub(crate) fn run(mut self) {
        // Also if something panics here, which would be a defect: nobody waits for a worker that is gone.
        let _end = End(Arc::clone(&self.shared));
        if let Some(hook) = self.on_start {
            hook();
        }
        while let Err(lost) = self.session.run(&self.shared, self.linger) {
            if !self.recover(&lost) {
                break;
            }
        }
        let lost = self.session.end(&self.shared);
        add(&self.shared.tally.tx_lost, lost);
    }

    /// Connects again. False if the client was closed meanwhile.
    fn recover(&mut self, lost: &Lost) -> bool {
        let unknown = self.session.end(&self.shared);
        add(&self.shared.tally.tx_lost, unknown);
        tracing::warn!(reason = %lost, frames = unknown, "connection to the agent lost");
        self.shared.set_status(Status::Down);
        self.home.file = None;
        let mut pause = FIRST_PAUSE;
        loop {
            pause_for(pause, &*self.shared);
            if self.shared.is_closing() {
                return false;
            }
            match self.reconnect() {
                Ok(()) => break,
                Err(error) => tracing::debug!(%error, "no connection yet"),
            }
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
        tracing::info!("connected to the agent again");
        self.shared.set_status(Status::Up);
        true
    }

    /// In another file: whoever still has the last one disturbs nobody.
    fn reconnect(&mut self) -> Result<(), Error> {
        let connection = self.home.connect(&*self.shared)?;
        self.session = Session::begin(connection, &mut self.home, &self.shared)?;
        Ok(())
    }
}

/// Closes the client when dropped.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.set_status(Status::Closed);
    }
}

impl Home {
    /// Makes the file, if there is none, and registers with it.
    pub(crate) fn connect(&mut self, given_up: &dyn GiveUp) -> Result<Connection, Error> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.place.take(&self.geometry)?,
        };
        let registration = self.doorbell.registration(&file)?;
        self.file = Some(file);
        self.doorbell.ring(&registration, &self.geometry, given_up)
    }

    /// Nothing goes by the file: its memory is given back, and its name is kept.
    pub(crate) fn empty(&self) {
        if let Some(file) = &self.file {
            file.empty();
        }
    }

    /// The file's memory, to receive and to send.
    pub(crate) fn map(&mut self) -> Result<[memif_ring::Region; 2], Error> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.place.take(&self.geometry)?,
        };
        let file = self.file.insert(file);
        let map = || file.map();
        let regions = map().and_then(|rx| Ok([rx, map()?]));
        regions.map_err(|fault: FileFault| Error::File {
            path: file.path().to_owned(),
            fault,
        })
    }
}

/// Waits, but not when the client is closed.
pub(crate) fn pause_for(time: Duration, given_up: &dyn GiveUp) {
    if !given_up.is_given_up() {
        let bell = given_up.bell();
        let mut watched = [PollFd::new(&bell, PollFlags::IN)];
        // Cut short by a signal, too: nothing depends on it.
        let _ = poll(&mut watched, timespec(time).as_ref());
    }
}

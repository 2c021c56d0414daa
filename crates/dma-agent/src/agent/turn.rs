//! One turn: what is new, who has frames, what is to be sent out.

use std::time::Duration;

use switch::PortId;

use super::{Agent, Error, os};
use crate::device::{Gone, News, Source};
use crate::forward::Forwarding;
use crate::reactor::{Happening, Token};

/// Table slots looked at for old addresses in each turn that has time for it.
const AGE_SLOTS: usize = 256;
/// How often there is time for it at least.
const HOUSEKEEPING: Duration = Duration::from_millis(500);

impl Agent {
    /// Does what there is to do, waiting for it at most for `timeout`, `None` being for ever. One step of a loop.
    ///
    /// # Errors
    /// [`Error::Os`] when waiting itself does not work.
    pub fn turn(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        let timeout = self.patience(timeout);
        let mut news = std::mem::take(&mut self.news);
        let waited = self.reactor.wait(timeout, &mut news);
        waited.map_err(os("epoll_wait"))?;
        let now = self.origin.elapsed();
        for happening in news.drain(..) {
            self.notice(happening, now);
        }
        self.news = news;
        while let Some(id) = self.naps.pop(now) {
            self.busy(id);
        }
        self.serve(now);
        self.flush();
        self.attend(now);
        if now >= self.next_housekeeping {
            self.next_housekeeping = now + HOUSEKEEPING;
            self.switch.age(now, AGE_SLOTS);
            self.reception.expire(now);
            if self.heir.is_none() {
                self.reception.retry(&self.reactor);
            }
            self.dismiss(now);
            self.revive(now);
        }
        Ok(())
    }

    fn patience(&self, timeout: Option<Duration>) -> Duration {
        if !self.busy.is_empty() || !self.others.is_empty() {
            return Duration::ZERO;
        }
        let now = self.origin.elapsed();
        let nap = self.naps.next().map(|due| due.saturating_sub(now));
        let nap = nap.unwrap_or(HOUSEKEEPING).min(HOUSEKEEPING);
        timeout.map_or(nap, |timeout| timeout.min(nap))
    }

    fn notice(&mut self, happening: Happening, now: Duration) {
        match happening.token {
            Token::Port(index, source) => self.notice_port(index, Source(source), happening.ended),
            Token::Doorbell(index) => self.reception.answer(index, now, &self.reactor),
            Token::Visitor(index) => {
                if let Some((visitor, registration)) = self.reception.listen(index) {
                    self.admit(visitor, &registration);
                }
            }
            Token::Other(number) => self.others.push((number, happening.ended)),
        }
    }

    fn notice_port(&mut self, index: u32, source: Source, ended: bool) {
        let Some(port) = self.ports.at_index(index as usize) else {
            return; // it went in this very turn
        };
        if let Some(device) = &mut port.device {
            device.notice(News { source, ended });
        }
        let id = port.id;
        self.busy(id);
    }

    /// Lets every port that may have frames hand over some.
    fn serve(&mut self, now: Duration) {
        let mut busy = std::mem::take(&mut self.busy);
        for id in busy.drain(..) {
            match self.receive(id, now) {
                Ok(true) => self.busy.push(id),
                Ok(false) => {}
                Err(gone) => self.part_with(id, &gone),
            }
        }
        if self.busy.is_empty() {
            self.busy = busy; // keeps its memory
        }
    }

    fn receive(&mut self, id: PortId, now: Duration) -> Result<bool, Gone> {
        let Some(port) = self.ports.get_mut(id) else {
            return Ok(false);
        };
        let Some(mut device) = port.device.take() else {
            return Ok(false);
        };
        port.is_busy = false;
        if !std::mem::replace(&mut port.is_dirty, true) {
            self.dirty.push(id); // completions, at least
        }
        let more = device.receive(&mut Forwarding {
            switch: &mut self.switch,
            ports: &mut self.ports,
            dirty: &mut self.dirty,
            from: id,
            now,
        });
        let more_by_time = match &more {
            Ok(false) => device.look_again().map(|nap| now.saturating_add(nap)),
            _ => None,
        };
        self.naps.set(id, more_by_time);
        if let Some(port) = self.ports.get_mut(id) {
            port.device = Some(device);
            port.is_busy = matches!(more, Ok(true));
        }
        more
    }

    fn flush(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for id in dirty.drain(..) {
            let Some(port) = self.ports.get_mut(id) else {
                continue;
            };
            port.is_dirty = false;
            let flushed = port.device.as_mut().map_or(Ok(()), |device| device.flush());
            if let Err(gone) = flushed {
                self.part_with(id, &gone);
            }
        }
        self.dirty = dirty;
    }
}

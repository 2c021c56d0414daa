//! Those who are no clients: callers at the control socket, and readers of metrics. Each gets a little at a time.

use std::time::Duration;

use super::Agent;
use crate::control::MOST_REQUEST;
use crate::control::desk::{Caller, PATIENCE};
use crate::served::Party;

/// Bytes of copies that a caller has not taken, beyond which they wait in their queue.
const MOST_COPIES: usize = 256 << 10;

impl Agent {
    /// Answers what was asked in this turn.
    pub(super) fn attend(&mut self, now: Duration) {
        let mut others = std::mem::take(&mut self.others);
        for (number, ended) in others.drain(..) {
            match Party::of(number) {
                Party::ControlDoor => self.desk.accept(&self.reactor, now),
                Party::MetricsDoor => self.metrics.accept(&self.reactor, now),
                Party::Heir => self.hear_heir(ended),
                Party::Caller(index) => self.hear(index, ended, now),
                Party::Scraper(index) => self.show_metrics(index, ended, now),
            }
        }
        if self.others.is_empty() {
            self.others = others; // keeps its memory
        }
        if self.captures > 0 {
            self.pass_copies();
        }
    }

    /// Lets go of those who take too long.
    pub(super) fn dismiss(&mut self, now: Duration) {
        self.expire_heir(now);
        self.reap_successor();
        for caller in self.desk.expire(now) {
            tracing::info!("a caller took too long");
            self.part(caller);
        }
        self.metrics.expire(now);
    }

    /// One request of one caller.
    fn hear(&mut self, index: usize, ended: bool, now: Duration) {
        let Some(mut caller) = self.desk.callers.take(index) else {
            return;
        };
        caller.connection.notice(ended);
        if caller.connection.read(MOST_REQUEST).is_err() {
            return self.part(caller);
        }
        if caller.capture.is_some() {
            // Whatever it says now is not heard; its end is.
            caller.connection.input.clear();
            caller.connection.is_closing |= caller.connection.has_ended;
        } else if let Some(line) = caller.next_line() {
            caller.connection.deadline = Some(now + PATIENCE);
            self.answer(&mut caller, &line);
        }
        if !caller.connection.flush() {
            return self.part(caller);
        }
        if caller.is_heir {
            return self.expect(caller.connection, now);
        }
        // News of its own: what is here already is no news of the socket's.
        if caller.has_more() && caller.connection.outbox.waiting() == 0 {
            self.others.push((number(index), false));
        }
        self.desk.callers.put(index, caller);
    }

    /// Copies from the queues to those who want them.
    fn pass_copies(&mut self) {
        for index in self.desk.callers.which(|caller| caller.capture.is_some()) {
            let Some(mut caller) = self.desk.callers.take(index) else {
                continue;
            };
            if let Some(capture) = &caller.capture
                && caller.connection.outbox.waiting() < MOST_COPIES
            {
                let is_last = capture.queue.is_ended();
                caller.connection.outbox.push(&capture.queue.take());
                caller.connection.is_closing |= is_last;
            }
            match caller.connection.flush() {
                true => self.desk.callers.put(index, caller),
                false => self.part(caller),
            }
        }
    }

    /// Lets go of a caller, and of the port that it had.
    fn part(&mut self, caller: Caller) {
        if let Some(capture) = caller.capture {
            self.captures -= 1;
            if self
                .ports
                .get(capture.port)
                .is_some_and(|port| port.name == capture.name)
            {
                self.remove_port(capture.port, "its capture has ended");
            }
        }
    }

    fn show_metrics(&mut self, index: usize, ended: bool, now: Duration) {
        let Some(mut scraper) = self.metrics.scrapers.take(index) else {
            return;
        };
        if scraper.wants_text(ended, now) {
            let text = self.metrics_text();
            scraper.give(&text);
        }
        if scraper.connection.flush() {
            self.metrics.scrapers.put(index, scraper);
        }
    }
}

fn number(index: usize) -> u32 {
    match Party::Caller(index).token() {
        crate::reactor::Token::Other(number) => number,
        _ => 0,
    }
}

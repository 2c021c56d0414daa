//! The sockets that an agent listens on, by configuration: doorbells, control, metrics.

use std::net::{SocketAddr, TcpListener};

use memif::unix::StreamListener;

use super::Agent;
use super::plan::Socket;
use crate::change::{Change, How};
use crate::config::SocketAt;

impl Agent {
    pub(super) fn apply_doorbells(
        &mut self,
        new: Vec<(SocketAt, StreamListener)>,
        gone: &[SocketAt],
        remade: &[SocketAt],
        changes: &mut Vec<Change>,
    ) {
        for socket in gone.iter().chain(remade) {
            self.reception.remove(&socket.address);
            self.setup
                .doorbells
                .retain(|one| one.address != socket.address);
        }
        let removed = |one: &SocketAt| Change::new("doorbell", &one.address, How::Removed);
        changes.extend(gone.iter().map(removed));
        for socket in remade {
            let change = Change::new("doorbell", &socket.address, How::Replaced);
            changes.push(match StreamListener::bind(&socket.address, &socket.file) {
                Ok(listener) => self.add_doorbell(socket.clone(), listener, change),
                Err(error) => change.failed(error),
            });
        }
        for (socket, listener) in new {
            let change = Change::new("doorbell", &socket.address, How::Added);
            let change = self.add_doorbell(socket, listener, change);
            changes.push(change);
        }
    }

    fn add_doorbell(
        &mut self,
        socket: SocketAt,
        listener: StreamListener,
        change: Change,
    ) -> Change {
        let reactor = &self.reactor;
        let added = self.reception.add(listener, &socket.address, |fd, token| {
            reactor.watch_input(fd, token)
        });
        match added {
            Ok(()) => {
                self.setup.doorbells.push(socket);
                change
            }
            Err(error) => change.failed(error),
        }
    }

    pub(super) fn apply_control(
        &mut self,
        control: Socket<SocketAt, StreamListener>,
        changes: &mut Vec<Change>,
    ) {
        let (at, listener) = match control {
            Socket::Keep | Socket::Drop => return,
            Socket::Without(why) => {
                return tracing::warn!(why, "no control socket: this agent cannot be asked");
            }
            Socket::Listen(at, listener) => (at, Ok(listener)),
            Socket::Remake(at) => {
                self.desk.close();
                let listener = StreamListener::bind(&at.address, &at.file);
                (at, listener.map_err(|error| error.to_string()))
            }
        };
        let how = came(self.setup.control.is_some());
        let change = Change::new("control", &at.address, how);
        let heard = listener.and_then(|listener| {
            let heard = self.desk.listen(&self.reactor, listener);
            heard.map_err(|error| error.to_string())
        });
        self.setup.control = heard.is_ok().then_some(at);
        changes.push(match heard {
            Ok(()) => change,
            Err(error) => change.failed(error),
        });
    }

    pub(super) fn apply_metrics(
        &mut self,
        metrics: Socket<SocketAddr, TcpListener>,
        changes: &mut Vec<Change>,
    ) {
        match metrics {
            Socket::Keep | Socket::Without(_) | Socket::Remake(_) => {}
            Socket::Drop => {
                self.metrics.close();
                self.setup.metrics = None;
                changes.push(Change::new("metrics", "", How::Removed));
            }
            Socket::Listen(at, listener) => {
                let change = Change::new("metrics", at, came(self.setup.metrics.is_some()));
                let heard = self.metrics.listen(&self.reactor, listener);
                self.setup.metrics = heard.is_ok().then_some(at);
                changes.push(match heard {
                    Ok(()) => change,
                    Err(error) => change.failed(error),
                });
            }
        }
    }
}

fn came(was_there: bool) -> How {
    match was_there {
        true => How::Replaced,
        false => How::Added,
    }
}

//! A memif peer for tests, on the public interface of `memif` alone.
//!
//! ```text
//! endpoint echo|sink server|client ADDRESS [key=value ...]
//!     ids=0,1   queues=1   slots=1024   buffer=2048   wait=poll|interrupt|adaptive
//!     seals=required|waived   secret=TEXT   mode=ethernet|ip|punt-inject   half_open=128
//!     handshake_ms=2000   window=N (frames sent and not come back, a queue)
//! ```
//! `echo` sends every frame back on the queue it came from; `sink` checks that
//! it is a whole numbered frame. Both send numbered frames when told to. What is
//! said and answered: see `memwire_tests::endpoint`.

mod options;
mod worker;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use memif::{Address, Connector, Error, Link, Listener};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use options::{Options, Role};
use worker::{Shared, Worker};

fn main() -> Result<(), Error> {
    let options = Options::from_arguments(std::env::args().skip(1));
    memif::sigbus::contain().map_err(|source| Error::Os {
        call: "sigaction",
        source,
    })?;
    let shared = Arc::new(Shared::default());
    let mut links = open(&options)?;
    let mut workers = Vec::new();
    for (id, link) in &mut links {
        for queue in 0..options.queues {
            let worker = Worker::new(link, *id, queue, &options, &shared)?;
            workers.push(std::thread::spawn(move || worker.run()));
        }
    }
    say("ready");
    watch(&links, &shared)?;
    for worker in workers {
        let _ = worker.join();
    }
    Ok(())
}

/// One link per id: all on one listening socket, or each with a connection.
fn open(options: &Options) -> Result<Vec<(u32, Link)>, Error> {
    let address: Address = options.address.parse()?;
    let listener = match options.role {
        Role::Server => Some(listen(options, &address)?),
        Role::Client => None,
    };
    let mut connector = Connector::new(&address);
    if let Some(deadline) = options.handshake {
        connector = connector.handshake_deadline(deadline);
    }
    let open = |&id: &u32| {
        let link = match &listener {
            Some(listener) => listener.link(options.link(id)),
            None => connector.link(options.link(id)),
        };
        Ok((id, link?))
    };
    options.ids.iter().map(open).collect()
}

fn listen(options: &Options, address: &Address) -> Result<Listener, Error> {
    let mut builder = Listener::builder(address).half_open(options.half_open);
    if let Some(deadline) = options.handshake {
        builder = builder.handshake_deadline(deadline);
    }
    builder.bind()
}

/// Drives the links and obeys standard input until it ends.
fn watch(links: &[(u32, Link)], shared: &Shared) -> Result<(), Error> {
    let mut epochs = vec![0; links.len()];
    while !shared.over.load(Ordering::Relaxed) {
        if wait(links) {
            obey(links, shared);
        }
        for ((id, link), epoch) in links.iter().zip(&mut epochs) {
            link.drive()?;
            if link.is_up() && link.epoch() != *epoch {
                *epoch = link.epoch();
                say(&format!("up {id} {epoch}"));
            }
        }
    }
    Ok(())
}

/// Sleeps until there is something to do; whether it is on standard input.
fn wait(links: &[(u32, Link)]) -> bool {
    let stdin = std::io::stdin();
    let mut fds = vec![PollFd::new(&stdin, PollFlags::IN)];
    fds.extend(
        links
            .iter()
            .map(|(_, link)| PollFd::from_borrowed_fd(link.as_fd(), PollFlags::IN)),
    );
    let bound = Timespec {
        tv_sec: 0,
        tv_nsec: 5_000_000,
    };
    let _ = poll(&mut fds, Some(&bound));
    !fds[0].revents().is_empty()
}

fn obey(links: &[(u32, Link)], shared: &Shared) {
    let mut bytes = [0; 1024];
    let len = std::io::stdin().read(&mut bytes).unwrap_or(0);
    if len == 0 {
        shared.over.store(true, Ordering::Relaxed);
    }
    for line in String::from_utf8_lossy(&bytes[..len]).lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["quit"] => shared.over.store(true, Ordering::Relaxed),
            ["details"] => links
                .iter()
                .for_each(|(_, link)| say(&format!("{:?}", link.details()))),
            ["stats"] => say(&shared.counters().line()),
            ["send", count, bytes] => match (count.parse(), bytes.parse()) {
                (Ok(count), Ok(bytes)) => shared.order(count, bytes),
                _ => say("what?"),
            },
            _ => say("what?"),
        }
    }
}

/// One line on stdout, at once and in one piece.
fn say(line: &str) {
    let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
}

//! One end of a numbered stream, made to be killed: `stream send|recv server|client SOCKET [FROM]`.
//!
//! The sender says `sent N` when frame N is published, the receiver `got N` when it has frame N whole; both say
//! `up EPOCH` and `down NANOSECONDS clean|dirty` as their link comes and goes, the time being CLOCK_MONOTONIC. A line on
//! standard input ends either.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use memif::{Address, Connector, Error, Link, LinkOptions, Listener};
use memwire_tests::deadline::monotonic;
use memwire_tests::frames::{number_of, numbered};

/// How often the end of standard input is looked for.
const GLANCE: Option<Duration> = Some(Duration::from_millis(50));

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, task, role, socket, rest @ ..] = &arguments[..] else {
        return Err("usage: stream send|recv server|client SOCKET [FROM]".into());
    };
    let from = rest.first().map_or(Ok(0), |from| from.parse())?;
    let link = open(role, &socket.parse()?)?;
    let stop = watch_stdin();
    say("ready");
    match task.as_str() {
        "send" => send(link, from, &stop)?,
        "recv" => receive(link, &stop)?,
        other => return Err(format!("no task {other}").into()),
    }
    Ok(())
}

fn open(role: &str, address: &Address) -> Result<Link, Error> {
    let options = LinkOptions::new(0).slots(64);
    match role {
        "server" => Listener::bind(address)?.link(options),
        _ => Connector::new(address).link(options),
    }
}

fn send(mut link: Link, from: u64, stop: &AtomicBool) -> Result<(), Error> {
    let mut tx = link.tx(0)?;
    let mut epoch = 0;
    let mut number = from;
    while !stop.load(Ordering::Relaxed) {
        match tx.send(&frame(number), GLANCE) {
            Ok(()) => {
                say(&format!("sent {number}"));
                number += 1;
            }
            Err(Error::Timeout) => {}
            Err(Error::Disconnected(ended)) => say_down(ended.clean),
            Err(other) => return Err(other),
        }
        say_up(&link, &mut epoch);
    }
    drop(tx);
    link.close(Duration::from_secs(5));
    Ok(())
}

fn receive(mut link: Link, stop: &AtomicBool) -> Result<(), Error> {
    let mut rx = link.rx(0)?;
    let mut epoch = 0;
    while !stop.load(Ordering::Relaxed) {
        match rx.recv(GLANCE) {
            Ok(frame) => match number_of(&frame.to_vec()) {
                Some(number) => say(&format!("got {number}")),
                None => say("corrupt"),
            },
            Err(Error::Timeout) => {}
            Err(Error::Disconnected(ended)) => say_down(ended.clean),
            Err(other) => return Err(other),
        }
        say_up(&link, &mut epoch);
    }
    Ok(())
}

/// Frames of all sizes, some of them chained.
fn frame(number: u64) -> Vec<u8> {
    numbered(number, 64 + usize::try_from(number % 5).unwrap_or(0) * 1000)
}

fn say_up(link: &Link, epoch: &mut u64) {
    if link.epoch() != *epoch {
        *epoch = link.epoch();
        say(&format!("up {epoch}"));
    }
}

fn say_down(clean: bool) {
    let how = if clean { "clean" } else { "dirty" };
    say(&format!("down {} {how}", monotonic().as_nanos()));
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever listened may be gone; then there is nobody to tell.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn watch_stdin() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&stop);
    std::thread::spawn(move || {
        let _ = std::io::stdin().lock().read_line(&mut String::new());
        ended.store(true, Ordering::Relaxed);
    });
    stop
}

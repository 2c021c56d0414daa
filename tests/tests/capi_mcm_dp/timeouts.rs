//! Point 20: a timeout is what it says, to a millisecond, and in all.

use std::time::{Duration, Instant};

use memif::testing::{Layout, Setup};
use memwire_tests::deadline::SOON;

use crate::measure;
use crate::pair::{Ends, Place, small};
use crate::puppet::Puppet;

/// What a wait of so many milliseconds may take beyond them.
const SLACK: Duration = Duration::from_millis(2);

fn exact(timeout: u64, mut wait: impl FnMut(&str) -> Duration) {
    let text = timeout.to_string();
    measure::exact(Duration::from_millis(timeout), SLACK, || wait(&text));
}

#[test]
fn point_20_the_timeout_of_a_receiver_is_exact() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        for timeout in [1, 5, 13, 37] {
            exact(timeout, |timeout| {
                let waited = pair.rx.ask(&format!("dequeue 0 0 {timeout}")).is("none");
                waited.has("error", 0).took()
            });
        }
        pair.quit();
    }
}

#[test]
fn point_20_the_timeout_of_a_sender_without_room_is_exact() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.fill_up(0);
        for timeout in [1, 5, 37] {
            exact(timeout, |timeout| {
                let waited = pair.tx.ask(&format!("dequeue 0 0 {timeout}")).is("none");
                waited.has("error", 3).took()
            });
        }
        pair.quit();
    }
}

#[test]
fn point_20_signals_do_not_make_a_timeout_longer_or_shorter() {
    let mut pair = Ends::USUAL.connect(&small());
    pair.rx.ask("alarm 4");
    exact(37, |timeout| {
        let waited = pair.rx.ask(&format!("dequeue 0 0 {timeout}")).is("none");
        waited.has("error", 0).took()
    });
    pair.fill_up(0);
    pair.tx.ask("alarm 4");
    exact(37, |timeout| {
        let waited = pair.tx.ask(&format!("dequeue 0 0 {timeout}")).is("none");
        waited.has("error", 3).took()
    });
    pair.quit();
}

/// A peer that rings for nothing: no frame, no room, only interrupts.
#[test]
fn point_20_a_timeout_is_over_in_time_although_the_peer_rings_all_the_while() {
    for (direction, is_s2m) in [(1, true), (0, false)] {
        let place = Place::new(Ends::USUAL, &small());
        let socket = place.socket();
        let mut victim = Puppet::start();
        let path = socket.display();
        victim.begin(&format!(
            "create 0 type={direction} protocol=1 path={path} master=1 width=64 height=32 fps=60"
        ));
        let setup = Setup::new(0).with_layout(|layout: &mut Layout| {
            layout.log2_slots = 2;
            layout.buffer_size = 8192;
        });
        let client = place.stranger(setup);
        victim.answer().is("made");
        while direction == 0 && victim.ask("dequeue 0 0 0").text().starts_with("buffer") {
            victim.ask("fill 0 100 1");
            victim.ask("enqueue 0 0").has("code", 0);
        }
        exact(37, |timeout| {
            victim.begin(&format!("dequeue 0 0 {timeout}"));
            let end = Instant::now() + Duration::from_millis(60);
            while Instant::now() < end {
                client.raw(is_s2m, 0).ring().expect("rung");
                std::thread::sleep(Duration::from_millis(3));
            }
            victim.answer().is("none").took()
        });
        victim.quit();
    }
}

/// Frames of other connections in the same process are nobody else's business.
#[test]
fn point_20_a_timeout_is_over_in_time_although_another_connection_is_busy() {
    let mut pair = Ends::USUAL.connect(&small());
    pair.place.meet(&mut pair.tx, &mut pair.rx, 1);
    let started = Instant::now();
    pair.tx.begin("send 1 200 100 3000 0");
    let mut frames = 0;
    while frames < 12 && started.elapsed() < SOON {
        let waited = pair.rx.ask("dequeue 0 0 21").is("none").has("error", 0);
        assert!(
            waited.took() >= Duration::from_millis(21),
            "{}",
            waited.text()
        );
        while pair.rx.ask("dequeue 1 1 0").text().starts_with("buffer") {
            pair.rx.ask("enqueue 1 1").has("code", 0);
            frames += 1;
        }
    }
    assert!(frames >= 12, "{frames} frames on the other connection");
    pair.rx.process().kill();
    pair.tx.answer().is("sent");
    pair.tx.quit();
}

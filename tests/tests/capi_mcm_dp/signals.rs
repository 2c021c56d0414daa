//! Point 5: a create that ends in time, and signals that end nothing but what they should.

use std::time::Duration;

use rustix::io::Errno;
use rustix::process::Signal;

use crate::measure;
use crate::pair::{Ends, Place, small};
use crate::puppet::Puppet;

/// Waits for a peer that never comes; how long.
fn alone(puppet: &mut Puppet, create: &str) -> Duration {
    let failed = puppet.ask(create).is("failed").errno(Errno::TIMEDOUT);
    failed.took()
}

fn gives_up(puppet: &mut Puppet, create: &str, timeout: u64) {
    let slack = Duration::from_millis(4);
    measure::exact(Duration::from_millis(timeout), slack, || {
        alone(puppet, create)
    });
}

#[test]
fn point_05_a_create_gives_up_when_its_time_is_over() {
    for ends in Ends::roles() {
        let place = Place::new(ends, &small());
        let mut puppet = Puppet::with(&[("MCM_CREATE_TIMEOUT_MS", "123")]);
        gives_up(&mut puppet, &place.create_tx(0), 123);
        gives_up(&mut puppet, &place.create_rx(1), 123);
        puppet.ask("error").has("present", 1);
        let sooner = format!("{} timeout=41", place.create_tx(0));
        gives_up(&mut puppet, &sooner, 41);
        puppet.quit();
    }
}

#[test]
fn point_05_a_create_that_waits_for_long_sleeps() {
    for ends in Ends::roles() {
        let place = Place::new(ends, &small());
        let mut puppet = Puppet::start();
        let failed = puppet.ask(&format!("{} timeout=700", place.create_tx(0)));
        let cpu = failed.is("failed").duration("cpu");
        assert!(cpu < Duration::from_millis(70), "{cpu:?} of CPU time");
        puppet.quit();
    }
}

#[test]
fn point_05_a_create_that_may_not_wait_returns_at_once() {
    for ends in Ends::roles() {
        let place = Place::new(ends, &small());
        let mut puppet = Puppet::start();
        let now = format!("{} timeout=0", place.create_tx(0));
        gives_up(&mut puppet, &now, 0);
        puppet.quit();
    }
}

#[test]
fn point_05_a_create_that_gave_up_leaves_the_place_to_the_next() {
    for ends in Ends::roles() {
        let place = Place::new(ends, &small());
        let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
        for _ in 0..3 {
            alone(&mut tx, &format!("{} timeout=20", place.create_tx(0)));
            alone(&mut rx, &format!("{} timeout=20", place.create_rx(0)));
        }
        let mut pair = place.connect(tx, rx);
        pair.works(1);
        pair.quit();
    }
}

#[test]
fn point_05_signals_do_not_make_a_create_fail() {
    for ends in Ends::every() {
        let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
        for puppet in [&mut tx, &mut rx] {
            puppet.ask("alarm 3");
            puppet.ask(&format!("handle {}", Signal::USR1.as_raw()));
        }
        let place = Place::new(ends, &small());
        gives_up(&mut tx, &format!("{} timeout=67", place.create_tx(0)), 67);
        tx.begin(&place.create_tx(0));
        for _ in 0..50 {
            tx.signal(Signal::USR1);
            std::thread::sleep(Duration::from_millis(1));
        }
        rx.ask(&place.create_rx(0)).is("made");
        tx.answer().is("made");
        tx.quit();
        rx.quit();
    }
}

#[test]
fn point_05_signals_do_not_end_a_dequeue() {
    for ends in Ends::roles() {
        let mut pair = ends.connect(&small());
        pair.rx.ask("alarm 3");
        pair.rx.ask(&format!("handle {}", Signal::USR1.as_raw()));
        pair.rx.begin("dequeue 0 0 -1");
        for _ in 0..50 {
            pair.rx.signal(Signal::USR1);
            std::thread::sleep(Duration::from_millis(1));
        }
        pair.rx.is_waiting();
        pair.send(1, 100);
        pair.rx.answer().is("buffer").has("len", 100);
        pair.quit();
    }
}

#[test]
fn point_05_an_interrupt_that_the_program_handles_ends_a_wait_without_end() {
    for signal in [Signal::INT, Signal::TERM] {
        for ends in Ends::roles() {
            let mut pair = ends.connect(&small());
            pair.fill_up(0);
            for puppet in [&mut pair.tx, &mut pair.rx] {
                puppet.ask(&format!("handle {}", signal.as_raw()));
            }
            pair.tx.begin("dequeue 0 0 -1");
            pair.tx.is_waiting();
            pair.tx.signal(signal);
            pair.tx.answer().is("none").errno(Errno::INTR);
            pair.rx.ask("receive 0 1000 0 0 0").is("received");
            pair.rx.begin("dequeue 0 0 -1");
            pair.rx.is_waiting();
            pair.rx.signal(signal);
            pair.rx.answer().is("none").errno(Errno::INTR);
            pair.works(9);
            pair.quit();
        }
    }
}

#[test]
fn point_05_an_interrupt_that_the_program_handles_ends_a_create() {
    for ends in Ends::roles() {
        let place = Place::new(ends, &small());
        let (mut tx, rx) = (Puppet::start(), Puppet::start());
        tx.ask(&format!("handle {}", Signal::INT.as_raw()));
        for timeout in ["", "timeout=8000"] {
            tx.begin(&format!("{} {timeout}", place.create_tx(0)));
            tx.is_waiting();
            tx.signal(Signal::INT);
            tx.answer().is("failed").errno(Errno::INTR);
        }
        let mut pair = place.connect(tx, rx);
        pair.works(1);
        pair.quit();
    }
}

#[test]
fn point_05_an_interrupt_that_nobody_handles_ends_the_program() {
    let mut pair = Ends::USUAL.connect(&small());
    pair.rx.begin("dequeue 0 0 -1");
    pair.rx.is_waiting();
    pair.rx.signal(Signal::INT);
    let status = pair.rx.process().exit(Duration::from_secs(5));
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(Signal::INT.as_raw()));
    pair.tx.quit();
}

/// A signal that a thread of ours took would be missing where the program waits for it.
#[test]
fn point_05_threads_of_the_library_leave_all_signals_to_the_program() {
    let pair = Ends::USUAL.connect(&small());
    for puppet in [&pair.tx, &pair.rx] {
        let pid = puppet.pid().as_raw_nonzero();
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("its threads");
        for task in tasks.flatten() {
            if task.file_name().to_string_lossy() == pid.to_string() {
                continue;
            }
            let status = std::fs::read_to_string(task.path().join("status")).expect("status");
            let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
            let mask = u64::from_str_radix(mask.expect("SigBlk").trim(), 16).expect("a mask");
            for signal in [
                Signal::INT,
                Signal::TERM,
                Signal::ALARM,
                Signal::USR1,
                Signal::HUP,
            ] {
                let bit = 1 << (signal.as_raw() - 1);
                assert!(mask & bit != 0, "{signal:?} is not blocked: {mask:x}");
            }
        }
    }
    pair.quit();
}

//! Point 21: no memory and no descriptors are errors, and not the end of the program.

use rustix::io::Errno;

use crate::pair::{Ends, Place, YUV422P10LE, receive, send, video};
use crate::puppet::Puppet;

const MIB: u64 = 1 << 20;

/// Whose memory, or descriptors, there are too few of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Poor {
    Master,
    Slave,
}

/// A sender that has too little, and a receiver; threads and what else comes with the first connection
/// are there already, and that connection, of id 1, goes on.
fn poor_and_rich(poor: Poor) -> (Puppet, Puppet, Place) {
    let ends = Ends {
        tx_is_master: poor == Poor::Master,
        ..Ends::USUAL
    };
    let mut place = Place::new(ends, &video(16, 16, YUV422P10LE));
    let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
    place.meet(&mut tx, &mut rx, 1);
    place.payload = video(1920, 1080, YUV422P10LE);
    (tx, rx, place)
}

fn out_of_memory(poor: Poor) {
    let (mut tx, mut rx, place) = poor_and_rich(poor);
    for room in [0, MIB / 2, 2 * MIB, 16 * MIB, 64 * MIB, 100 * MIB] {
        tx.ask(&format!("limit as {room}"));
        rx.begin(&format!("{} timeout=400", place.create_rx(0)));
        let create = format!("{} timeout=600", place.create_tx(0));
        tx.ask(&create).is("failed").errno(Errno::NOMEM);
        tx.ask("error").has("present", 1);
        tx.ask("limit as -1");
        if rx.answer().text().starts_with("made") {
            rx.ask("destroy 0");
        }
        send(&mut tx, 1, 5, 100);
        receive(&mut rx, 1, 5, 100);
    }
    let mut pair = place.connect(tx, rx);
    pair.works(1);
    pair.quit();
}

#[test]
fn point_21_a_slave_out_of_memory_gets_null_and_goes_on() {
    out_of_memory(Poor::Slave);
}

#[test]
fn point_21_a_master_out_of_memory_gets_null_and_goes_on() {
    out_of_memory(Poor::Master);
}

/// From the first connection on, with whatever it needs.
#[test]
fn point_21_a_process_that_never_had_memory_goes_on_too() {
    for ends in Ends::roles() {
        let place = Place::new(ends, &video(1920, 1080, YUV422P10LE));
        for room in [0, 64 * 1024, 256 * 1024, MIB, 3 * MIB, 9 * MIB, 40 * MIB] {
            let mut tx = Puppet::start();
            tx.ask(&format!("limit as {room}"));
            let create = format!("{} timeout=50", place.create_tx(0));
            let failed = tx.ask(&create).is("failed");
            let errno = failed.number("errno");
            let expected = [Errno::NOMEM, Errno::TIMEDOUT, Errno::AGAIN];
            let expected = expected.map(|errno| i64::from(errno.raw_os_error()));
            assert!(expected.contains(&errno), "{}", failed.text());
            tx.ask("limit as -1");
            tx.ask(&create).is("failed").errno(Errno::TIMEDOUT);
            tx.quit();
        }
    }
}

/// With fewer descriptors than it takes, one more each time until it works.
fn out_of_descriptors(poor: Poor) {
    let (mut tx, mut rx, place) = poor_and_rich(poor);
    for room in 0..24 {
        tx.ask(&format!("limit files {room}"));
        rx.begin(&format!("{} timeout=300", place.create_rx(0)));
        let reply = tx.ask(&format!("{} timeout=500", place.create_tx(0)));
        let other = rx.answer();
        tx.ask("limit files -1");
        let made = reply.text().starts_with("made");
        if !made {
            assert!(
                reply.number("errno") == i64::from(Errno::MFILE.raw_os_error()),
                "with {room} descriptors: {}",
                reply.text()
            );
        }
        if made && other.text().starts_with("made") {
            send(&mut tx, 0, 5, 100);
            receive(&mut rx, 0, 5, 100);
            tx.quit();
            rx.quit();
            return;
        }
        send(&mut tx, 1, 5, 100);
        receive(&mut rx, 1, 5, 100);
        tx.ask("destroy 0");
        rx.ask("destroy 0");
    }
    panic!("24 descriptors are not enough");
}

#[test]
fn point_21_a_slave_out_of_descriptors_gets_null_and_goes_on() {
    out_of_descriptors(Poor::Slave);
}

#[test]
fn point_21_a_master_out_of_descriptors_gets_null_and_goes_on() {
    out_of_descriptors(Poor::Master);
}

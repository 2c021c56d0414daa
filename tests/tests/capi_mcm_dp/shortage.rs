//! Point 21: no memory and no descriptors are errors, and not the end of the program.

use rustix::io::Errno;

use crate::pair::{Ends, Place, YUV422P10LE, video};
use crate::puppet::Puppet;

const MIB: u64 = 1 << 20;

#[test]
fn point_21_a_process_out_of_memory_gets_null_and_goes_on() {
    for ends in Ends::roles() {
        let mut place = Place::new(ends, &video(1920, 1080, YUV422P10LE));
        let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
        // Threads and what else comes with the first connection are there already.
        place.payload = video(16, 16, YUV422P10LE);
        place.meet(&mut tx, &mut rx, 1);
        place.payload = video(1920, 1080, YUV422P10LE);
        for room in [0, MIB / 2, 2 * MIB, 16 * MIB, 64 * MIB, 100 * MIB] {
            tx.ask(&format!("limit as {room}"));
            tx.begin(&format!("{} timeout=5000", place.create_tx(0)));
            rx.begin(&format!("{} timeout=1500", place.create_rx(0)));
            let failed = tx.answer().is("failed");
            failed.errno(Errno::NOMEM);
            tx.ask("error").has("present", 1);
            tx.ask("limit as -1");
            if rx.answer().text().starts_with("made") {
                rx.ask("destroy 0");
            }
            crate::pair::send(&mut tx, 1, 5, 100);
            crate::pair::receive(&mut rx, 1, 5, 100);
        }
        let mut pair = place.connect(tx, rx);
        pair.works(1);
        pair.quit();
    }
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
            assert!(
                expected
                    .map(|e| i64::from(e.raw_os_error()))
                    .contains(&errno),
                "{}",
                failed.text()
            );
            tx.ask("limit as -1");
            tx.ask(&create).is("failed").errno(Errno::TIMEDOUT);
            tx.quit();
        }
    }
}

#[test]
fn point_21_a_process_out_of_descriptors_gets_null_and_goes_on() {
    for ends in Ends::roles() {
        let place = Place::new(ends, &video(64, 32, YUV422P10LE));
        let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
        place.meet(&mut tx, &mut rx, 1);
        let mut made = false;
        for room in 0..24 {
            tx.ask(&format!("limit files {room}"));
            tx.begin(&format!("{} timeout=700", place.create_tx(0)));
            rx.begin(&format!("{} timeout=700", place.create_rx(0)));
            let (reply, other) = (tx.answer(), rx.answer());
            made = reply.text().starts_with("made") && other.text().starts_with("made");
            if reply.text().starts_with("failed") && room < 2 {
                reply.errno(Errno::MFILE);
            }
            tx.ask("limit files -1");
            crate::pair::send(&mut tx, 1, 5, 100);
            crate::pair::receive(&mut rx, 1, 5, 100);
            tx.ask("destroy 0");
            rx.ask("destroy 0");
            if made {
                break;
            }
        }
        assert!(made, "24 descriptors are not enough");
        tx.quit();
        rx.quit();
    }
}

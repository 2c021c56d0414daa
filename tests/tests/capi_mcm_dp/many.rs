//! Point 18, and connections by the dozen.

use memwire_tests::workshop;

use crate::pair::{Ends, Place, receive, send, small};
use crate::programs::{Flavour, program, run};
use crate::puppet::Puppet;

#[test]
fn point_18_one_sender_has_several_receivers() {
    for ends in Ends::roles() {
        let place = Place::new(ends, &small());
        let mut tx = Puppet::start();
        let mut receivers: Vec<_> = (0..4).map(|_| Puppet::start()).collect();
        for (id, rx) in (0..).zip(&mut receivers) {
            // With receivers that are masters each has to have a place of its own.
            if ends.tx_is_master {
                place.meet(&mut tx, rx, id);
            } else {
                let create = |create: String| create.replace("mcm.sock", &format!("{id}.sock"));
                tx.begin(&create(place.create_tx(id)));
                rx.ask(&create(place.create_rx(id))).is("made");
                tx.answer().is("made");
            }
        }
        for number in 0..40 {
            for id in 0..4 {
                send(&mut tx, id, number, 8192);
            }
            for (id, rx) in (0..).zip(&mut receivers) {
                receive(rx, id, number, 8192);
            }
        }
        // One that dies is nothing to the others.
        receivers[1].process().kill();
        for number in 0..40 {
            for id in [0, 2, 3] {
                send(&mut tx, id, number, 8192);
                receive(
                    &mut receivers[usize::try_from(id).expect("small")],
                    id,
                    number,
                    8192,
                );
            }
        }
        let failed = tx.ask("send 1 100 100 0 0").is("sent");
        assert_ne!((failed.number("error"), failed.number("code")), (0, 0));
        tx.quit();
    }
}

#[test]
fn one_two_and_sixteen_connections_of_two_processes_meet_on_one_socket() {
    for ends in Ends::every() {
        for connections in [1, 2, 16] {
            let place = Place::new(ends, &small());
            let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
            for id in (0..connections).rev() {
                place.meet(&mut tx, &mut rx, id);
            }
            for number in 0..3 {
                for id in 0..connections {
                    send(&mut tx, id, 100 * u64::from(id) + number, 8192);
                }
            }
            for number in 0..3 {
                for id in 0..connections {
                    receive(&mut rx, id, 100 * u64::from(id) + number, 8192);
                }
            }
            tx.quit();
            rx.quit();
        }
    }
}

#[test]
fn both_sides_of_one_two_and_sixteen_connections_fit_in_one_process() {
    let both = program("both", Flavour::Plain);
    for connections in ["1", "2", "16"] {
        let directory = workshop();
        run(&both, &["many", "mcm.sock", connections], directory.path());
    }
}

/// Ids are all of a u32, and an id that is taken is not given twice.
#[test]
fn any_id_will_do_but_only_once() {
    let mut pair = Ends::USUAL.connect(&small());
    for id in [7_u32, 65_536, u32::MAX] {
        let with_id = |create: String| create.replace("id=5", &format!("id={id}"));
        let (tx, rx) = (pair.place.create_tx(5), pair.place.create_rx(5));
        pair.tx.begin(&with_id(tx));
        pair.rx.ask(&with_id(rx)).is("made");
        pair.tx.answer().is("made");
        send(&mut pair.tx, 5, 3, 100);
        receive(&mut pair.rx, 5, 3, 100);
        pair.tx.ask("destroy 5");
        pair.rx.ask("destroy 5");
    }
    let again = pair.place.create_tx(0).replace("create 0", "create 1");
    let failed = pair.tx.ask(&format!("{again} timeout=1000")).is("failed");
    failed.errno(rustix::io::Errno::ADDRINUSE);
    // A second receiver of an id that has one is refused, or waits in vain.
    let second = pair.place.create_rx(0).replace("create 0", "create 1");
    pair.rx.ask(&format!("{second} timeout=300")).is("failed");
    pair.works(1);
    pair.quit();
}

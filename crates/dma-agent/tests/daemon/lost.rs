//! A configured port whose device has died.

use crate::common::{Raw, frame};
use crate::daemon::{Daemon, eventually};

fn sink(path: &str) -> String {
    format!("[[port]]\nname = 'sink'\ntype = 'dump'\npath = '{path}'\ndid = 9\n")
}

#[test]
fn a_port_that_lost_its_device_is_shown_with_the_reason_and_a_reload_brings_it_back() {
    let daemon = Daemon::start(&sink("/dev/full"));
    let mut client = Raw::register_binary(&daemon.0, "client", 10);
    let mut number = 0;
    let mut send = || {
        client.send(&frame(0xFF, 0xA, number, 60), 'B', None);
        client.completion();
        number += 1;
    };
    send();
    let lost = || eventually("its disk is full", || daemon.port("sink").lost);
    assert!(lost().contains("No space left"), "{}", lost());
    send();
    let port = daemon.port("sink");
    assert_eq!(
        (port.did, &*port.kind, port.sent),
        (9, "dump", 0),
        "it stays"
    );
    assert_eq!(port.dropped.get("link-down"), Some(&2), "{port:?}");
    // Its file is not begun anew by itself, only when somebody says so.
    assert_eq!(daemon.changes(&sink("/dev/full")), ["port sink: replaced"]);
    send();
    assert!(lost().contains("No space left"));
    assert_eq!(
        daemon.changes(&sink("DIR/sink.pcapng")),
        ["port sink: replaced"]
    );
    send();
    eventually("it is written", || {
        (daemon.port("sink").sent == 1).then_some(())
    });
    assert_eq!(daemon.port("sink").lost, None);
    assert_eq!(daemon.changes(&sink("DIR/sink.pcapng")), [""; 0]);
}

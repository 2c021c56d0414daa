//! What the service manager is told.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use dma_agent::Notify;
use memif::Address;

use crate::daemon::Daemon;

#[test]
fn a_reload_is_told_from_its_beginning_to_its_end_also_when_it_fails() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("notify.sock");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    let hear = || {
        let mut buffer = [0; 512];
        let count = socket.recv(&mut buffer).expect("told");
        String::from_utf8_lossy(&buffer[..count]).into_owned()
    };
    let notify = Notify::to(&Address::Path(path)).expect("an address");
    let daemon = Daemon::start_with("", notify);
    daemon.reload("").expect("nothing is wrong");
    let begun = hear();
    let since = begun
        .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
        .expect(&begun);
    assert!(since.parse::<u64>().expect("a number") > 0);
    assert_eq!(hear(), "READY=1\nSTATUS=serving");
    daemon.reload("wrong").expect_err("no TOML");
    assert!(hear().starts_with("RELOADING=1\n"));
    let still = "READY=1\nSTATUS=serving with the old configuration: the new one is wrong";
    assert_eq!(hear(), still);
}

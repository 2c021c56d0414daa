//! Point 22: protocols that this library does not speak.

use rustix::io::Errno;

use crate::pair::{Ends, Place, small};
use crate::puppet::Puppet;

/// How PROTO_AUTO, PROTO_MEMIF and the others are numbered.
const AUTO: i64 = 0;
const MEMIF: i64 = 1;

fn with_protocol(create: &str, protocol: i64) -> String {
    create.replace("protocol=1", &format!("protocol={protocol}"))
}

/// It fails at once, says why, and leaves nothing behind.
#[track_caller]
fn is_refused(puppet: &mut Puppet, place: &Place, protocol: i64, word: &str) {
    for create in [place.create_tx(0), place.create_rx(0)] {
        let failed = puppet.ask(&with_protocol(&create, protocol)).is("failed");
        failed.errno(Errno::PROTONOSUPPORT);
        let why = puppet.ask("error").has("present", 1);
        assert!(why.text().contains(word), "{}", why.text());
        assert!(!place.socket().exists());
    }
}

#[test]
fn point_22_other_protocols_are_refused_in_words() {
    let place = Place::new(Ends::USUAL, &small());
    let mut puppet = Puppet::start();
    for (protocol, word) in [(2, "UDP"), (3, "TCP"), (4, "HTTP"), (5, "GRPC")] {
        is_refused(&mut puppet, &place, protocol, word);
    }
    puppet.quit();
}

#[test]
fn point_22_protocols_that_do_not_exist_are_refused() {
    let place = Place::new(Ends::USUAL, &small());
    let mut puppet = Puppet::start();
    for protocol in [6, 99, -1, i64::from(i32::MIN)] {
        let create = with_protocol(&place.create_tx(0), protocol);
        let failed = puppet.ask(&create).is("failed");
        let errno = Errno::from_raw_os_error(i32::try_from(failed.number("errno")).expect("errno"));
        assert!(
            [Errno::INVAL, Errno::PROTONOSUPPORT].contains(&errno),
            "{errno:?}"
        );
        puppet.ask("error").has("present", 1);
    }
    puppet.quit();
}

#[test]
fn point_22_auto_means_memif_where_no_proxy_is_configured() {
    for ends in Ends::every() {
        let place = Place::new(ends, &small());
        let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
        tx.begin(&with_protocol(&place.create_tx(0), AUTO));
        let made = rx.ask(&with_protocol(&place.create_rx(0), AUTO)).is("made");
        made.has("proto", MEMIF).has("hooks", 1);
        tx.answer().is("made").has("proto", MEMIF).has("hooks", 1);
        crate::pair::send(&mut tx, 0, 1, 100);
        crate::pair::receive(&mut rx, 0, 1, 100);
        tx.quit();
        rx.quit();
    }
}

#[test]
fn an_empty_variable_is_none() {
    let empty = [
        ("MCM_MEDIA_PROXY_IP", ""),
        ("MCM_MEDIA_PROXY_PORT", ""),
        ("MCM_CREATE_TIMEOUT_MS", ""),
    ];
    let place = Place::new(Ends::USUAL, &small());
    let (mut tx, mut rx) = (Puppet::with(&empty), Puppet::with(&empty));
    tx.begin(&with_protocol(&place.create_tx(0), AUTO));
    rx.ask(&with_protocol(&place.create_rx(0), AUTO)).is("made");
    tx.answer().is("made");
    tx.quit();
    rx.quit();
}

#[test]
fn point_22_auto_is_refused_where_a_proxy_is_configured() {
    for variable in ["MCM_MEDIA_PROXY_IP", "MCM_MEDIA_PROXY_PORT"] {
        let place = Place::new(Ends::USUAL, &small());
        let mut tx = Puppet::with(&[(variable, "8002")]);
        is_refused(&mut tx, &place, AUTO, variable);
        // Who asks for memif gets it.
        let mut pair = place.connect(tx, Puppet::with(&[(variable, "8002")]));
        pair.works(1);
        pair.quit();
    }
}

//! What the original gets wrong: each point fails here if it is got wrong again.

use std::process::Command;

use descsock::Events;
use memwire_tests::deadline::{SOON, eventually};
use rustix::io::Errno;

use crate::agent::{Place, frame, receive, with_crc};
use crate::programs::program;
use crate::puppet::{IN, NONBLOCK, OUT, Puppet};

#[test]
fn a_thousand_sends_without_a_poll_all_leave() {
    let (place, mut puppet) = (Place::new(), Puppet::released());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "", 0).is(1);
    for count in 0..1000 {
        let number = u8::try_from(count % 256).expect("a byte");
        puppet.send(0, &frame(number, 60)).is(64);
    }
    for count in 0..1000 {
        let number = u8::try_from(count % 256).expect("a byte");
        assert_eq!(receive(&neighbour), frame(number, 60));
    }
}

#[test]
fn after_more_frames_than_buffers_that_nobody_received_it_receives_again() {
    let (place, mut puppet) = (Place::new(), Puppet::released());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "", 0).is(1);
    for _ in 0..6000 {
        neighbour.send(&frame(1, 60)).expect("sent");
    }
    eventually("all have left", SOON, || {
        (neighbour.statistics().tx_packets_out == 6000).then_some(())
    });
    let mut received = 0;
    eventually("all are received or dropped", SOON, || {
        while puppet.recv(0, 2048).result() > 0 {
            received += 1;
        }
        let stats = puppet.ask("stats").more().to_owned();
        let numbers: Vec<u64> = stats
            .trim_start_matches("rx=")
            .split([',', ' '])
            .map_while(|word| word.parse().ok())
            .collect();
        (numbers[0] >= 2048 && numbers[0] == received + numbers[4]).then_some(())
    });
    assert!(received >= 1792, "{received}");
    neighbour.send(&frame(2, 60)).expect("sent");
    puppet.polls(IN, IN);
    assert_eq!(puppet.recv(0, 2048).bytes(), frame(2, 60));
}

#[test]
fn pollin_is_a_level_and_no_frame_is_stranded() {
    let (place, mut puppet) = (Place::new(), Puppet::released());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "", 0).is(1);
    for number in 0..20 {
        neighbour.send(&frame(number, 60)).expect("sent");
    }
    for number in 0..20 {
        puppet.polls(IN, IN);
        assert_eq!(puppet.poll(IN), IN);
        assert_eq!(puppet.recv(0, 2048).bytes(), frame(number, 60));
    }
    assert_eq!(puppet.poll(IN), 0);
}

#[test]
fn frames_of_2045_to_2048_bytes_do_not_overrun_their_neighbours() {
    let (place, mut puppet) = (Place::new(), Puppet::released());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "", 0).is(1);
    for number in 0..50 {
        puppet.send(0, &frame(number, 2044)).is(2048);
        for len in 2045..=2048 {
            puppet
                .send(0, &vec![0xaa; len])
                .is(-1)
                .because(Errno::MSGSIZE);
        }
    }
    for number in 0..50 {
        assert_eq!(receive(&neighbour), frame(number, 2044));
    }
}

#[test]
fn padding_never_has_old_memory_in_it() {
    let (place, mut puppet) = (Place::new(), Puppet::released());
    let neighbour = place.neighbour(9);
    puppet.open(&place, "", 0).is(1);
    // Often enough that every buffer is used a second time.
    for _ in 0..20 {
        puppet.send(0, &[0xff; 2044]).is(2048);
        receive(&neighbour);
        puppet.send(0, &frame(1, 20)).is(64);
        let mut expected = frame(1, 20);
        expected.resize(60, 0);
        assert_eq!(receive(&neighbour), expected);
    }
}

#[test]
fn a_dead_agent_is_noticed_at_once_and_raises_no_signal() {
    let (mut place, mut puppet) = (Place::new(), Puppet::released());
    puppet.open(&place, "", 0).is(1);
    place.kill();
    for _ in 0..100 {
        puppet.send(0, &frame(1, 60));
    }
    puppet.polls(OUT, i64::from(i32::MIN));
    puppet.send(0, &frame(1, 60)).is(-1).because(Errno::NOTCONN);
    assert!(puppet.running.is_running());
}

#[test]
fn a_failed_open_leaves_everything_usable() {
    let (mut place, mut puppet) = (Place::deserted(), Puppet::documented());
    let before = puppet.holdings();
    for _ in 0..10 {
        puppet.open(&place, "mine", 0).is(-1).because(Errno::NOENT);
        puppet.send(0, &[0; 64]).is(-1).because(Errno::NOTCONN);
        puppet.recv(NONBLOCK, 64).is(-1).because(Errno::NOTCONN);
        puppet.ask("poll 3").is(-1).because(Errno::NOTCONN);
        puppet.ask("close").is(-1).because(Errno::NOTCONN);
    }
    assert_eq!(puppet.holdings(), before);
    assert!(place.files().is_empty());
    place.start();
    puppet.open(&place, "mine", 0).is(0);
    puppet.send(0, &with_crc(frame(1, 60), 0)).is(64);
}

/// The documented names fail with -1 alone, and always with a reason; see also each test of a failure.
#[test]
fn every_failure_has_an_errno() {
    let mut puppet = Puppet::documented();
    for call in [
        "close",
        "poll 1",
        "send 0 00",
        "recv 0 1",
        "cntl 0",
        "null open",
    ] {
        let reply = puppet.ask(call).is(-1);
        assert!(!format!("{reply:?}").contains("-1 0"), "{call}: {reply:?}");
    }
}

#[test]
fn threads_open_send_receive_poll_and_close_at_once() {
    let place = Place::new();
    let neighbour = place.neighbour(9);
    let mut command = Command::new(program("threads", &[]));
    let command = command.arg(place.file("mine")).arg(place.doorbell());
    std::thread::scope(|scope| {
        let program = scope.spawn(|| command.status().expect("it runs"));
        while !program.is_finished() {
            while neighbour.poll(Events::IN) == Events::IN {
                receive(&neighbour);
            }
            let _ = neighbour.send(&frame(1, 60));
        }
        let status = program.join().expect("no panic");
        assert!(status.success(), "{status}");
    });
}

#[test]
fn eight_mebibytes_are_used_and_no_gibibyte() {
    let (place, mut puppet) = (Place::new(), Puppet::released());
    puppet.open(&place, "", 0).is(1);
    let file = std::fs::metadata(place.file("descsock.000")).expect("a file");
    assert_eq!(file.len(), 8 << 20);
}

#[test]
fn a_poll_makes_no_system_call() {
    let place = Place::new();
    let mut command = Command::new(program("idle", &[]));
    let command = command.arg(place.file("mine")).arg(place.doorbell());
    let status = command.status().expect("it runs");
    assert!(status.success(), "{status}");
}

#[test]
fn nothing_is_printed_unless_it_is_asked_for() {
    for (level, is_quiet) in [("", true), ("off", true), ("info", false)] {
        let mut place = Place::new();
        let mut command = Command::new(program("puppet", &[]));
        command.env("MEMWIRE_LOG", level).env("RUST_LOG", "trace");
        let mut puppet = Puppet::from(&mut command);
        puppet.open(&place, "", 0).is(1);
        puppet.open(&place, "", 0).is(-1);
        place.kill();
        puppet.polls(IN, i64::from(i32::MIN));
        puppet.send(0, &[0; 5000]).is(-1);
        puppet.ask("close").is(1);
        let lines = puppet.running.lines_since(1);
        let others = lines.iter().filter(|line| !line.starts_with("= ")).count();
        assert_eq!(others == 0, is_quiet, "{level}: {lines:?}");
    }
}

#[test]
fn names_and_paths_that_never_end_are_refused() {
    let place = Place::new();
    let (file, doorbell) = (place.file("mine"), place.doorbell());
    let garbage = format!("garbage {} {}", file.display(), doorbell.display());
    Puppet::documented().ask(&garbage).is(-1);
    let mut puppet = Puppet::released();
    puppet.ask(&garbage).is(-1);
    let open = format!(
        "open {} {} 8 0",
        place.directory.path().display(),
        doorbell.display()
    );
    let long = "n".repeat(64);
    puppet
        .ask(&format!("{open} {long}"))
        .is(-1)
        .because(Errno::NAMETOOLONG);
    puppet
        .ask(&format!("{open} ../up"))
        .is(-1)
        .because(Errno::INVAL);
    let long = format!("/{}", "d/".repeat(120));
    let deep = format!("open {} {long} 8 0", place.directory.path().display());
    puppet.ask(&deep).is(-1).because(Errno::NAMETOOLONG);
    puppet.ask(&format!("{open} fine")).is(1);
}

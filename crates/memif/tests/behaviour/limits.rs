//! What a server lets clients do, and what happens when there is not enough.

use std::fs::File;
use std::time::{Duration, Instant};

use memif::testing::{RawClient, RawServer, ServerSetup, Setup, Step};
use memif::{Connector, Error, Limits, Link, LinkOptions, Listener, ListenerBuilder};
use rustix::process::{Resource, Rlimit, getrlimit, getuid, setrlimit};

use crate::harness::{A_WHILE, Place, SOON, alone, arrive, connect, drive, small, until};

fn server(place: &Place, settings: impl FnOnce(ListenerBuilder) -> ListenerBuilder) -> Link {
    let listener = settings(Listener::builder(&place.address)).bind();
    listener
        .and_then(|listener| listener.link(small()))
        .expect("a server")
}

/// Why a client does not get up, with its server driven meanwhile.
fn refused(server: &Link, client: &Link) -> String {
    let mut why = None;
    until(|| {
        drive(&[server]);
        match client.wait_up(Some(Duration::ZERO)) {
            Err(Error::Refused { reason, .. }) => why = Some(reason),
            Err(error) => assert!(error.is_timeout(), "{error}"),
            Ok(peer) => panic!("{peer:?}"),
        }
        why.is_some()
    });
    why.unwrap_or_default()
}

#[test]
fn a_client_that_offers_more_than_the_limits_is_told_which() {
    let none = Limits::default();
    for (limits, reason) in [
        (
            Limits { regions: 1, ..none },
            "client offered region 1, the limit is 1 regions",
        ),
        (
            Limits {
                bytes: 4096,
                ..none
            },
            "bytes of memory, the limit is 4096",
        ),
        (
            Limits {
                rings_each_way: 0,
                ..none
            },
            "the server has 0 S2M rings",
        ),
    ] {
        let place = Place::new();
        let server = server(&place, |builder| builder.limits(limits));
        let told = refused(&server, &place.client(small()));
        assert!(
            told.starts_with("the server refused: ") && told.contains(reason),
            "{told}"
        );
    }
}

#[test]
fn only_users_and_groups_on_the_list_get_in() {
    let (uid, other) = (getuid().as_raw(), getuid().as_raw() + 1);
    let place = Place::new();
    let only_other = server(&place, |builder| {
        builder.allow_uid(other).allow_gid(u32::MAX - 1)
    });
    let told = refused(&only_other, &place.client(small()));
    let expected = format!(
        "process {} of user {uid} may not connect here",
        std::process::id()
    );
    assert_eq!(told, format!("the server refused: {expected}"));
    let place = Place::new();
    let both = server(&place, |builder| builder.allow_uid(other).allow_uid(uid));
    connect(&both, &place.client(small()));
}

#[test]
fn one_client_too_many_on_its_way_in_ends_the_oldest() {
    let place = Place::new();
    let server = server(&place, |builder| builder.half_open(3));
    let arriving = || arrive(&place, &server, Setup::new(0), Step::Hello);
    let mut clients: Vec<RawClient> = (0..3).map(|_| arriving()).collect();
    clients.push(arriving());
    let told = clients[0].rejected(A_WHILE).expect("left");
    let expected = "too many half-open connections, this one is the oldest";
    assert_eq!(told.as_deref(), Some(expected));
    connect(&server, &place.client(small()));
}

#[test]
fn a_silent_client_is_left_in_time_by_a_server_that_only_waits_for_frames() {
    let place = Place::new();
    let allowed = Duration::from_millis(50);
    let mut server = server(&place, |builder| builder.handshake_deadline(allowed));
    let mut rx = server.rx(0).expect("rx");
    let silent = RawClient::connect(place.path(), Setup::new(0)).expect("connected");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| rx.recv(Some(Duration::from_millis(500))));
        let started = Instant::now();
        silent.hello().expect("hello");
        let told = silent.rejected(A_WHILE).expect("left").expect("a reason");
        assert_eq!(
            told,
            "client let the handshake exceed 50ms, server waiting for INIT"
        );
        assert!(started.elapsed() < Duration::from_millis(400));
        assert!(
            waiting
                .join()
                .expect("joined")
                .expect_err("nothing")
                .is_timeout()
        );
    });
}

#[test]
fn a_silent_server_is_left_in_time_by_a_client_that_only_waits_for_frames() {
    let place = Place::new();
    let server = RawServer::bind(place.path(), ServerSetup::default()).expect("a server");
    let connector = Connector::new(&place.address).handshake_deadline(Duration::from_millis(50));
    let mut client = connector.link(small()).expect("a client");
    let silent = server.accept(A_WHILE).expect("a client");
    let mut rx = client.rx(0).expect("rx");
    assert!(
        rx.recv(Some(Duration::from_millis(200)))
            .expect_err("nothing")
            .is_timeout()
    );
    let told = silent.left(A_WHILE).expect("left");
    let expected = "server let the handshake exceed 50ms, client waiting for HELLO";
    assert_eq!(told.as_deref(), Some(expected));
}

/// All descriptors that this process may have, until dropped.
struct Exhausted {
    _files: Vec<File>,
}

impl Exhausted {
    fn new() -> Self {
        let none = getrlimit(Resource::Nofile);
        let few = Rlimit {
            current: Some(256),
            ..none
        };
        setrlimit(Resource::Nofile, few).expect("a limit");
        let mut files = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            files.push(file);
        }
        Self { _files: files }
    }
}

#[test]
fn a_server_out_of_descriptors_pauses_and_recovers() {
    if !alone("limits::a_server_out_of_descriptors_pauses_and_recovers") {
        return;
    }
    let place = Place::new();
    let listener = place.listener();
    let served = listener.link(small()).expect("a link");
    let mut first = place.client(small());
    connect(&served, &first);
    let mut waiting = listener.link(LinkOptions::new(1).slots(8)).expect("a link");
    let mut rx = waiting.rx(0).expect("rx");
    let second = RawClient::connect(place.path(), Setup::new(1)).expect("queued");
    let exhausted = Exhausted::new();
    crate::harness::is_lazy(|| {
        let none = rx.recv(Some(Duration::from_millis(250)));
        assert!(none.expect_err("nobody").is_timeout());
    });
    assert!(served.is_up() && first.is_up());
    drop(exhausted);
    let mut second = second;
    std::thread::scope(|scope| {
        scope.spawn(|| second.handshake().expect("let in"));
        // Told once: it was not the client's fault that nobody came.
        let told = waiting.wait_up(SOON).expect_err("out of descriptors");
        let errno = Some(libc::EMFILE);
        assert!(
            matches!(told, Error::Refused { errno: found, .. } if found == errno),
            "{told}"
        );
        waiting.wait_up(SOON).expect("up");
    });
    first.tx(0).expect("tx").send(b"frame", SOON).expect("sent");
}

#[test]
fn a_client_whose_descriptors_do_not_fit_is_told_to_have_the_limit_raised() {
    if !alone("limits::a_client_whose_descriptors_do_not_fit_is_told_to_have_the_limit_raised") {
        return;
    }
    let place = Place::new();
    let server = place.server(small());
    let client = arrive(&place, &server, Setup::new(0), Step::Init);
    let exhausted = Exhausted::new();
    client.send_region(0, |_| ()).expect("sent");
    drive(&[&server]);
    let told = client.rejected(A_WHILE).expect("left");
    drop(exhausted);
    let expected = "out of file descriptors: raise the limit (ulimit -n)";
    assert_eq!(told.as_deref(), Some(expected));
    connect(&server, &place.client(small()));
}

#[test]
fn a_client_out_of_descriptors_says_so_and_gets_in_later() {
    if !alone("limits::a_client_out_of_descriptors_says_so_and_gets_in_later") {
        return;
    }
    let place = Place::new();
    let (server, client) = (place.server(small()), place.client(small()));
    drive(&[&server]);
    let exhausted = Exhausted::new();
    let told = refused(&server, &client);
    drop(exhausted);
    assert!(told.contains("Too many open files"), "{told}");
    connect(&server, &client);
}

#[test]
fn a_client_without_the_huge_pages_it_wants_is_told_where_to_get_them() {
    let place = Place::new();
    let server = place.server(small());
    let client = place.client(small().huge_pages(true));
    until(|| {
        drive(&[&server, &client]);
        client.is_up() || client.details().failures > 0
    });
    // A system that has them is fine, too.
    if let Some(reason) = client.details().last_failure {
        assert!(reason.contains("vm.nr_hugepages"), "{reason}");
    }
}

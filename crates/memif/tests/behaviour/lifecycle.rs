//! Coming, going and coming back, in every order.

use std::time::Duration;

use memif::testing::{RawClient, Setup, Step};
use memif::{Error, Secret};

use crate::harness::{Place, SOON, drive, small};

const A_WHILE: Duration = Duration::from_secs(10);

/// Brings a raw client of this id as far as `step`, with a server that is driven meanwhile.
fn arriving(place: &Place, server: &memif::Link, setup: Setup, step: Step) -> RawClient {
    let mut client = RawClient::connect(place.path(), setup).expect("a server");
    std::thread::scope(|scope| {
        let arriving = scope.spawn(|| client.advance(step).expect("so far"));
        while !arriving.is_finished() {
            drive(&[server]);
        }
    });
    client
}

#[test]
fn a_client_on_its_way_to_a_link_that_is_closed_does_not_get_into_its_successor() {
    let place = Place::new();
    let listener = place.listener();
    let first = listener.link(small().queues(2)).expect("a link");
    let setup = Setup::new(0).with_layout(|layout| (layout.s2m, layout.m2s) = (2, 2));
    let client = arriving(&place, &first, setup, Step::Rings);
    drop(first);
    let secret = Secret::new(b"not for everybody").expect("a secret");
    let second = listener.link(small().secret(secret)).expect("a link");
    let _ = client.send_connect();
    drive(&[&second]);
    assert!(!second.is_up());
    let told = client.rejected(A_WHILE).expect("left");
    assert_eq!(told.as_deref(), Some("closed"));
}

#[test]
fn a_refused_client_and_its_server_both_know_why() {
    let place = Place::new();
    let secret = Secret::new(b"not for everybody").expect("a secret");
    let (server, client) = (place.server(small().secret(secret)), place.client(small()));
    let reason = std::thread::scope(|scope| {
        let refused = scope.spawn(|| client.wait_up(SOON));
        while !refused.is_finished() {
            drive(&[&server]);
        }
        match refused.join().expect("joined") {
            Err(Error::Refused { reason }) => reason,
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(
        reason,
        "the server refused: client's secret is not the interface's"
    );
    let details = server.details();
    assert_eq!(
        details.last_failure.as_deref(),
        Some("client's secret is not the interface's")
    );
    assert!(details.failures > 0 && details.peer.is_none());
}

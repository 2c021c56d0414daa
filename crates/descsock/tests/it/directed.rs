//! Frames with labels, and frames with a destination.

use descsock::{Client, Did, Directed, Labels, Nti, Received, Route, Sep, Svc, Tier, Wait};

use crate::agent::{Place, SOON, frame};

fn receive(client: &Client) -> Labels {
    let received: Received = client
        .recv_from(&mut [0; 2048], Wait::For(SOON))
        .expect("received");
    received.labels
}

fn to_service(svc: u32) -> Directed {
    Directed {
        did: Did::new(4).expect("11 bits"),
        svc: Svc::new(svc).expect("14 bits"),
        sep: Sep::ANY,
        ..Directed::default()
    }
}

#[test]
fn a_received_frame_says_where_it_came_from_and_in_which_domain() {
    let place = Place::new();
    let (tx, rx, other) = (place.client(8), place.client(9), place.client(10));
    tx.send(&frame(1, 64)).expect("sent");
    let from_tx = receive(&rx);
    assert_eq!(from_tx.from.nti, Nti::DEFAULT);
    assert!(!from_tx.is_directed());
    assert_eq!(from_tx.tier, Tier::default());
    assert_eq!(receive(&other).from.did, from_tx.from.did);
    rx.send(&frame(2, 64)).expect("sent");
    assert_ne!(receive(&tx).from.did, from_tx.from.did);
}

#[test]
fn a_directed_frame_goes_to_its_port_alone_and_says_so() {
    let place = Place::new();
    let (tx, rx, other) = (place.client(8), place.client(9), place.client(10));
    rx.send(&frame(1, 64)).expect("sent");
    let port_of_rx = receive(&tx).from.did;
    receive(&other);
    let to = Directed {
        did: port_of_rx,
        svc: Svc::new(9).expect("14 bits"),
        sep: Sep::ANY,
        ..Directed::default()
    };
    tx.send_to(&frame(2, 64), &Route::from(to), Wait::Never)
        .expect("sent");
    let labels = receive(&rx);
    assert!(labels.is_directed());
    assert_eq!(labels.from.svc.value(), 9);
    tx.send(&frame(3, 64)).expect("sent");
    let mut next = [0; 64];
    other
        .recv_from(&mut next, Wait::For(SOON))
        .expect("received");
    assert_eq!(crate::agent::number(&next), 3);
}

#[test]
fn the_port_that_means_learning_floods_what_is_directed_to_it() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    let route = Route::from(to_service(10));
    tx.send_to(&frame(1, 64), &route, Wait::Never)
        .expect("sent");
    receive(&rx);
}

#[test]
fn tiers_are_kept_for_a_client_that_receives_on_all_of_them() {
    let place = Place::new();
    let tx = place.client(8);
    let all = Client::open(place.options(9).every_tier(true)).expect("a client");
    let one = place.client(10);
    for tier in Tier::ALL {
        let route = Route {
            tier,
            ..Route::default()
        };
        tx.send_to(&frame(1, 64), &route, Wait::Never)
            .expect("sent");
        assert_eq!(receive(&all).tier, tier);
        assert_eq!(receive(&one).tier, Tier::default());
    }
}

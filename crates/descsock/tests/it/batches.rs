//! Many frames with one call.

use descsock::{Batch, Client, Error, Events, Misuse, Route};

use crate::agent::{Place, SOON, eventually, frame, number};

#[test]
fn a_batch_arrives_as_it_was_sent() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    let sent: Vec<_> = (60..560).map(|len| frame(7, len)).collect();
    assert_eq!(tx.send_batch(&sent, &Route::default()).expect("sent"), 500);
    eventually("all have come", || rx.statistics().rx_packets_in == 500);
    let mut batch = Batch::new();
    assert_eq!(rx.recv_batch(&mut batch, 100).expect("received"), 100);
    let mut received: Vec<_> = batch.iter().map(|(frame, _)| frame.to_vec()).collect();
    assert_eq!(rx.recv_batch(&mut batch, 1000).expect("received"), 400);
    received.extend(batch.iter().map(|(frame, _)| frame.to_vec()));
    assert_eq!(received, sent);
    assert_eq!(rx.recv_batch(&mut batch, 1000).expect("none"), 0);
    assert!(batch.is_empty());
}

#[test]
fn of_a_batch_too_large_as_much_is_sent_as_there_is_room_for() {
    let place = crate::lying::Mute::new();
    let client: Client = place.client(16, 100);
    let frames = vec![frame(1, 64); 250];
    let route = Route::default();
    assert_eq!(client.send_batch(&frames, &route).expect("some"), 100);
    assert_eq!(client.send_batch(&frames, &route).expect("none"), 0);
    place.complete(3);
    client.wait(Events::OUT, Some(SOON)).expect("waited");
    assert!(client.send_batch(&frames, &route).expect("some") > 0);
}

#[test]
fn a_frame_that_cannot_be_sent_ends_its_batch() {
    let place = Place::new();
    let (tx, rx) = (place.client(8), place.client(9));
    let frames = [frame(1, 64), frame(2, 64), vec![0; 13], frame(3, 64)];
    let route = Route::default();
    assert_eq!(tx.send_batch(&frames, &route).expect("two"), 2);
    let refused = tx.send_batch(&frames[2..], &route);
    let Err(Error::Misuse(Misuse::FrameTooShort { len: 13, .. })) = refused else {
        panic!("{refused:?}")
    };
    tx.send(&frame(4, 64)).expect("sent");
    let mut batch = Batch::new();
    let mut numbers = Vec::new();
    while numbers.len() < 3 {
        rx.wait(Events::IN, Some(SOON)).expect("waited");
        rx.recv_batch(&mut batch, 10).expect("received");
        numbers.extend(batch.iter().map(|(frame, _)| number(frame)));
    }
    assert_eq!(numbers, [1, 2, 4]);
}

#[test]
fn batches_say_that_the_agent_is_gone() {
    let mut place = Place::new();
    let client = place.client(8);
    place.kill();
    client.wait(Events::IN, Some(SOON)).expect("waited");
    let received = client.recv_batch(&mut Batch::new(), 10);
    assert!(matches!(received, Err(Error::NotConnected)));
    let sent = client.send_batch(&[frame(1, 64)], &Route::default());
    assert!(matches!(sent, Err(Error::NotConnected)));
}

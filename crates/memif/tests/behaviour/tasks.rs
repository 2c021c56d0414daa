//! Receivers and senders as tokio tasks.

use std::future::Future;
use std::time::Duration;

use memif::aio::{AsyncRx, AsyncTx};
use memif::testing::{RawClient, Setup};
use memif::{Error, LinkOptions};
use tokio::time::timeout;

use crate::harness::{A_WHILE, Diligence, Place, SOON, connect, small, until};

/// Runs one task, and all that it spawns, in this thread.
fn run<T>(task: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let in_time = async { timeout(A_WHILE, task).await.expect("it never ended") };
    runtime.expect("a runtime").block_on(in_time)
}

#[test]
fn both_ends_connect_and_exchange_frames_in_tasks_of_one_thread() {
    run(async {
        let place = Place::new();
        let options = LinkOptions::new(0).slots(2);
        let (mut server, mut client) = (place.server(options.clone()), place.client(options));
        let mut there = AsyncTx::new(server.tx(0).expect("tx")).expect("a task");
        let mut back = AsyncRx::new(server.rx(0).expect("rx")).expect("a task");
        let mut from = AsyncRx::new(client.rx(0).expect("rx")).expect("a task");
        let mut to = AsyncTx::new(client.tx(0).expect("tx")).expect("a task");
        let echo = tokio::spawn(async move {
            while let Ok(frame) = from.recv().await {
                to.send(&frame.to_vec()).await.expect("sent");
            }
        });
        let sending = tokio::spawn(async move {
            for number in 0..2000u32 {
                there.send(&number.to_le_bytes()).await.expect("sent");
            }
            there
        });
        for number in 0..2000u32 {
            let frame = back.recv().await.expect("received");
            assert_eq!(frame.to_vec(), number.to_le_bytes());
        }
        drop((sending.await.expect("joined"), back, server));
        echo.await.expect("joined");
    });
}

#[test]
fn cancelled_calls_lose_and_repeat_nothing() {
    run(async {
        let place = Place::new();
        let (mut server, mut client) = place.pair(&LinkOptions::new(0).slots(2));
        let mut tx = AsyncTx::new(server.tx(0).expect("tx")).expect("a task");
        let mut rx = AsyncRx::new(client.rx(0).expect("rx")).expect("a task");
        let sending = tokio::spawn(async move {
            for number in 0..300u32 {
                let frame = number.to_le_bytes();
                // Cancelled over and over, until it was not.
                while timeout(Duration::from_micros(50), tx.send(&frame))
                    .await
                    .is_err()
                {}
            }
            tx
        });
        for number in 0..300u32 {
            let received = loop {
                let soon = Duration::from_micros(50 + u64::from(number % 7) * 300);
                if let Ok(received) = timeout(soon, rx.recv()).await {
                    break received.expect("received");
                }
            };
            assert_eq!(received.to_vec(), number.to_le_bytes());
            tokio::task::yield_now().await;
        }
        sending.await.expect("joined");
        assert!(timeout(Duration::from_millis(5), rx.recv()).await.is_err());
    });
}

#[test]
fn an_end_is_told_once_and_the_next_epoch_goes_on() {
    run(async {
        let place = Place::new();
        let mut client = place.client(small());
        let mut rx = AsyncRx::new(client.rx(0).expect("rx")).expect("a task");
        for epoch in 1..=3u64 {
            let mut server = place.server(small());
            let mut tx = AsyncTx::new(server.tx(0).expect("tx")).expect("a task");
            let (sent, received) = tokio::join!(tx.send(b"frame"), rx.recv());
            sent.expect("sent");
            assert_eq!(received.expect("received").epoch(), epoch);
            drop((tx, server));
            match rx.recv().await {
                Err(Error::Disconnected(ended)) => assert_eq!(ended.epoch, epoch),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn a_stream_that_never_pauses_leaves_time_for_other_tasks() {
    run(async {
        let place = Place::new();
        let (mut server, mut client) = place.pair(&LinkOptions::new(0).slots(1024));
        let (mut tx, rx) = (server.tx(0).expect("tx"), client.rx(0).expect("rx"));
        let mut rx = AsyncRx::new(rx).expect("a task");
        while tx.try_send(b"frame").expect("sent") {}
        let receiving = tokio::spawn(async move {
            loop {
                rx.recv().await.expect("received");
                tx.send(b"another", SOON).expect("sent");
            }
        });
        tokio::task::yield_now().await;
        receiving.abort();
    });
}

#[test]
fn tasks_that_wait_take_no_processor() {
    let a_while = Duration::from_millis(200);
    run(async {
        let place = Place::new();
        let mut client = place.client(small());
        let mut tx = AsyncTx::new(client.tx(0).expect("tx")).expect("a task");
        let mut rx = AsyncRx::new(client.rx(0).expect("rx")).expect("a task");
        let idle = Diligence::new();
        assert!(timeout(a_while, tx.send(b"x")).await.is_err());
        idle.is_low();
        let server = place.server(small());
        connect(&server, &client);
        let idle = Diligence::new();
        assert!(timeout(a_while, rx.recv()).await.is_err());
        for _ in 0..8 {
            tx.send(b"x").await.expect("room");
        }
        assert!(timeout(a_while, tx.send(b"x")).await.is_err());
        idle.is_low();
    });
}

#[test]
fn a_task_that_waits_for_several_buffers_sleeps_while_there_is_one() {
    run(async {
        let place = Place::new();
        let (mut server, mut client) = place.pair(&LinkOptions::new(0).slots(4).buffer_size(64));
        let mut tx = AsyncTx::new(server.tx(0).expect("tx")).expect("a task");
        let mut rx = AsyncRx::new(client.rx(0).expect("rx")).expect("a task");
        for _ in 0..3 {
            tx.send(b"small").await.expect("room");
        }
        let held = rx.recv().await.expect("received");
        let idle = Diligence::new();
        let large = [7; 3 * 64];
        let a_while = Duration::from_millis(200);
        assert!(timeout(a_while, tx.send(&large)).await.is_err());
        idle.is_low();
        let giving_back = async {
            for _ in 0..2 {
                drop(rx.recv().await.expect("received"));
            }
            drop(held);
            rx.recv().await.expect("received")
        };
        let (sent, received) = tokio::join!(tx.send(&large), giving_back);
        sent.expect("sent");
        assert_eq!(received.to_vec(), large);
    });
}

#[test]
fn strangers_are_served_too() {
    let place = Place::new();
    let mut server = place.server(small());
    let (tx, rx) = (server.tx(0).expect("tx"), server.rx(0).expect("rx"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = RawClient::up(place.path(), Setup::new(0)).expect("up");
            for _ in 0..1000 {
                let frame = client.rx(0).recv(A_WHILE).expect("received");
                client.tx(0).send(&frame, A_WHILE).expect("sent");
            }
            until(|| client.tx(0).room() == client.raw(true, 0).slots());
        });
        run(async {
            let (mut tx, mut rx) = (AsyncTx::new(tx).expect("tx"), AsyncRx::new(rx).expect("rx"));
            for number in 0..1000u32 {
                tx.send(&number.to_le_bytes()).await.expect("sent");
                assert_eq!(
                    rx.recv().await.expect("back").to_vec(),
                    number.to_le_bytes()
                );
            }
        });
    });
}

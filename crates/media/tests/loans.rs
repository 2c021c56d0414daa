//! Frames in place: lent, filled, sent, held and given back.

mod common;

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use common::{EITHER, Listens, NOT_LONG, Place, SOON, bytes};
use media::{Receiver, Sender};

#[test]
fn frames_are_numbered_in_the_order_of_sending() {
    for listens in EITHER {
        let place = Place::new();
        let (mut sender, mut receiver) = place.usual(listens, 10);
        let mut loans: Vec<_> = (0..6)
            .map(|number| {
                let mut loan = sender.loan(1, SOON).unwrap();
                loan.write_at(0, &[number]).unwrap();
                loan
            })
            .collect();
        drop(loans.remove(2));
        for loan in loans.into_iter().rev() {
            loan.send(0).unwrap();
        }
        for (sequence, number) in [5, 4, 3, 1, 0].into_iter().enumerate() {
            let frame = receiver.recv(SOON).unwrap();
            assert_eq!(frame.to_vec(), [number]);
            assert_eq!(frame.metadata().unwrap().sequence, sequence as u64);
        }
        assert_eq!(receiver.totals().lost, 0);
    }
}

#[test]
fn held_frames_keep_their_bytes_and_are_given_back_in_any_order() {
    for listens in EITHER {
        let place = Place::new();
        let (mut sender, mut receiver) = place.usual(listens, 500);
        let mut held = Vec::new();
        for number in 0..200 {
            sender.send(&bytes(500, number), 0, SOON).unwrap();
            held.push((number, receiver.recv(SOON).unwrap()));
            if held.len() == 10 {
                held.swap(0, 7);
                held.drain(..6);
            }
            for (number, frame) in &held {
                assert_eq!(frame.to_vec(), bytes(500, *number));
                assert_eq!(frame.metadata().unwrap().sequence, *number as u64);
            }
        }
    }
}

#[test]
fn a_frame_stays_valid_after_its_link_and_its_receiver_are_gone() {
    let place = Place::new();
    let (mut sender, mut receiver) = place.usual(Listens::Receiver, 500);
    sender.send(&bytes(500, 1), 0, SOON).unwrap();
    let frame = receiver.recv(SOON).unwrap();
    let mut loan = sender.loan(500, SOON).unwrap();
    sender.close(Duration::ZERO);
    receiver.close();
    assert_eq!(frame.to_vec(), bytes(500, 1));
    loan.write_at(0, &[1; 500]).unwrap();
    assert!(loan.send(0).unwrap_err().is_disconnected());
}

#[test]
fn a_file_goes_through_without_passing_private_memory() {
    let place = Place::new();
    // Buffers smaller than the frame: the file is read and written piece by piece.
    let options = Receiver::options(0).slots(32).buffer_size(256);
    let (mut sender, mut receiver) = place.stream(
        Listens::Sender,
        Sender::options(0, 1000).frame_capacity(0),
        options,
    );
    let mut source = tempfile::tempfile().unwrap();
    source.write_all(&bytes(2500, 3)).unwrap();
    source.seek(SeekFrom::Start(0)).unwrap();
    let mut sink = tempfile::tempfile().unwrap();
    for expected in [1000, 1000, 500] {
        let mut loan = sender.loan(1000, SOON).unwrap();
        let filled = loan.fill_from(0, &source).unwrap();
        assert_eq!(filled, expected);
        loan.set_len(filled).unwrap();
        loan.send(0).unwrap();
        receiver.recv(SOON).unwrap().write_to(&sink).unwrap();
    }
    sink.seek(SeekFrom::Start(0)).unwrap();
    let mut written = Vec::new();
    sink.read_to_end(&mut written).unwrap();
    assert!(written == bytes(2500, 3));
}

#[test]
fn a_pipe_fills_a_frame_in_as_many_reads_as_it_takes() {
    let place = Place::new();
    let (mut sender, mut receiver) = place.usual(Listens::Sender, 100_000);
    let (output, mut input) = std::io::pipe().unwrap();
    let writer = std::thread::spawn(move || {
        for part in bytes(100_000, 5).chunks(777) {
            input.write_all(part).unwrap();
        }
    });
    let mut loan = sender.loan(100_000, SOON).unwrap();
    assert_eq!(loan.fill_from(0, &output).unwrap(), 100_000);
    loan.send(0).unwrap();
    writer.join().unwrap();
    assert!(receiver.recv(SOON).unwrap().to_vec() == bytes(100_000, 5));
}

#[test]
fn what_does_not_fit_is_refused_and_what_is_not_there_is_not_copied() {
    let place = Place::new();
    let (mut sender, mut receiver) = place.usual(Listens::Sender, 10);
    let mut loan = sender.loan(10, SOON).unwrap();
    let capacity = loan.capacity();
    assert!((10..2048).contains(&capacity));
    assert!(loan.set_len(capacity + 1).is_err());
    assert!(loan.write_at(capacity, &[0]).is_err());
    assert!(loan.write_at(usize::MAX, &[0]).is_err());
    loan.write_at(0, b"0123456789").unwrap();
    loan.send(0).unwrap();
    let frame = receiver.recv(SOON).unwrap();
    let mut target = [b'-'; 4];
    assert_eq!(frame.copy_at(8, &mut target), 2);
    assert_eq!(&target, b"89--");
    assert_eq!(frame.copy_at(10, &mut target), 0);
    assert_eq!(frame.copy_at(usize::MAX, &mut target), 0);
}

#[test]
fn waiting_ends_in_time_with_and_without_a_peer() {
    let place = Place::new();
    let mut sender = Sender::open(place.listen(Sender::options(0, 10))).unwrap();
    assert!(sender.loan(10, NOT_LONG).unwrap_err().is_timeout());
    assert!(sender.wait_up(NOT_LONG).unwrap_err().is_timeout());
    let link = place.connect(Receiver::options(0));
    common::join(sender.link(), &link);
    let mut receiver = Receiver::open(link).unwrap();
    assert!(receiver.recv(NOT_LONG).unwrap_err().is_timeout());
    let full: Vec<_> = std::iter::from_fn(|| sender.loan(10, NOT_LONG).ok()).collect();
    assert_eq!(full.len(), 16);
}

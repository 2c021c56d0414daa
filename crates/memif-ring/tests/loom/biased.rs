//! The owner without a lock and guests with one never meet.

use loom::thread;
use memif_ring::Biased;

#[test]
fn an_owner_and_a_guest_in_another_thread_exclude_each_other() {
    loom::model(|| {
        let mut cell = Biased::new(0);
        let guest = cell.guest();
        let other = thread::spawn(move || {
            guest.with(|sum| *sum += 1);
            guest.with(|sum| *sum += 1);
        });
        for _ in 0..3 {
            cell.owner(|sum| *sum += 10);
        }
        other.join().unwrap();
        assert_eq!((cell.owner(|sum| *sum), cell.guests()), (32, 0));
    });
}

#[test]
fn two_guests_in_two_threads_exclude_each_other_and_the_owner() {
    loom::model(|| {
        let mut cell = Biased::new(0);
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let guest = cell.guest();
                thread::spawn(move || guest.with(|sum| *sum += 1))
            })
            .collect();
        cell.owner(|sum| *sum += 10);
        cell.owner(|sum| *sum += 10);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(cell.owner(|sum| *sum), 22);
    });
}

#[test]
fn guests_may_be_made_after_others_are_gone() {
    loom::model(|| {
        let mut cell = Biased::new(0);
        let mut threads = Vec::new();
        for _ in 0..2 {
            let guest = cell.guest();
            threads.push(thread::spawn(move || guest.with(|sum| *sum += 1)));
            cell.owner(|sum| *sum += 10);
        }
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(cell.owner(|sum| *sum), 22);
    });
}

#[test]
fn the_value_is_dropped_once_whoever_goes_last() {
    loom::model(|| {
        let mut cell = Biased::new(loom::sync::Arc::new(()));
        let guest = cell.guest();
        let watch = cell.owner(|value| loom::sync::Arc::clone(value));
        let other = thread::spawn(move || drop(guest));
        drop(cell);
        other.join().unwrap();
        assert_eq!(loom::sync::Arc::strong_count(&watch), 1);
    });
}

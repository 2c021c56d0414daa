//! Many links, many queues, and every size of ring and buffer.

use memif::{Connector, Error, LinkOptions, Misuse, Rx, Traffic, Tx, Wait};

use crate::harness::{Place, SOON, alone, connect, small};

/// Sends and receives `count` numbered frames in one thread.
fn exchange(tx: &mut Tx, rx: &mut Rx, count: u32) {
    for number in 0..count {
        tx.send(&number.to_le_bytes(), SOON).expect("sent");
        let frame = rx.recv(SOON).expect("received");
        assert_eq!(frame.to_vec(), number.to_le_bytes());
    }
}

#[test]
fn many_links_of_one_listener_run_each_in_its_own_threads() {
    let place = Place::new();
    let listener = place.listener();
    std::thread::scope(|scope| {
        for id in 0..12 {
            let options = LinkOptions::new(id).slots(8).wait(Wait::Interrupt);
            let mut server = listener.link(options.clone()).expect("a link");
            let mut client = place.client(options);
            scope.spawn(move || {
                let (mut tx, mut rx) = (server.tx(0).expect("tx"), server.rx(0).expect("rx"));
                for number in 0..300u32 {
                    let frame = [id, number].map(u32::to_le_bytes).concat();
                    tx.send(&frame, SOON).expect("sent");
                    assert_eq!(rx.recv(SOON).expect("back").to_vec(), frame);
                }
                tx.flush(SOON).expect("taken");
            });
            scope.spawn(move || {
                let (mut tx, mut rx) = (client.tx(0).expect("tx"), client.rx(0).expect("rx"));
                while let Ok(frame) = rx.recv(SOON) {
                    tx.send(&frame.to_vec(), SOON).expect("sent");
                }
            });
        }
    });
}

#[test]
fn all_of_255_queues_work_and_cost_few_descriptors() {
    if !alone("queues::all_of_255_queues_work_and_cost_few_descriptors") {
        return;
    }
    let place = Place::new();
    let options = LinkOptions::new(0).slots(2).buffer_size(64).queues(255);
    let open = || std::fs::read_dir("/proc/self/fd").expect("listed").count();
    let before = open();
    let (mut server, mut client) = place.pair(&options);
    // Each side has a bell for each ring; the rest is a handful.
    assert!(open() - before < 2 * 2 * 255 + 40, "{}", open() - before);
    for queue in 0..255 {
        let (mut tx, mut rx) = (server.tx(queue).expect("tx"), client.rx(queue).expect("rx"));
        exchange(&mut tx, &mut rx, 3);
        let (mut tx, mut rx) = (client.tx(queue).expect("tx"), server.rx(queue).expect("rx"));
        exchange(&mut tx, &mut rx, 3);
    }
    assert!(
        client
            .details()
            .queues
            .iter()
            .all(|queue| queue.rx.frames == 3 && queue.tx.frames == 3)
    );
}

#[test]
fn a_client_may_have_fewer_queues_than_its_server() {
    let place = Place::new();
    let mut server = place.server(small().queues(3));
    let mut client = place.client(small());
    connect(&server, &client);
    exchange(
        &mut server.tx(0).expect("tx"),
        &mut client.rx(0).expect("rx"),
        10,
    );
    let mut idle = server.tx(2).expect("tx");
    let timeout = Some(std::time::Duration::from_millis(5));
    assert!(
        idle.send(b"nowhere", timeout)
            .expect_err("no ring")
            .is_timeout()
    );
}

#[test]
fn rings_of_every_size_wrap_around() {
    for log2_slots in [1, 2, 7, 14] {
        let place = Place::new();
        let options = LinkOptions::new(0).slots(1 << log2_slots).buffer_size(64);
        let (mut server, mut client) = place.pair(&options);
        let (mut tx, mut rx) = (server.tx(0).expect("tx"), client.rx(0).expect("rx"));
        let (mut back, mut here) = (client.tx(0).expect("tx"), server.rx(0).expect("rx"));
        let (mut sent, mut received) = (0u32, 0u32);
        while received < 70_000 {
            let frames: Vec<_> = (sent..sent + 500).map(u32::to_le_bytes).collect();
            let frames: Vec<_> = frames.iter().map(|frame| &frame[..]).collect();
            let there = tx.send_burst(&frames).expect("sent");
            assert_eq!(back.send_burst(&frames[..there]).expect("sent"), there);
            sent += u32::try_from(there).expect("at most 500");
            for rx in [&mut rx, &mut here] {
                let burst = rx.burst(1000).expect("received");
                assert_eq!(burst.len(), there);
                for (number, packet) in (received..).zip(burst.iter()) {
                    assert_eq!(packet.to_vec(), number.to_le_bytes());
                }
            }
            received = sent;
        }
    }
}

#[test]
fn buffers_of_every_size_carry_whole_frames() {
    for size in [64, 65, 4095, 4096, 1 << 20, 132_710_400] {
        let place = Place::new();
        let options = LinkOptions::new(0).slots(2).buffer_size(size);
        let (mut server, mut client) = place.pair(&options);
        let (mut tx, mut rx) = (server.tx(0).expect("tx"), client.rx(0).expect("rx"));
        let size = usize::try_from(size).expect("bytes");
        for _ in 0..3 {
            let mut loan = tx.loan(size, SOON).expect("room");
            assert!(loan.as_mut_ptr().is_some() && loan.capacity() == size);
            loan.write_at(0, b"first").expect("fits");
            loan.write_at(size - 4, b"last").expect("fits");
            loan.send().expect("sent");
            let frame = rx.recv(SOON).expect("received");
            assert_eq!(frame.len(), size);
            let (mut first, mut last) = ([0; 5], [0; 8]);
            assert_eq!(frame.copy_to(&mut first), 5);
            assert_eq!(frame.copy_at(size - 4, &mut last), 4);
            assert_eq!((&first, &last), (b"first", b"last\0\0\0\0"));
        }
    }
}

#[test]
fn sixteen_frames_of_8k_take_memory_for_their_direction_only_and_only_as_used() {
    if !alone("queues::sixteen_frames_of_8k_take_memory_for_their_direction_only_and_only_as_used")
    {
        return;
    }
    let place = Place::new();
    let bytes = 7680 * 4320 * 4;
    let mut server = place.server(
        LinkOptions::new(0)
            .frame_capacity(bytes)
            .traffic(Traffic::Send),
    );
    let mut client = place.client(LinkOptions::new(0).slots(16).traffic(Traffic::Receive));
    connect(&server, &client);
    let details = client.details();
    assert!(details.region_bytes >= 16 * bytes && details.region_bytes < 17 * bytes);
    assert!(details.regions > 2);
    let (mut tx, mut rx) = (server.tx(0).expect("tx"), client.rx(0).expect("rx"));
    let len = usize::try_from(bytes).expect("bytes");
    let mut loans: Vec<_> = (0..16u8)
        .map(|_| tx.loan(len, SOON).expect("room"))
        .collect();
    for (number, mut loan) in (0..).zip(loans.drain(..)) {
        loan.write_at(len - 1, &[number]).expect("fits");
        loan.send().expect("sent");
    }
    let frames: Vec<_> = (0..16).map(|_| rx.recv(SOON).expect("received")).collect();
    for (number, frame) in (0u8..).zip(&frames) {
        let mut last = [0];
        frame.copy_at(len - 1, &mut last);
        assert_eq!((last, frame.segments().len()), ([number], 1));
    }
    assert!(shared_kib() < 10_000, "{} KiB", shared_kib());
}

/// Shared memory that this process has touched.
fn shared_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("read");
    let shared = status
        .lines()
        .find_map(|line| line.strip_prefix("RssShmem:"));
    shared
        .and_then(|kib| kib.trim().strip_suffix(" kB")?.parse().ok())
        .expect("a number")
}

#[test]
fn prefaulted_memory_is_there_before_it_is_used() {
    if !alone("queues::prefaulted_memory_is_there_before_it_is_used") {
        return;
    }
    let place = Place::new();
    let options = LinkOptions::new(0).slots(8).buffer_size(1 << 20);
    let _pair = place.pair(&options.traffic(Traffic::Both).prefault(true));
    assert!(shared_kib() > 16 << 10, "{} KiB", shared_kib());
}

#[test]
fn what_cannot_be_is_said_at_once_and_with_its_numbers() {
    let place = Place::new();
    let listener = place.listener();
    let refused = |options: LinkOptions| match Connector::new(&place.address).link(options) {
        Err(Error::Misuse(misuse)) => misuse.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused(small().queues(0)),
        "0 queues are not possible: 1 to 255"
    );
    assert_eq!(
        refused(small().queues(256)),
        "256 queues are not possible: 1 to 255"
    );
    assert_eq!(
        refused(small().slots(48)),
        "48 slots are not possible: a power of two from 2 to 16384"
    );
    assert!(
        refused(small().buffer_size(63))
            .starts_with("a buffer of 63 bytes is not possible: use 64 to")
    );
    assert!(refused(small().name("a name of 16 byt")).contains("15"));
    let mut link = listener
        .link(small().traffic(Traffic::Send))
        .expect("a link");
    assert!(matches!(
        listener.link(small()),
        Err(Error::Misuse(Misuse::IdTaken { id: 0 }))
    ));
    assert_eq!(
        link.rx(0).expect_err("sends").to_string(),
        "this link was set up only to send"
    );
    assert_eq!(
        link.tx(1).expect_err("one queue").to_string(),
        "queue 1 does not exist: the link has 1"
    );
    let tx = link.tx(0).expect("tx");
    assert_eq!(
        link.tx(0).expect_err("taken").to_string(),
        "queue 0 was already taken"
    );
    drop(tx);
    assert!(matches!(
        link.tx(0),
        Err(Error::Misuse(Misuse::QueueTaken { queue: 0 }))
    ));
}

#[test]
fn a_frame_that_can_never_fit_is_refused_and_the_others_go_on() {
    for server_sends in [true, false] {
        let place = Place::new();
        let (mut server, mut client) = place.pair(&LinkOptions::new(0).slots(4).buffer_size(64));
        let (mut tx, mut rx) = if server_sends {
            (server.tx(0).expect("tx"), client.rx(0).expect("rx"))
        } else {
            (client.tx(0).expect("tx"), server.rx(0).expect("rx"))
        };
        let told = tx.send(&[1; 257], SOON).expect_err("too large").to_string();
        assert_eq!(
            told,
            "a frame of 257 bytes cannot be sent: 4 buffers of 64 bytes hold 256"
        );
        assert!(matches!(
            tx.loan(257, SOON),
            Err(Error::Misuse(Misuse::FrameTooLarge { .. }))
        ));
        assert!(matches!(
            tx.send(&[], SOON),
            Err(Error::Misuse(Misuse::EmptyFrame))
        ));
        tx.send(&[2; 256], SOON).expect("just fits");
        assert_eq!(rx.recv(SOON).expect("received").to_vec(), [2; 256]);
        exchange(&mut tx, &mut rx, 20);
    }
}

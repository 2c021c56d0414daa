//! Points 11, 12 and 14: pictures that are larger than what the other side expects, or than a number,
//! or than four bytes for each pixel.

use memif::testing::{Layout, Setup};
use memwire_tests::deadline::SOON;
use memwire_tests::frames::{number_of, numbered};
use rustix::io::Errno;

use crate::pair::{Ends, Pair, Place, YUV422P10LE, video};
use crate::puppet::Puppet;

const MIB: u64 = 1 << 20;

/// A sender and a receiver that do not agree on the size of the picture.
fn disagreeing(ends: Ends, tx_payload: &str, rx_payload: &str) -> Pair {
    let mut place = Place::new(ends, tx_payload);
    let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
    tx.begin(&place.create_tx(0));
    place.payload = rx_payload.to_owned();
    rx.begin(&place.create_rx(0));
    let made = [tx.answer().is("made"), rx.answer().is("made")];
    Pair {
        tx,
        rx,
        place,
        made,
    }
}

#[test]
fn point_11_a_frame_that_is_too_large_for_its_receiver_is_an_error_and_not_the_end() {
    let (large, small) = (video(1920, 1080, YUV422P10LE), video(640, 480, YUV422P10LE));
    for ends in Ends::roles() {
        let mut pair = disagreeing(ends, &large, &small);
        let fits = 640 * 480 * 4;
        for (round, too_large) in [(1, 8_294_400), (2, fits + 1)] {
            pair.send(1, too_large);
            let refused = pair.rx.ask("dequeue 0 0 5000").is("none");
            assert_ne!(refused.number("error"), 0, "{}", refused.text());
            refused.errno(Errno::MSGSIZE);
            let stats = pair.rx.ask("stats 0").has("refused", round);
            stats.has("connections", 1).has("connected", 1);
            pair.send(2, fits);
            pair.receive(2, fits);
        }
        pair.quit();
    }
}

#[test]
fn point_11_a_receiver_that_expects_larger_frames_gets_the_smaller_ones() {
    let (large, small) = (video(1920, 1080, YUV422P10LE), video(640, 480, YUV422P10LE));
    for ends in Ends::roles() {
        let mut pair = disagreeing(ends, &small, &large);
        for number in 0..40 {
            pair.send(number, 640 * 480 * 4);
            pair.receive(number, 640 * 480 * 4);
        }
        pair.quit();
    }
}

/// A peer with buffers of 2048 bytes: frames that do not fit are an error, those that do arrive. In
/// pieces they may only go out if they arrive whole.
#[test]
fn point_11_a_peer_with_small_buffers_gets_what_fits_and_the_sender_an_error_for_the_rest() {
    for frame in [40_960, 8_294_400] {
        let payload = format!("payload=6 rdma.transfer_size={frame}");
        let place = Place::new(Ends::USUAL, &payload);
        let mut tx = Puppet::start();
        tx.begin(&place.create_tx(0));
        let setup = Setup::new(0).with_layout(|layout: &mut Layout| layout.buffer_size = 2048);
        let mut client = place.stranger(setup);
        tx.answer().is("made").has("frame_size", frame);
        for number in 0..300 {
            tx.ask("dequeue 0 0 1000").is("buffer").has("len", frame);
            tx.ask(&format!("fill 0 {frame} {number}"));
            let result = tx.ask("enqueue 0 0");
            if result.number("code") != 0 {
                result.errno(Errno::MSGSIZE);
                // The buffer is still ours.
                tx.ask(&format!("fill 0 2000 {number}"));
                tx.ask("enqueue 0 0").has("code", 0);
            }
            let received = client.rx(0).recv(SOON).expect("a frame");
            assert_eq!(number_of(&received), Some(number));
        }
        tx.ask("stats 0").has("frames", 300).has("held", 0);
        tx.quit();
    }
}

/// A chain of small pieces that a stranger sends is one frame in one piece for the program.
#[test]
fn point_11_a_frame_in_pieces_is_received_in_one() {
    let place = Place::new(Ends::USUAL, &video(160, 64, YUV422P10LE));
    let create = place.create_rx(0).replace("master=0", "master=1");
    let mut rx = Puppet::start();
    rx.begin(&create);
    let setup = Setup::new(0).with_layout(|layout: &mut Layout| layout.buffer_size = 2048);
    let mut client = place.stranger(setup);
    rx.answer().is("made");
    for (number, len) in [(0, 40_960), (1, 2049), (2, 100), (3, 40_959)] {
        client
            .tx(0)
            .send(&numbered(number, len), SOON)
            .expect("room");
        rx.ask("dequeue 0 0 1000")
            .is("buffer")
            .has("len", i64::try_from(len).expect("a length"));
        let number = i64::try_from(number).expect("a number");
        rx.ask("check 0").has("number", number).has("wrong", -1);
        rx.ask("enqueue 0 0").has("code", 0);
    }
    client.tx(0).send(&numbered(4, 40_961), SOON).expect("room");
    rx.ask("dequeue 0 0 1000").is("none").errno(Errno::MSGSIZE);
    client.tx(0).send(&numbered(5, 40_960), SOON).expect("room");
    rx.ask("dequeue 0 0 1000").is("buffer").has("len", 40_960);
    rx.quit();
}

/// 8192 x 4320 has more than 2^25 pixels. Only the first and the last bytes are touched: there is
/// memory for what is used.
#[test]
fn point_12_a_picture_of_more_than_2_to_the_25_pixels_goes_through() {
    let frame = 8192 * 4320 * 4;
    for ends in Ends::roles() {
        let mut pair = ends.connect(&video(8192, 4320, YUV422P10LE));
        for made in pair.made.clone() {
            made.has("frame_size", frame);
        }
        for number in 0..20 {
            pair.tx
                .ask("dequeue 0 0 1000")
                .is("buffer")
                .has("len", frame);
            pair.tx.ask(&format!("touch 0 {frame} {number}"));
            pair.tx.ask("enqueue 0 0").has("code", 0);
            pair.rx
                .ask("dequeue 0 0 1000")
                .is("buffer")
                .has("len", frame);
            pair.rx.ask("peek 0").has("number", number).has("wrong", -1);
            pair.rx.ask("enqueue 0 0").has("code", 0);
        }
        for puppet in [&pair.tx, &pair.rx] {
            let touched = crate::holdings::resident(puppet.pid());
            assert!(touched < 40 * MIB, "{} MiB resident", touched / MIB);
        }
        pair.quit();
    }
}

/// Far beyond what sixteen slots of a 4 GiB region hold: it works, or says why not.
#[test]
fn point_12_pictures_beyond_all_measure_are_refused_or_work() {
    for (width, height) in [(16_384, 16_384), (32_768, 32_768), (65_536, 65_535)] {
        let place = Place::new(Ends::USUAL, &video(width, height, YUV422P10LE));
        let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
        tx.begin(&format!("{} timeout=2000", place.create_tx(0)));
        rx.begin(&format!("{} timeout=2000", place.create_rx(0)));
        let (tx_made, rx_made) = (tx.answer(), rx.answer());
        let bytes = i64::from(width) * i64::from(height) * 4;
        if tx_made.text().starts_with("made") && rx_made.text().starts_with("made") {
            tx.ask("dequeue 0 0 1000").is("buffer").has("len", bytes);
            tx.ask(&format!("touch 0 {bytes} 5"));
            tx.ask("enqueue 0 0").has("code", 0);
            rx.ask("dequeue 0 0 1000").is("buffer").has("len", bytes);
            rx.ask("peek 0").has("number", 5).has("wrong", -1);
        }
        tx.quit();
        rx.quit();
    }
}

#[test]
fn point_14_a_whole_frame_of_six_bytes_for_each_pixel_goes_through() {
    let yuv444p10le = 3;
    let frame = 1920 * 1080 * 6;
    let raw = video(1920, 1080, yuv444p10le);
    // Compressed, by RTSP, and with nothing said, as in the least that the documentation asks for.
    let others = [0, 2, 5].map(|payload| raw.replace("payload=1", &format!("payload={payload}")));
    for payload in &others {
        let pair = Ends::USUAL.connect(payload);
        for made in pair.made.clone() {
            made.has("frame_size", frame);
        }
        pair.quit();
    }
    for ends in Ends::roles() {
        let mut pair = ends.connect(&raw);
        for made in pair.made.clone() {
            made.has("frame_size", frame);
        }
        let frame = usize::try_from(frame).expect("a length");
        for number in 0..20 {
            pair.send(number, frame);
            pair.receive(number, frame);
        }
        pair.tx.ask("stats 0").has("copied", 0);
        pair.rx.ask("stats 0").has("copied", 0).has("refused", 0);
        pair.quit();
    }
}

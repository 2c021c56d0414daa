//! Every payload, in every role, direction and order of start.

use rustix::io::Errno;

use crate::pair::{Ends, Pair, Place, video};
use crate::puppet::Puppet;

/// A payload, and what the frame size of its connection has to be.
type Payload = (String, u32);

const WIDTH: u32 = 96;
const HEIGHT: u32 = 34;
const PICTURE: u32 = WIDTH * HEIGHT * 4;

/// Sampling, packet time, and the samples of a packet; no other pair exists.
const AUDIO: [(u32, u32, u32); 15] = [
    (0, 0, 48),
    (0, 1, 6),
    (0, 2, 12),
    (0, 3, 16),
    (0, 4, 192),
    (0, 5, 4),
    (1, 0, 96),
    (1, 1, 12),
    (1, 2, 24),
    (1, 3, 32),
    (1, 4, 384),
    (1, 5, 8),
    (2, 6, 48),
    (2, 7, 6),
    (2, 8, 4),
];

fn audio(format: u32, channels: u32, sampling: u32, ptime: u32) -> String {
    format!(
        "payload=3 audio.format={format} audio.channel={channels} audio.sampling={sampling} audio.ptime={ptime}"
    )
}

/// One of each kind, small.
fn every_payload() -> Vec<Payload> {
    let mut payloads: Vec<_> = (0..8)
        .map(|pix_fmt| {
            let each = if pix_fmt == 3 { 6 } else { 4 };
            (video(WIDTH, HEIGHT, pix_fmt), WIDTH * HEIGHT * each)
        })
        .collect();
    let sized = |payload| format!("payload={payload} video.width={WIDTH} video.height={HEIGHT}");
    let above = |payload| format!("payload={payload} width={WIDTH} height={HEIGHT}");
    for payload in [0, 2, 5] {
        payloads.push((sized(payload), PICTURE));
        payloads.push((above(payload), PICTURE));
    }
    payloads.push((above(1), PICTURE));
    payloads.push((format!("{} codec=1", sized(2)), PICTURE));
    payloads.push((audio(2, 2, 0, 0), 48 * 3 * 2));
    payloads.push((audio(0, 1, 2, 8), 4));
    payloads.push(("payload=6 rdma.transfer_size=50000".into(), 50_000));
    payloads.push(("payload=6 rdma.transfer_size=1".into(), 1));
    payloads
}

/// More frames than there are slots, of the largest and of other sizes.
fn exchange(pair: &mut Pair, connection: u32, frame: u32) {
    for len in [frame, 1, frame.div_ceil(2)] {
        pair.rx.begin(&format!("receive {connection} 20 5000 0 7"));
        let send = format!("send {connection} 20 {len} 0 7");
        pair.tx.ask(&send).is("sent").has("n", 20);
        let got = pair.rx.answer().is("received").has("n", 20);
        let got = got.has("bad", 0).has("seq_breaks", 0);
        got.has("bytes", 20 * i64::from(len));
    }
}

#[test]
fn every_payload_goes_through_in_every_role_and_order() {
    for ends in Ends::every() {
        let mut pair = ends.connect("payload=0 width=8 height=8");
        for (payload, frame) in every_payload() {
            pair.place.payload = payload;
            let made = pair.place.meet(&mut pair.tx, &mut pair.rx, 1);
            for made in made {
                made.has("frame_size", frame.into());
            }
            exchange(&mut pair, 1, frame);
            pair.tx.ask("destroy 1");
            pair.rx.ask("destroy 1");
        }
        pair.quit();
    }
}

#[test]
fn full_frames_of_1080p_go_through_in_every_role_and_order() {
    for ends in Ends::every() {
        let mut pair = ends.connect(&video(1920, 1080, 2));
        exchange(&mut pair, 0, 1920 * 1080 * 4);
        pair.quit();
    }
}

/// Both sides of a picture may take its size from different places.
#[test]
fn a_size_at_the_top_level_is_as_good_as_one_in_the_payload() {
    let place = Place::new(Ends::USUAL, &video(WIDTH, HEIGHT, 1));
    let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
    tx.begin(&place.create_tx(0));
    let above = format!("payload=0 width={WIDTH} height={HEIGHT}");
    let create = place.create_rx(0).replace(&place.payload, &above);
    let made = rx.ask(&create).is("made");
    let made = made.has("frame_size", PICTURE.into());
    made.has("width", WIDTH.into()).has("height", HEIGHT.into());
    let made = tx.answer().is("made").has("frame_size", PICTURE.into());
    made.has("width", WIDTH.into()).has("pix_fmt", 1);
    tx.quit();
    rx.quit();
}

#[test]
fn the_path_member_is_another_name_for_the_socket_path() {
    let place = Place::new(Ends::USUAL, &video(WIDTH, HEIGHT, 1));
    let (mut tx, mut rx) = (Puppet::start(), Puppet::start());
    tx.begin(&place.create_tx(0).replace("path=", "alias="));
    rx.ask(&place.create_rx(0)).is("made");
    tx.answer().is("made");
    crate::pair::send(&mut tx, 0, 1, 100);
    crate::pair::receive(&mut rx, 0, 1, 100);
    tx.quit();
    rx.quit();
}

#[test]
fn a_context_says_what_its_connection_is() {
    let pair = Ends::USUAL.connect(&format!("{} port=9001", video(WIDTH, HEIGHT, 3)));
    for (made, direction) in pair.made.clone().into_iter().zip([0, 1]) {
        let made = made.has("type", direction).has("proto", 1).has("hooks", 1);
        let made = made.has("width", WIDTH.into()).has("height", HEIGHT.into());
        let made = made.has("pix_fmt", 3).has("proxy", -1).has("session", 0);
        made.has("st30", 0).has("pkt", 0);
    }
    pair.quit();
}

#[test]
fn every_audio_packet_has_its_size() {
    let mut pair = Ends::USUAL.connect("payload=0 width=8 height=8");
    for (sampling, ptime, samples) in AUDIO {
        for (format, bytes, channels) in [(0, 1, 1), (1, 2, 8), (2, 3, 2), (3, 4, 64)] {
            pair.place.payload = audio(format, channels, sampling, ptime);
            let expected = i64::from(samples * bytes * channels);
            for made in pair.place.meet(&mut pair.tx, &mut pair.rx, 1) {
                let made = made.has("frame_size", expected).has("st30", expected);
                made.has("pkt", expected).has("sampling", sampling.into());
            }
            let room = pair.tx.ask("dequeue 1 0 1000").is("buffer");
            room.has("len", expected);
            pair.tx.ask("destroy 1");
            pair.rx.ask("destroy 1");
        }
    }
    pair.quit();
}

#[test]
fn audio_that_does_not_exist_is_refused() {
    let exists = |sampling, ptime| AUDIO.iter().any(|a| (a.0, a.1) == (sampling, ptime));
    let mut puppet = Puppet::start();
    let mut refused = 0;
    for sampling in 0..3 {
        for ptime in (0..9).filter(|ptime| !exists(sampling, *ptime)) {
            let place = Place::new(Ends::USUAL, &audio(1, 2, sampling, ptime));
            let create = format!("{} timeout=0", place.create_tx(0));
            puppet.ask(&create).is("failed").errno(Errno::INVAL);
            refused += 1;
        }
    }
    assert_eq!(refused, 12);
    puppet.quit();
}

/// The arguments of ancillary data lie where a picture has its size: a type is no width.
#[test]
fn ancillary_arguments_are_not_taken_for_the_size_of_a_picture() {
    for anc in ["", "anc.type=1", "anc.type=1 anc.format=0"] {
        for ends in Ends::every() {
            let mut pair = ends.connect(&format!("payload=4 width=640 height=480 {anc}"));
            for made in pair.made.clone() {
                let made = made.has("frame_size", 640 * 480 * 4);
                made.has("width", 640).has("height", 480);
            }
            exchange(&mut pair, 0, 640 * 480 * 4);
            pair.quit();
        }
    }
}

/// Nobody has to say how large a picture is that is none.
#[test]
fn ancillary_data_needs_no_size() {
    let mut pair = Ends::USUAL.connect("payload=4");
    let frame = pair.made[0].number("frame_size");
    assert!(frame >= 255, "{frame} bytes for ancillary data");
    exchange(&mut pair, 0, 255);
    pair.quit();
}

/// An application that asks for a whole transfer gets it, whatever the picture.
#[test]
fn the_transfer_size_of_rdma_is_the_size_of_its_frames() {
    let mut pair = Ends::USUAL.connect("payload=6 rdma.transfer_size=3000000");
    exchange(&mut pair, 0, 3_000_000);
    pair.quit();
}

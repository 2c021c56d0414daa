use super::*;

/// Ethernet, IPv4 without options, TCP without options, and a payload.
fn tcp_4(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0, 0xEE, 0xEE, 0xFF, 0xFF, 0x40, 0, 64, 6, 0xAA, 0xAA]);
    frame.extend([10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend([0, 80, 1, 0, 0xFF, 0xFF, 0xFF, 0xF0, 0, 0, 0, 9]);
    frame.extend([0x50, 0x80 | 0x19, 1, 0, 0xBB, 0xBB, 0, 0]);
    frame.extend(payload);
    frame
}

/// Ethernet with a VLAN tag, IPv6, UDP, and a payload.
fn udp_6(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![
        2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 7, 0x86, 0xDD,
    ];
    frame.extend([0x60, 0, 0, 0, 0xEE, 0xEE, 17, 64]);
    frame.extend((0..32).map(|number| 0x20 + number));
    frame.extend([0, 80, 1, 0, 0xEE, 0xEE, 0xBB, 0xBB]);
    frame.extend(payload);
    frame
}

/// As a packet socket says it, with a checksum that starts at `start`.
fn header(kind: u8, size: u16, start: u16) -> [u8; OFFLOAD_BYTES] {
    let [s0, s1] = size.to_ne_bytes();
    let [c0, c1] = start.to_ne_bytes();
    let [o0, o1] = 16_u16.to_ne_bytes();
    [1, kind, 0, 0, s0, s1, c0, c1, o0, o1]
}

fn cut(frame: &[u8], undone: Result<Undone, Hopeless>) -> Result<Vec<Vec<u8>>, Hopeless> {
    let Undone::Segments(pieces) = undone? else {
        panic!("{undone:?}");
    };
    let mut all = Vec::new();
    pieces.cut(frame, &mut Vec::new(), |piece| all.push(piece.to_vec()))?;
    Ok(all)
}

/// A sum over everything that a checksum covers, itself among it, is 0.
fn is_right(pseudo: &[u8], protocol: usize, segment: &[u8]) -> bool {
    let sum = Sum::default().add(pseudo).add_number(protocol);
    sum.add_number(segment.len()).add(segment).finish() == [0, 0]
}

#[test]
fn a_large_piece_of_tcp_becomes_segments_that_a_receiver_takes_for_sent_ones() {
    let payload: Vec<u8> = (0..=255).cycle().take(2500).collect();
    let frame = tcp_4(&payload);
    let all = cut(&frame, Undone::read(&header(TCP_4, 1000, 34), 0)).expect("segments");
    let lengths: Vec<_> = all.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1054, 1054, 554]);
    let joined: Vec<u8> = all.iter().flat_map(|one| one[54..].to_vec()).collect();
    assert_eq!(joined, payload);
    for (number, one) in all.iter().enumerate() {
        let said = usize::from(u16::from_be_bytes([one[16], one[17]]));
        assert_eq!(said, one.len() - 14, "length of the packet");
        assert_eq!(Sum::default().add(&one[14..34]).finish(), [0, 0]);
        assert!(is_right(&one[26..34], 6, &one[34..]), "segment {number}");
    }
    let ids: Vec<_> = all.iter().map(|one| [one[18], one[19]]).collect();
    assert_eq!(ids, [[0xFF, 0xFF], [0, 0], [0, 1]]);
    let positions: Vec<_> = all.iter().map(|one| &one[38..42]).collect();
    assert_eq!(positions[0], 0xFFFF_FFF0_u32.to_be_bytes());
    assert_eq!(positions[1], 984_u32.to_be_bytes(), "it wraps");
    let flags: Vec<_> = all.iter().map(|one| one[47]).collect();
    assert_eq!(
        flags,
        [0x90, 0x10, 0x19],
        "reduced first; pushed and ended last"
    );
}

#[test]
fn a_large_piece_of_tagged_udp_becomes_datagrams_with_their_lengths() {
    let payload: Vec<u8> = (0..=255).cycle().take(301).collect();
    let frame = udp_6(&payload);
    // The socket has not seen the tag.
    let all = cut(&frame, Undone::read(&header(UDP, 100, 54), 4)).expect("datagrams");
    assert_eq!(all.len(), 4);
    for one in &all {
        let length = |at: usize| usize::from(u16::from_be_bytes([one[at], one[at + 1]]));
        assert_eq!((length(22), length(62)), (one.len() - 58, one.len() - 58));
        assert!(is_right(&one[26..58], 17, &one[58..]));
        assert_eq!(one[12..16], [0x81, 0, 0, 7]);
    }
    assert_eq!(all[3].len(), 67);
}

#[test]
fn a_checksum_left_to_the_card_is_written() {
    let mut frame = tcp_4(b"odd");
    let pseudo = Sum::default()
        .add(&frame[26..34])
        .add_number(6)
        .add_number(23);
    let left: Vec<u8> = pseudo.finish().iter().map(|byte| !byte).collect();
    frame[50..52].copy_from_slice(&left);
    let undone = Undone::read(&header(NOTHING, 0, 34), 0);
    assert_eq!(undone, Ok(Undone::Checksum(34, 50)));
    complete(&mut frame, 34, 50).expect("room for it");
    assert!(is_right(&frame[26..34], 6, &frame[34..]));
}

#[test]
fn nothing_is_cut_or_written_outside_of_a_frame() {
    let frame = tcp_4(b"payload");
    for length in 0..frame.len() - 6 {
        let short = &frame[..length];
        for undone in [
            header(TCP_4, 3, 34),
            header(UDP, 3, 34),
            header(TCP_4, 3, 0),
        ] {
            assert!(cut(short, Undone::read(&undone, 0)).is_err() || length > 42);
        }
        let mut short = short.to_vec();
        assert_eq!(complete(&mut short, 34, 50).is_ok(), length >= 52);
    }
    assert_eq!(Undone::read(&header(3, 100, 34), 0), Err(Hopeless));
    assert_eq!(Undone::read(&header(TCP_4, 0, 34), 0), Err(Hopeless));
    assert_eq!(Undone::read(&[0; OFFLOAD_BYTES], 0), Ok(Undone::Nothing));
}

//! A TCP stream from one host to another, every byte of which is looked at.

use std::io::{Read, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::time::Duration;

use crate::host::Host;

const PIECE: usize = 64 << 10;

/// Sends `pieces` of 64 KiB each from one host to the other, and as many back.
pub(crate) fn exchange(from: &Host, to: &Host, address: SocketAddrV4, pieces: u64) {
    let listener = to.run(move || TcpListener::bind(address).expect("a listener"));
    let other = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        receive(&mut stream, pieces);
        send(&mut stream, pieces);
    });
    let long = Duration::from_secs(20);
    let connect = move || TcpStream::connect_timeout(&address.into(), long);
    let mut stream = from.run(connect).expect("a way to the other host");
    send(&mut stream, pieces);
    receive(&mut stream, pieces);
    other.join().expect("all came");
}

fn send(stream: &mut TcpStream, pieces: u64) {
    for number in 0..pieces {
        stream.write_all(&piece(number)).expect("sent");
    }
}

fn receive(stream: &mut TcpStream, pieces: u64) {
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    let mut got = vec![0; PIECE];
    for number in 0..pieces {
        stream.read_exact(&mut got).expect("all comes");
        assert!(got == piece(number), "piece {number} is as it was sent");
    }
}

fn piece(number: u64) -> Vec<u8> {
    let words =
        (0..PIECE as u64 / 8).map(|at| (number << 32 | at).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    words.flat_map(u64::to_le_bytes).collect()
}

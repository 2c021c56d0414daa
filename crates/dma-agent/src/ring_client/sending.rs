//! Frames that a client sends by rings.

use descsock_wire::{Buffer, HEADER_LEN, Kind, Laden, TIERS};
use memif::{Error, Packet, Rx};
use switch::{DropReason, PEEK_BYTES};

use super::LARGEST;
use crate::device::{Incoming, Sink};
use crate::schedule::Schedule;
use crate::{Frame, LARGEST_FRAME, labels};

/// Frames taken in from one client before others get their turn.
const BURST: usize = 256;

/// Takes in some of the client's frames; whether there were any. Tiers that have some take turns, one that is alone needs
/// none.
///
/// # Errors
/// [`Error::Disconnected`] when there will be none any more.
pub(super) fn take_in(
    rx: &mut [Rx; TIERS],
    schedule: &mut Schedule,
    whole: &mut [u8; LARGEST],
    sink: &mut dyn Sink,
) -> Result<bool, Error> {
    let mut left = BURST;
    while left > 0 {
        let has = rx.each_mut().map(Rx::has_frames);
        let Some(class) = schedule.next(|class| has[class]) else {
            break;
        };
        let others = has.iter().filter(|has| **has).count() > 1;
        let most = if others { 1 } else { left };
        match take_some(&mut rx[class], class, most, whole, sink)? {
            0 => return Ok(true), // nothing but rubbish: there may be more of it than anybody has time for
            taken => left -= taken.min(left),
        }
    }
    match left {
        BURST => look_for_the_end(rx, whole, sink),
        _ => Ok(true),
    }
}

/// Asks all tiers for one more frame: an end is told of by those that have none.
fn look_for_the_end(
    rx: &mut [Rx; TIERS],
    whole: &mut [u8; LARGEST],
    sink: &mut dyn Sink,
) -> Result<bool, Error> {
    let (mut any, mut end) = (false, None);
    for (class, rx) in rx.iter_mut().enumerate() {
        match take_some(rx, class, 1, whole, sink) {
            Ok(taken) => any |= taken > 0,
            Err(error) => end = Some(error),
        }
    }
    match end {
        Some(error) if !any => Err(error),
        _ => Ok(any),
    }
}

/// Takes in up to `most` frames of a tier that has some; how many, a long one counting for as many as the buffers it has.
fn take_some(
    rx: &mut Rx,
    class: usize,
    most: usize,
    whole: &mut [u8; LARGEST],
    sink: &mut dyn Sink,
) -> Result<usize, Error> {
    let burst = rx.burst(most)?;
    let mut taken = 0;
    for packet in burst.iter() {
        taken += packet.segments().len();
        if let Err(reason) = forward(&packet, class, whole, sink) {
            sink.refuse(reason);
        }
    }
    Ok(taken)
}

/// Forwards a frame as its header says, which is judged and used as a copy.
#[inline]
fn forward(
    packet: &Packet<'_>,
    class: usize,
    whole: &mut [u8; LARGEST],
    sink: &mut dyn Sink,
) -> Result<(), DropReason> {
    let length = judge_length(packet.len())?;
    let mut segments = packet.segments();
    let mut header = [0; Laden::RING_HEADER];
    let mut head = [0; PEEK_BYTES];
    let frame = match (segments.len(), segments.next()) {
        (1, Some(only)) => {
            only.copy_to(&mut header);
            Frame::shared(only.skip(header.len()), &mut head)
        }
        _ => {
            packet.copy_to(whole);
            let (first, frame) = whole.split_at(Laden::RING_HEADER);
            header.copy_from_slice(first);
            Frame::own(&frame[..length])
        }
    };
    let laden = judge_header(header)?;
    sink.forward(Incoming {
        frame,
        tier: labels::tier(class),
        nti: labels::domain(&laden),
        directed: labels::directed(&laden),
    });
    Ok(())
}

/// Bytes of the frame behind its header.
#[inline]
fn judge_length(bytes: usize) -> Result<usize, DropReason> {
    let length = bytes.checked_sub(Laden::RING_HEADER);
    match length {
        Some(length) if length > LARGEST_FRAME => Err(DropReason::TooLong),
        Some(length) if length >= usize::from(HEADER_LEN) => Ok(length),
        _ => Err(DropReason::TooShort),
    }
}

#[inline]
fn judge_header(header: [u8; Laden::RING_HEADER]) -> Result<Laden, DropReason> {
    let laden = Laden::of_ring_header(header, Kind::Tx);
    let laden = laden.map_err(|_| DropReason::BadDescriptor)?;
    debug_assert_eq!(laden.buffer, Buffer::NONE);
    match (laden.sop && laden.eop, laden.err) {
        (false, _) => Err(DropReason::BrokenChain),
        (true, true) => Err(DropReason::BadDescriptor),
        (true, false) => Ok(laden),
    }
}

//! The functions of `descsock.h`: check, convert, call, map the error.
//!
//! # Safety
//!
//! Callers are C programs. What is asked of them is what any C interface asks: pointers are null or valid for the length
//! that goes with them. Null is always caught. No panic leaves a function.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::slice::{from_raw_parts, from_raw_parts_mut};

use descsock::{Route, Wait};

use crate::abi::{NONBLOCK, POLLERR, Spec};
use crate::connection::{self, Connection};
use crate::failure::{Failure, done};
use crate::release::{events, mask};
use crate::{cntl, spec, stats};

/// Bytes for the CRC behind each frame.
const CRC: usize = 4;

/// `descsock_open` of `descsock.h`.
///
/// # Safety
/// `spec` is null or points to a `descsock_client_spec_t` of 1028 bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_open(spec: *const Spec, flags: c_int) -> c_int {
    done(-1, || {
        // SAFETY: as the caller promises.
        let options = unsafe { spec::unnamed(spec) }?;
        let is_nonblocking = only_nonblock(flags)?;
        connection::open(options, is_nonblocking).map(|()| 0)
    })
}

/// `descsock_poll` of `descsock.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn descsock_poll(event_mask: c_int) -> c_int {
    done(-1, || {
        let found = connection::current()?.client.poll(events(event_mask));
        match mask(found) {
            found if found.cast_unsigned() & POLLERR != 0 => Err(Failure::NOT_OPEN),
            found => Ok(found),
        }
    })
}

/// `descsock_send` of `descsock.h`.
///
/// # Safety
/// `buf` is null or has `len` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_send(
    buf: *const c_void,
    len: usize,
    flags: c_int,
) -> isize {
    done(-1, || {
        let connection = connection::current()?;
        let wait = wait(&connection, flags)?;
        let most = connection.client.frame_capacity() + CRC;
        if buf.is_null() {
            return Err(Failure::NULL);
        }
        let frame = match len {
            len if len > most => return Err(Failure::SIZE),
            len => len.checked_sub(CRC).ok_or(Failure::INVALID)?,
        };
        // SAFETY: the caller has `len` bytes there, and the frame is shorter.
        let frame = unsafe { from_raw_parts(buf.cast(), frame) };
        let bytes = connection.client.send_to(frame, &Route::default(), wait)?;
        stats::count_alignment(bytes);
        Ok(signed(len))
    })
}

/// `descsock_recv` of `descsock.h`.
///
/// # Safety
/// `buf` is null or has room for `len` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_recv(
    buf: *mut c_void,
    len: usize,
    flags: c_int,
) -> isize {
    done(-1, || {
        let connection = connection::current()?;
        let wait = wait(&connection, flags)?;
        if buf.is_null() {
            return Err(Failure::NULL);
        }
        // More is never filled, and a slice has a limit that a C program's length has not.
        let room = len.min(connection.client.frame_capacity() + CRC);
        // SAFETY: the caller has room for `len` bytes there.
        let room = unsafe { from_raw_parts_mut(buf.cast::<u8>(), room) };
        let frame = room.len().saturating_sub(CRC);
        let received = connection.client.recv_from(&mut room[..frame], wait)?;
        room[received.len..received.len + CRC].fill(0);
        Ok(signed(received.len + CRC))
    })
}

/// `descsock_cntl` of `descsock.h`.
///
/// # Safety
/// As [`cntl::control`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_cntl(cmd: c_int, argument: *mut c_void) -> c_int {
    // SAFETY: as the caller promises.
    done(-1, || unsafe { cntl::control(cmd, argument) }.map(|()| 0))
}

/// `descsock_close` of `descsock.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn descsock_close() -> c_int {
    done(-1, || connection::close().map(|()| 0))
}

/// Flags of a call override what was said when the connection was opened.
fn wait(connection: &Connection, flags: c_int) -> Result<Wait, Failure> {
    match only_nonblock(flags)? || connection.is_nonblocking {
        true => Ok(Wait::Never),
        false => Ok(Wait::Forever),
    }
}

fn only_nonblock(flags: c_int) -> Result<bool, Failure> {
    match flags & !NONBLOCK {
        0 => Ok(flags == NONBLOCK),
        _ => Err(Failure::INVALID),
    }
}

/// A length that is no larger than a frame.
pub(crate) fn signed(len: usize) -> isize {
    isize::try_from(len).unwrap_or(isize::MAX)
}

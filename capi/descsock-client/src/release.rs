//! The functions of `descsock_client.h`: check, convert, call, and answer as existing programs expect.
//!
//! # Safety
//!
//! As in `descsock.h`'s: pointers are null or valid for the length that goes with them, and null is caught.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::slice::{from_raw_parts, from_raw_parts_mut};

use descsock::{Error, Events, Labels, Route, Wait};

use crate::abi::{
    Ifh, IfhWithoutSid, NamedSpec, POLLERR, POLLIN, POLLOUT, RXBUF_SMALL, Spec, TRUNCATE,
};
use crate::connection;
use crate::failure::{Failure, done, set_errno};
use crate::seed::signed;
use crate::{cntl, spec, stats};

/// Ethernet needs so many; a shorter one is padded.
const SHORTEST: usize = 60;

/// `descsock_client_open` of `descsock_client.h`.
///
/// # Safety
/// `spec` is null or points to a `descsock_client_spec_t`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_client_open(
    spec: *const NamedSpec,
    _flags: c_int,
) -> c_int {
    done(-1, || {
        // SAFETY: as the caller promises.
        let options = unsafe { spec::named(spec) }?;
        connection::open(options, true).map(|()| 1)
    })
}

/// `descsock_client_open` of `descsock_client.h` before 1.2.0.
///
/// # Safety
/// `spec` is null or points to a `descsock_client_spec_t` of 1028 bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_client_open_1028(
    spec: *const Spec,
    _flags: c_int,
) -> c_int {
    done(-1, || {
        // SAFETY: as the caller promises.
        let options = unsafe { spec::unnamed(spec) }?;
        connection::open(options, true).map(|()| 1)
    })
}

/// `descsock_client_poll` of `descsock_client.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn descsock_client_poll(event_mask: c_int) -> c_int {
    done(POLLERR.cast_signed(), || {
        let found = connection::current()?.client.poll(events(event_mask));
        if found.contains(Events::ERR) {
            set_errno(Failure::NOT_OPEN);
        }
        Ok(mask(found))
    })
}

/// `descsock_client_send` of `descsock_client.h`.
///
/// # Safety
/// `buf` is null or has `len` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_client_send(
    buf: *const c_void,
    len: usize,
    _flags: c_int,
) -> isize {
    // SAFETY: as the caller promises.
    done(-1, || unsafe { send(buf, len, &Route::default()) })
}

/// `descsock_client_recv` of `descsock_client.h`.
///
/// # Safety
/// `buf` is null or has room for `len` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_client_recv(
    buf: *mut c_void,
    len: usize,
    flags: c_int,
) -> isize {
    // SAFETY: as the caller promises.
    done(-1, || unsafe { recv(buf, len, flags, |_| {}) })
}

/// `descsock_client_send_extended` of `descsock_client.h`.
///
/// # Safety
/// `ifh` is null or points to a `dsk_ifh_fields_t`; `buf` is null or has `len` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_client_send_extended(
    ifh: *const Ifh,
    buf: *const c_void,
    len: usize,
    _flags: c_int,
) -> isize {
    done(-1, || {
        // SAFETY: as the caller promises.
        let ifh = unsafe { ifh.as_ref() }.copied();
        let route = ifh.ok_or(Failure::NULL)?.route()?;
        // SAFETY: as the caller promises.
        unsafe { send(buf, len, &route) }
    })
}

/// `descsock_client_send_extended` of `descsock_client.h` before 1.5.0.
///
/// # Safety
/// `ifh` is null or points to a `dsk_ifh_fields_t` of 28 bytes; `buf` is null or has `len` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_client_send_extended_28(
    ifh: *const IfhWithoutSid,
    buf: *const c_void,
    len: usize,
    _flags: c_int,
) -> isize {
    done(-1, || {
        // SAFETY: as the caller promises.
        let ifh = unsafe { ifh.as_ref() }.copied();
        let route = Ifh::from(ifh.ok_or(Failure::NULL)?).route()?;
        // SAFETY: as the caller promises.
        unsafe { send(buf, len, &route) }
    })
}

/// `descsock_client_recv_extended` of `descsock_client.h`.
///
/// # Safety
/// `ifh` is null or a place for a `dsk_ifh_fields_t`; `buf` is null or has room for `len` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_client_recv_extended(
    ifh: *mut Ifh,
    buf: *mut c_void,
    len: usize,
    flags: c_int,
) -> isize {
    done(-1, || {
        // SAFETY: as the caller promises.
        let ifh = unsafe { ifh.as_mut() }.ok_or(Failure::NULL)?;
        // SAFETY: as the caller promises.
        unsafe { recv(buf, len, flags, |labels| *ifh = labels.into()) }
    })
}

/// `descsock_client_recv_extended` of `descsock_client.h` before 1.5.0.
///
/// # Safety
/// `ifh` is null or a place for a `dsk_ifh_fields_t` of 28 bytes; `buf` is null or has room for `len` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_client_recv_extended_28(
    ifh: *mut IfhWithoutSid,
    buf: *mut c_void,
    len: usize,
    flags: c_int,
) -> isize {
    done(-1, || {
        // SAFETY: as the caller promises.
        let ifh = unsafe { ifh.as_mut() }.ok_or(Failure::NULL)?;
        // SAFETY: as the caller promises.
        unsafe { recv(buf, len, flags, |labels| *ifh = Ifh::from(labels).into()) }
    })
}

/// `descsock_client_ctrl` of `descsock_client.h`.
///
/// # Safety
/// As [`cntl::control`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_client_ctrl(
    cmd: c_int,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: as the caller promises.
    done(-1, || unsafe { cntl::control(cmd, argument) }.map(|()| 1))
}

/// `descsock_client_cntl` of `descsock_client.h`.
///
/// # Safety
/// As [`cntl::control`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn descsock_client_cntl(
    cmd: c_int,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { descsock_client_ctrl(cmd, argument) }
}

/// `descsock_client_close` of `descsock_client.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn descsock_client_close() -> c_int {
    done(-1, || connection::close().map(|()| 1))
}

/// What is asked of `poll`.
pub(crate) fn events(mask: c_int) -> Events {
    let mask = mask.cast_unsigned();
    let mut events = Events::empty();
    events.set(Events::IN, mask & POLLIN != 0);
    events.set(Events::OUT, mask & POLLOUT != 0);
    events
}

/// What `poll` answers.
pub(crate) fn mask(events: Events) -> c_int {
    let bit = |event, bit| if events.contains(event) { bit } else { 0 };
    let mask = bit(Events::IN, POLLIN) | bit(Events::OUT, POLLOUT) | bit(Events::ERR, POLLERR);
    mask.cast_signed()
}

/// The bytes on the wire, or 0 without room.
unsafe fn send(buf: *const c_void, len: usize, route: &Route) -> Result<isize, Failure> {
    let client = connection::current()?.client;
    if buf.is_null() {
        return Err(Failure::NULL);
    }
    match len {
        0 => return Err(Failure::INVALID),
        len if len > client.frame_capacity() => return Err(Failure::SIZE),
        _ => {}
    }
    // SAFETY: the caller has `len` bytes there.
    let given = unsafe { from_raw_parts(buf.cast::<u8>(), len) };
    let mut padded = [0; SHORTEST];
    let frame = match padded.get_mut(..len) {
        Some(start) => {
            start.copy_from_slice(given);
            &padded
        }
        None => given,
    };
    match client.send_to(frame, route, Wait::Never) {
        Ok(bytes) => {
            stats::count_alignment(bytes);
            Ok(signed(bytes))
        }
        Err(Error::WouldBlock) => {
            set_errno(Failure::WOULD_BLOCK);
            Ok(0)
        }
        Err(error) => Err(error.into()),
    }
}

/// The bytes of the frame, or 0 without one: a program that empties the queue goes on until it sees 0.
unsafe fn recv(
    buf: *mut c_void,
    len: usize,
    flags: c_int,
    label: impl FnOnce(Labels),
) -> Result<isize, Failure> {
    let client = connection::current()?.client;
    if buf.is_null() {
        return Err(Failure::NULL);
    }
    let room = len.min(client.frame_capacity());
    // SAFETY: the caller has room for `len` bytes there.
    let room = unsafe { from_raw_parts_mut(buf.cast::<u8>(), room) };
    let received = match flags & TRUNCATE {
        0 => client.recv_from(room, Wait::Never),
        _ => client.recv_truncated(room, Wait::Never),
    };
    match received {
        Ok(received) => {
            label(received.labels);
            Ok(signed(received.len.min(room.len())))
        }
        Err(Error::BufferTooSmall { .. }) => {
            set_errno(Failure::SIZE);
            Ok(RXBUF_SMALL)
        }
        Err(error @ (Error::WouldBlock | Error::NotConnected)) => {
            set_errno(error.into());
            Ok(0)
        }
        Err(error) => Err(error.into()),
    }
}

//! The functions of `mcm_dp.h` and `mcm_dp_ext.h`: check, convert, call, map the error.
//!
//! # Safety
//!
//! Callers are C programs. What is asked of them is what any C interface asks: pointers are null or
//! valid for their type, and a context is used only between its creation and its destruction. Null is
//! always caught. No panic leaves a function.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};
use std::mem::size_of;
use std::ptr::null_mut;
use std::sync::Arc;

use crate::abi::{Buffer, Context, IS_TX, Param, Stats};
use crate::connection::Connection;
use crate::create::{connect, usual_timeout};
use crate::failure::{Code, Failure, last, report};
use crate::payload::picture;
use crate::plan::Plan;

const MEMIF: u32 = 1;

/// `mcm_create_connection` of `mcm_dp.h`.
///
/// # Safety
/// `param` is null or points to an `mcm_conn_param`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn mcm_create_connection(param: *mut Param) -> *mut Context {
    // SAFETY: as the caller promises.
    created(|| unsafe { create(param, usual_timeout()?) })
}

/// `mcm_create_connection_timeout` of `mcm_dp_ext.h`.
///
/// # Safety
/// As [`mcm_create_connection`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn mcm_create_connection_timeout(
    param: *mut Param,
    timeout: c_int,
) -> *mut Context {
    // SAFETY: as the caller promises.
    created(|| unsafe { create(param, timeout) })
}

/// `mcm_destroy_connection` of `mcm_dp.h`.
///
/// # Safety
/// `context` is null or was created here, and is used by no call that begins from now on.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn mcm_destroy_connection(context: *mut Context) {
    if context.is_null() {
        return;
    }
    guarded((), || {
        // SAFETY: created here, by `Box::into_raw`, and destroyed once.
        let context = unsafe { Box::from_raw(context) };
        // SAFETY: `private` is the context's own share of the connection.
        let connection = unsafe { Arc::from_raw(context.private.cast::<Connection>()) };
        connection.destroy();
    });
}

/// `mcm_dequeue_buffer` of `mcm_dp.h`.
///
/// # Safety
/// `context` is null or a connection; `error_code` is null or points to an int.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn mcm_dequeue_buffer(
    context: *mut Context,
    timeout: c_int,
    error_code: *mut c_int,
) -> *mut Buffer {
    // SAFETY: null, or a connection.
    let function = unsafe { context.as_ref() }.and_then(|context| context.dequeue_buffer);
    match function {
        // SAFETY: as the caller promises.
        Some(function) => unsafe { function(context, timeout, error_code) },
        // SAFETY: this one takes null, too.
        None => unsafe { dequeue(context, timeout, error_code) },
    }
}

/// `mcm_enqueue_buffer` of `mcm_dp.h`.
///
/// # Safety
/// `context` is null or a connection. Any `buffer` will do.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn mcm_enqueue_buffer(
    context: *mut Context,
    buffer: *mut Buffer,
) -> c_int {
    // SAFETY: null, or a connection.
    let function = unsafe { context.as_ref() }.and_then(|context| context.enqueue_buffer);
    match function {
        // SAFETY: as the caller promises.
        Some(function) => unsafe { function(context, buffer) },
        // SAFETY: this one takes null, too.
        None => unsafe { enqueue(context, buffer) },
    }
}

/// `mcm_cancel_buffer` of `mcm_dp_ext.h`.
///
/// # Safety
/// As [`mcm_enqueue_buffer`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn mcm_cancel_buffer(
    context: *mut Context,
    buffer: *mut Buffer,
) -> c_int {
    // SAFETY: as the caller promises.
    done(|| unsafe { connection(context) }?.cancel(buffer))
}

/// `mcm_connection_fd` of `mcm_dp_ext.h`.
///
/// # Safety
/// `context` is null or a connection.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn mcm_connection_fd(context: *mut Context) -> c_int {
    // SAFETY: as the caller promises.
    let asked = || unsafe { connection(context) }?.descriptor();
    guarded(-1, || {
        asked().unwrap_or_else(|failure| {
            report(failure);
            -1
        })
    })
}

/// `mcm_connection_stats` of `mcm_dp_ext.h`.
///
/// # Safety
/// `context` is null or a connection; `stats` is null or has room for `size` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn mcm_connection_stats(
    context: *mut Context,
    stats: *mut Stats,
    size: usize,
) -> c_int {
    done(|| {
        // SAFETY: as the caller promises.
        let connection = unsafe { connection(context) }?;
        if stats.is_null() {
            return Err(Failure::invalid("stats is NULL"));
        }
        let (now, target) = (connection.stats(), stats.cast::<u8>());
        let known = size.min(size_of::<Stats>());
        // SAFETY: there is room for `size` bytes, of which these are the first.
        unsafe { target.copy_from_nonoverlapping((&raw const now).cast(), known) };
        // SAFETY: and these the others.
        unsafe { target.wrapping_add(known).write_bytes(0, size - known) };
        Ok(())
    })
}

/// `mcm_last_error` of `mcm_dp_ext.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn mcm_last_error() -> *const c_char {
    last()
}

unsafe extern "C-unwind" fn dequeue(
    context: *mut Context,
    timeout: c_int,
    error_code: *mut c_int,
) -> *mut Buffer {
    // SAFETY: null, or an int.
    let error_code = unsafe { error_code.as_mut() };
    let (buffer, code) = guarded((null_mut(), Code::Unknown as c_int), || {
        // SAFETY: null, or a connection.
        match unsafe { connection(context) }.and_then(|connection| connection.dequeue(timeout)) {
            Ok(buffer) => (buffer, 0),
            Err(failure) => (null_mut(), report(failure)),
        }
    });
    if let Some(error_code) = error_code {
        *error_code = code;
    }
    buffer
}

unsafe extern "C-unwind" fn enqueue(context: *mut Context, buffer: *mut Buffer) -> c_int {
    // SAFETY: null, or a connection.
    done(|| unsafe { connection(context) }?.enqueue(buffer))
}

/// The connection behind a context. It lives on until the call is over, also if the context is
/// destroyed meanwhile.
unsafe fn connection(context: *mut Context) -> Result<Arc<Connection>, Failure> {
    // SAFETY: null, or a connection.
    let private = unsafe { context.as_ref() }.map(|context| context.private.cast::<Connection>());
    let Some(private) = private.filter(|private| !private.is_null()) else {
        return Err(Failure::invalid("the connection is NULL"));
    };
    // SAFETY: `private` came from `Arc::into_raw`, and the context has its share of it.
    unsafe { Arc::increment_strong_count(private) };
    // SAFETY: the share that was just added.
    Ok(unsafe { Arc::from_raw(private) })
}

unsafe fn create(param: *mut Param, timeout: c_int) -> Result<*mut Context, Failure> {
    // SAFETY: null, or parameters. Copied: another thread may change them.
    let param = unsafe { param.as_ref() }.copied();
    let param = param.ok_or_else(|| Failure::invalid("param is NULL"))?;
    let plan = Plan::of(&param)?;
    let connection = Arc::new(connect(&plan, &param, timeout)?);
    Ok(Box::into_raw(Box::new(context(&plan, &param, connection))))
}

fn context(plan: &Plan, param: &Param, connection: Arc<Connection>) -> Context {
    let picture = picture(param);
    let packet = plan.payload.packet_size;
    let sampling = match packet {
        0 => 0,
        // SAFETY: a payload with packets is audio; and every pattern of bits is a value.
        _ => unsafe { param.payload_args.audio }.sampling,
    };
    Context {
        transfer: if plan.sends { IS_TX } else { param.transfer },
        proxy_sockfd: -1,
        session_id: 0,
        proto: MEMIF,
        private: Arc::into_raw(connection).cast(),
        width: picture.width,
        height: picture.height,
        fps: picture.fps,
        pix_fmt: picture.pix_fmt,
        frame_size: plan.payload.frame_size,
        sampling,
        st30_frame_size: packet,
        pkt_len: packet,
        dequeue_buffer: Some(dequeue),
        enqueue_buffer: Some(enqueue),
    }
}

fn created(create: impl FnOnce() -> Result<*mut Context, Failure> + Copy) -> *mut Context {
    guarded(null_mut(), || {
        capi_door::start_log("libmcm_dp");
        create().unwrap_or_else(|failure| {
            tracing::error!(text = ?failure.text, "no connection");
            report(failure);
            null_mut()
        })
    })
}

fn done(call: impl FnOnce() -> Result<(), Failure> + Copy) -> c_int {
    guarded(Code::Unknown as c_int, || match call() {
        Ok(()) => 0,
        Err(failure) => report(failure),
    })
}

/// Keeps a panic, which would be a defect here, from reaching the program, and a cancel from coming in between.
fn guarded<T: Copy>(otherwise: T, call: impl FnOnce() -> T + Copy) -> T {
    match capi_door::guarded(call) {
        Some(result) => result,
        None => defect(otherwise),
    }
}

fn defect<T: Copy>(otherwise: T) -> T {
    report(Failure::fixed(
        Code::Unknown,
        libc::EIO,
        c"a defect in libmcm_dp; MEMWIRE_LOG=error shows it",
    ));
    otherwise
}

//! Commands of `descsock_cntl` and its namesakes.
//!
//! C calls these with further arguments behind the command. On the machines that this library is for, those are passed as
//! any others.
//!
//! # Safety
//!
//! The argument is looked at only for commands that have one: a place for an int.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::os::fd::{AsFd, AsRawFd};

use crate::connection;
use crate::failure::Failure;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("whether further arguments are passed as any others here is not known");

/// `DESCSOCK_RECV_FD`: a descriptor that is readable while there is something to receive.
const RECV_FD: c_int = 0x4453_0001;
/// `DESCSOCK_SEND_FD`: a descriptor that is readable while there is room to send.
const SEND_FD: c_int = 0x4453_0002;

/// Carries a command out.
///
/// # Safety
/// The argument is null or a place for an int, if the command has one.
pub(crate) unsafe fn control(command: c_int, argument: *mut c_void) -> Result<(), Failure> {
    if ![RECV_FD, SEND_FD].contains(&command) {
        return Err(Failure::INVALID);
    }
    // SAFETY: as the caller promises.
    let place = unsafe { argument.cast::<c_int>().as_mut() };
    let place = place.ok_or(Failure::NULL)?;
    let client = connection::current()?.client;
    *place = match command {
        RECV_FD => client.as_fd().as_raw_fd(),
        _ => client.room_fd().as_raw_fd(),
    };
    Ok(())
}

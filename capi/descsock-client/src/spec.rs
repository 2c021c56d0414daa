//! What a program asks for when it opens.
//!
//! The structure has had two sizes, which cannot be told from a pointer:
//!
//! - the documented names take 1028 bytes, and so does `descsock_client_open_1028`, to which `descsock_client.h` leads
//!   programs that ask for a release before 1.2.0;
//! - `descsock_client_open` takes 1540 bytes. A program that was linked before 1.2.0 calls it with 1028: what follows
//!   its structure is something else, if it is mapped at all. So those bytes are fetched by the system, which does not
//!   fault, and what cannot be a name is not taken for one.
//!
//! # Safety
//!
//! Callers pass null or a pointer to a structure of the size that they say.
#![allow(unsafe_code)]

use std::ffi::{OsString, c_char};
use std::io::{Read, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use descsock::{Options, Wait};

use crate::abi::{NamedSpec, PATHLEN, Spec};
use crate::failure::Failure;
use crate::{signals, stats};
use capi_door::text;

/// What is asked for in 1028 bytes.
///
/// # Safety
/// `spec` is null or points to as many.
pub(crate) unsafe fn unnamed(spec: *const Spec) -> Result<Options, Failure> {
    // SAFETY: as the caller promises. Copied: another thread may change it.
    let spec = unsafe { spec.as_ref() }.copied();
    options(&spec.ok_or(Failure::NULL)?)
}

/// What is asked for in 1540 bytes, or in 1028 by an older program.
///
/// # Safety
/// `spec` is null or points to at least 1028 bytes.
pub(crate) unsafe fn named(spec: *const NamedSpec) -> Result<Options, Failure> {
    // SAFETY: as the caller promises, and the smaller structure begins the larger one.
    let options = unsafe { unnamed(spec.cast()) }?;
    let name = spec.cast::<u8>().wrapping_add(size_of::<Spec>());
    let name = fetch(name.cast()).and_then(|field| tenant(&field))?;
    Ok(options.tenant(OsString::from_vec(name)))
}

fn options(spec: &Spec) -> Result<Options, Failure> {
    let memory = path(&spec.dma_shmem_path)?;
    let doorbell = path(&spec.master_socket_path)?;
    let service = u32::try_from(spec.svc_id).map_err(|_| Failure::INVALID)?;
    let options = Options::new(doorbell, memory, service).wait(Wait::Forever);
    let options = options.on_worker_start(signals::leave_to_others);
    Ok(options.counters(stats::counters()))
}

fn path(field: &[c_char; PATHLEN]) -> Result<PathBuf, Failure> {
    let path = text(field).ok_or(Failure(libc::ENAMETOOLONG))?;
    if path.is_empty() {
        return Err(Failure::INVALID);
    }
    Ok(PathBuf::from(OsString::from_vec(path)))
}

/// The name in these bytes. Bytes that no name has are an older program's own.
fn tenant(field: &[u8]) -> Result<Vec<u8>, Failure> {
    let end = field.iter().position(|byte| *byte == 0);
    let name = &field[..end.unwrap_or(field.len())];
    let is_text = str::from_utf8(name).is_ok_and(|name| !name.contains(char::is_control));
    match end {
        _ if !is_text => Ok(Vec::new()),
        None if field.len() == PATHLEN => Err(Failure(libc::ENAMETOOLONG)),
        None => Ok(Vec::new()),
        Some(_) => Ok(name.to_vec()),
    }
}

/// As many of the bytes as are mapped: what is not is not written to the pipe.
fn fetch(start: *const libc::c_void) -> Result<Vec<u8>, Failure> {
    let os = |error: std::io::Error| Failure(error.raw_os_error().unwrap_or(libc::EIO));
    let (mut out, into) = pipe().map_err(os)?;
    // SAFETY: the system reads at most that many bytes, and says so if it cannot.
    let count = unsafe { libc::write(into.as_raw_fd(), start, PATHLEN) };
    drop(into);
    let mut field = Vec::new();
    if count > 0 {
        out.read_to_end(&mut field).map_err(os)?;
    }
    Ok(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(start: &[u8]) -> Vec<u8> {
        let mut field = start.to_vec();
        field.resize(PATHLEN, 0);
        field
    }

    #[test]
    fn a_name_is_taken_and_what_cannot_be_one_is_not() {
        for name in ["tap0", "the second tap", "gerät"] {
            assert_eq!(tenant(&field(name.as_bytes())), Ok(name.into()));
        }
        assert_eq!(tenant(&field(b"")), Ok(Vec::new()));
        assert_eq!(tenant(&field(b"\x7f\x01\xff")), Ok(Vec::new()));
        assert_eq!(tenant(b"cut off by the end of memory"), Ok(Vec::new()));
        assert_eq!(tenant(&[b'n'; PATHLEN]), Err(Failure(libc::ENAMETOOLONG)));
    }

    #[test]
    fn memory_that_is_not_mapped_is_nothing_and_no_fault() {
        assert_eq!(fetch(std::ptr::without_provenance(4096)), Ok(Vec::new()));
        let bytes = field(b"here");
        assert_eq!(fetch(bytes.as_ptr().cast()), Ok(bytes));
    }
}

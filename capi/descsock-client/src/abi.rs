//! The structures of `descsock.h` and `descsock_client.h` as they lie in memory on 64-bit Linux, and proof that they do.

use std::ffi::{c_char, c_int};

use capi_door::layout;

/// `DESCSOCK_PATHLEN` and `DESCSOCK_CLIENT_PATHLEN`.
pub(crate) const PATHLEN: usize = 512;

/// `DESCSOCK_NONBLOCK`, a flag of the documented calls.
pub(crate) const NONBLOCK: c_int = 1;
/// `DSK_FLAG_TRUNCATE_PKT`, a flag of the released receive calls.
pub(crate) const TRUNCATE: c_int = 1;
/// `DSK_FLAG_RXBUF_SMALL`.
pub(crate) const RXBUF_SMALL: isize = -99;

/// `DESCSOCK_POLLIN` and so on.
pub(crate) const POLLIN: u32 = 1 << 0;
pub(crate) const POLLOUT: u32 = 1 << 1;
pub(crate) const POLLERR: u32 = 1 << 31;

/// `descsock_client_spec_t` as documented, and before 1.2.0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Spec {
    pub(crate) dma_shmem_path: [c_char; PATHLEN],
    pub(crate) master_socket_path: [c_char; PATHLEN],
    pub(crate) svc_id: c_int,
}

/// `descsock_client_spec_t` since 1.2.0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct NamedSpec {
    pub(crate) spec: Spec,
    pub(crate) tenant_name: [c_char; PATHLEN],
}

/// `dsk_ifh_fields_t` since 1.5.0. What C calls a bool is a byte here: a program may write anything into it.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Ifh {
    pub(crate) did: u32,
    pub(crate) sid: u32,
    pub(crate) sep: u32,
    pub(crate) svc: u32,
    pub(crate) qos_tier: u32,
    pub(crate) nti: u32,
    pub(crate) dm: u32,
    pub(crate) directed: u8,
}

/// `dsk_ifh_fields_t` from 1.3.1 on.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct IfhWithoutSid {
    pub(crate) did: u32,
    pub(crate) sep: u32,
    pub(crate) svc: u32,
    pub(crate) qos_tier: u32,
    pub(crate) nti: u32,
    pub(crate) dm: u32,
    pub(crate) directed: u8,
}

layout!(Spec, 1028: dma_shmem_path 0, master_socket_path 512, svc_id 1024);
layout!(NamedSpec, 1540: spec 0, tenant_name 1028);
layout!(Ifh, 32: did 0, sid 4, sep 8, svc 12, qos_tier 16, nti 20, dm 24, directed 28);
layout!(IfhWithoutSid, 28: did 0, sep 4, svc 8, qos_tier 12, nti 16, dm 20, directed 24);

//! What a client asks for on the doorbell, in whichever form it came.

use core::mem::size_of;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::bytes::{ConnectBytes, SystemBytes};
use crate::header::{Header, RequestKind};
use crate::{Extras, Layout, Limits, Mapping, Svc, Text, Version, Violation};

/// A request on the doorbell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The text form, or CONN_REQ_SYSTEM: what all known clients send.
    Register(Registration),
    /// CONN_REQ, which names a tenant but no file.
    Connect(ConnectRequest),
    /// GET_INFO_REQ: which tenant and services is this doorbell for?
    Info {
        /// The version of its header.
        version: Version,
    },
}

/// The form in which a registration came, which decides how it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Text: no answer but the eight sockets.
    Text,
    /// Binary: 280 bytes of answer, then the eight sockets.
    Binary {
        /// The version of its header, which the answer repeats.
        version: Version,
    },
}

impl Form {
    /// The layout of this client's descriptors, if its form tells; text clients of both layouts exist.
    pub const fn layout(self) -> Option<Layout> {
        match self {
            Form::Text => None,
            Form::Binary { .. } => Some(Layout::B),
        }
    }
}

/// A client's registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Text or binary.
    pub form: Form,
    /// Path of the shared file in the client's view, never empty. Nobody has looked whether it exists.
    pub path: Text,
    /// Where the client has mapped the file, and how many bytes; the file may be shorter.
    pub mapping: Mapping,
    /// Endpoints asked for; 0 or 1 with the default [`Limits`], and the client awaits one either way.
    pub num_sep: u32,
    /// The client's process id as it claims it. Text clients say 1.
    pub pid: u32,
    /// The service to register with.
    pub service_id: Svc,
    /// The tenant's name; empty in the text form.
    pub service_name: Text,
    /// What the client offers besides; nothing in the text form, and with strangers.
    pub extras: Extras,
}

/// CONN_REQ: a registration without a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectRequest {
    /// The version of its header, which the answer repeats.
    pub version: Version,
    /// The tenant.
    pub tenant_id: u32,
    /// Where the client has mapped its file, and how many bytes.
    pub mapping: Mapping,
    /// Endpoints asked for.
    pub num_sep: u32,
    /// The client's process id as it claims it.
    pub pid: u32,
}

impl Request {
    /// The request in `message`, which must have the size of its kind.
    pub(crate) fn decode(
        kind: RequestKind,
        header: Header,
        message: &[u8],
        limits: &Limits,
    ) -> Result<Request, Violation> {
        let version = header.version;
        match kind {
            RequestKind::Info => Ok(Request::Info { version }),
            RequestKind::Connect => {
                connect(version, whole(header, message)?, limits).map(Request::Connect)
            }
            RequestKind::System => {
                system(version, whole(header, message)?, limits).map(Request::Register)
            }
        }
    }
}

/// The service a registration asks for, if a descriptor can name it.
pub(crate) fn service(claimed: u64) -> Result<Svc, Violation> {
    let svc = u32::try_from(claimed).ok();
    let svc = svc.and_then(|number| Svc::new(number).ok());
    svc.ok_or(Violation::Service {
        got: claimed,
        limit: Svc::MAX.value().into(),
    })
}

/// The endpoints a registration asks for, if there are as many.
pub(crate) fn endpoints(claimed: u32, limits: &Limits) -> Result<u32, Violation> {
    if claimed > limits.seps {
        return Err(Violation::Endpoints {
            got: claimed,
            limit: limits.seps,
        });
    }
    Ok(claimed)
}

/// The path of a registration, if it has one.
pub(crate) fn path(field: &[u8]) -> Result<Text, Violation> {
    let path = Text::new(field);
    if path.is_empty() {
        return Err(Violation::EmptyPath);
    }
    Ok(path)
}

/// `message` as the bytes of its type.
fn whole<T>(header: Header, message: &[u8]) -> Result<&T, Violation>
where
    T: FromBytes + KnownLayout + Immutable + Unaligned,
{
    T::ref_from_bytes(message).map_err(|_| Violation::RequestLength {
        kind: header.kind,
        got: header.length,
        due: size_of::<T>(),
    })
}

fn connect(
    version: Version,
    bytes: &ConnectBytes,
    limits: &Limits,
) -> Result<ConnectRequest, Violation> {
    Ok(ConnectRequest {
        version,
        tenant_id: bytes.tenant_id.get(),
        mapping: Mapping::within(bytes.base.get(), bytes.length.get(), limits)?,
        num_sep: endpoints(bytes.num_sep.get(), limits)?,
        pid: bytes.pid.get(),
    })
}

fn system(
    version: Version,
    bytes: &SystemBytes,
    limits: &Limits,
) -> Result<Registration, Violation> {
    Ok(Registration {
        form: Form::Binary { version },
        path: path(&bytes.path)?,
        mapping: Mapping::within(bytes.base.get(), bytes.length.get().into(), limits)?,
        num_sep: endpoints(bytes.num_sep.get(), limits)?,
        pid: bytes.pid.get(),
        service_id: service(bytes.svc_ids[0].get().into())?,
        service_name: Text::new(&bytes.service_name),
        extras: Extras::behind_path(&bytes.path),
    })
}

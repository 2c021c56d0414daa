//! What a program's parameters ask for, checked.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use capi_door::text;
use memif::{Address, Role};

use crate::abi::{IS_RX, IS_TX, Param};
use crate::failure::{Code, Failure};
use crate::payload::Payload;

/// Where the sides meet when a program does not say.
const DEFAULT_SOCKET: &str = "/run/mcm/mcm_rx_memif.sock";

/// The environment's way to configure a media proxy.
const PROXY: [&str; 2] = ["MCM_MEDIA_PROXY_IP", "MCM_MEDIA_PROXY_PORT"];

/// A connection to be made.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) sends: bool,
    pub(crate) role: Role,
    pub(crate) address: Address,
    pub(crate) id: u32,
    /// Of the application and of its interface, as shown to the peer.
    pub(crate) name: String,
    pub(crate) payload: Payload,
}

impl Plan {
    pub(crate) fn of(param: &Param) -> Result<Self, Failure> {
        check_protocol(param.protocol)?;
        let sends = match param.transfer {
            IS_TX => true,
            IS_RX => false,
            other => {
                return Err(Failure::invalid(format!(
                    "type {other} does not exist: it is is_tx (0) or is_rx (1)"
                )));
            }
        };
        let interface = &param.memif_interface;
        Ok(Self {
            sends,
            role: match interface.is_master {
                0 => Role::Client,
                _ => Role::Server,
            },
            address: address(param)?,
            id: interface.interface_id,
            name: name(sends, param),
            payload: Payload::of(param)?,
        })
    }
}

fn check_protocol(protocol: u32) -> Result<(), Failure> {
    const NAMES: [&str; 6] = [
        "PROTO_AUTO",
        "PROTO_MEMIF",
        "PROTO_UDP",
        "PROTO_TCP",
        "PROTO_HTTP",
        "PROTO_GRPC",
    ];
    let is_set = |name: &&&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let proxy = || PROXY.iter().find(is_set);
    let refused = |text: String| {
        tracing::error!("{text}");
        Err(Failure::new(
            Code::InvalidParam,
            libc::EPROTONOSUPPORT,
            text,
        ))
    };
    match (protocol, proxy()) {
        (1, _) | (0, None) => Ok(()),
        (0, Some(name)) => refused(format!(
            "PROTO_AUTO means the media proxy where {name} is set, and this library speaks to none: \
             unset it, or ask for PROTO_MEMIF"
        )),
        (number, _) => {
            let name = usize::try_from(number).ok().and_then(|at| NAMES.get(at));
            refused(format!(
                "protocol {} ({number}) is not supported: this library shares memory between \
                 processes of one node, with PROTO_MEMIF (1) or PROTO_AUTO (0)",
                name.unwrap_or(&"unknown")
            ))
        }
    }
}

fn address(param: &Param) -> Result<Address, Failure> {
    let field = &param.memif_interface.socket_path;
    let mut path = text(field).ok_or_else(|| {
        let most = field.len() - 1;
        Failure::invalid(format!(
            "socket_path has no end: at most {most} bytes and a NUL"
        ))
    })?;
    if path.is_empty() {
        path = DEFAULT_SOCKET.into();
    }
    // Not Address::parse: what is no path here is "@name" and nothing else.
    Ok(match path.strip_prefix(b"@") {
        Some([]) => {
            return Err(Failure::invalid(
                "socket_path \"@\" is an abstract name without a name",
            ));
        }
        Some(name) => Address::Abstract(name.to_vec()),
        None => Address::Path(PathBuf::from(OsString::from_vec(path))),
    })
}

/// `memif_tx_9001`: direction and local port, at most 14 bytes.
fn name(sends: bool, param: &Param) -> String {
    let port = text(&param.local_addr.port).unwrap_or_default();
    let digits = port.iter().take_while(|byte| byte.is_ascii_digit());
    let digits: String = digits.map(|&byte| char::from(byte)).collect();
    let port: u32 = digits.parse().unwrap_or(0);
    format!("memif_{}_{port}", if sends { "tx" } else { "rx" })
}

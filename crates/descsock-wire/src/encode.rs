//! The client's end of the doorbell: requests as bytes, in both forms.

use alloc::format;
use alloc::vec::Vec;

use crate::bytes::{ConnectBytes, SystemBytes};
use crate::header::RequestKind;
use crate::{ConnectRequest, Registration, Request, Text, Version};

/// To how many bytes a text registration is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextSize {
    /// 256 bytes, as the oldest clients do.
    Short = 256,
    /// 512 bytes, as clients do since August 2019.
    Long = 512,
}

/// A registration that its form cannot express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misuse {
    /// The path does not fit its field and a NUL.
    #[error("path has {bytes} bytes, at most {limit} fit")]
    PathTooLong {
        /// Bytes of the path.
        bytes: usize,
        /// Bytes that fit.
        limit: usize,
    },
    /// A newline would end the path's line.
    #[error("path has a newline at byte {at}, which the text form cannot express")]
    PathNewline {
        /// Where it is.
        at: usize,
    },
    /// The service name does not fit its field and a NUL.
    #[error("service name has {bytes} bytes, at most {limit} fit")]
    NameTooLong {
        /// Bytes of the name.
        bytes: usize,
        /// Bytes that fit.
        limit: usize,
    },
    /// The text form has no field for a name.
    #[error("service name has {bytes} bytes, the text form has no name")]
    NameInText {
        /// Bytes of the name.
        bytes: usize,
    },
    /// The text and its NUL do not fit the padding.
    #[error("text registration has {bytes} bytes with its NUL, at most {limit} fit")]
    TextTooLong {
        /// Bytes of the text.
        bytes: usize,
        /// Bytes that fit.
        limit: usize,
    },
    /// The mapping's length has more than 32 bits.
    #[error(
        "mapping has {length} bytes, CONN_REQ_SYSTEM can say at most {}",
        u32::MAX
    )]
    MappingTooLong {
        /// Bytes of the mapping.
        length: u64,
    },
}

impl Registration {
    /// The text form, whatever [`form`](Registration::form) says: a NUL behind the text, zeros to 256 or 512 bytes. It
    /// offers no extras.
    ///
    /// # Errors
    /// [`Misuse`] if the text does not fit, the path has a newline or there is a service name.
    pub fn encode_text(&self, size: TextSize) -> Result<Vec<u8>, Misuse> {
        let path = self.path.as_bytes();
        if let Some(at) = path.iter().position(|&byte| byte == b'\n') {
            return Err(Misuse::PathNewline { at });
        }
        if !self.service_name.is_empty() {
            let bytes = self.service_name.as_bytes().len();
            return Err(Misuse::NameInText { bytes });
        }
        let mut text = [b"path=", path].concat();
        text.extend_from_slice(self.lines_after_path().as_bytes());
        let (bytes, limit) = (text.len(), size as usize);
        if bytes > limit {
            return Err(Misuse::TextTooLong { bytes, limit });
        }
        text.resize(limit, 0);
        Ok(text)
    }

    /// CONN_REQ_SYSTEM, version 2, whatever [`form`](Registration::form) says. Zeros behind the NULs, and in all
    /// `svc_ids` but the first; behind the path its [`extras`](Registration::extras), if there is room for them.
    ///
    /// # Errors
    /// [`Misuse`] if path or name do not fit their fields, or the mapping has more than `u32::MAX` bytes.
    pub fn encode_system(&self) -> Result<[u8; 1356], Misuse> {
        let length = self.mapping.length();
        let length = u32::try_from(length).map_err(|_| Misuse::MappingTooLong { length })?;
        let mut path =
            field(&self.path).map_err(|(bytes, limit)| Misuse::PathTooLong { bytes, limit })?;
        self.extras.put_behind_path(&mut path);
        let service_name = field(&self.service_name)
            .map_err(|(bytes, limit)| Misuse::NameTooLong { bytes, limit })?;
        let mut svc_ids = [0.into(); 64];
        svc_ids[0] = u32::from(self.service_id).into();
        Ok(zerocopy::transmute!(SystemBytes {
            header: RequestKind::System.header(Version::V2).to_bytes(),
            service_name,
            base: self.mapping.base().into(),
            length: length.into(),
            num_sep: self.num_sep.into(),
            pid: self.pid.into(),
            path,
            svc_ids,
        }))
    }

    fn lines_after_path(&self) -> alloc::string::String {
        format!(
            "\nbase={}\nlength={}\nnum_sep={}\npid={}\nsvc_ids={}\n\n\0",
            self.mapping.base(),
            self.mapping.length(),
            self.num_sep,
            self.pid,
            self.service_id,
        )
    }
}

impl ConnectRequest {
    /// CONN_REQ.
    pub fn encode(&self) -> [u8; 44] {
        zerocopy::transmute!(ConnectBytes {
            header: RequestKind::Connect.header(self.version).to_bytes(),
            tenant_id: self.tenant_id.into(),
            base: self.mapping.base().into(),
            length: self.mapping.length().into(),
            num_sep: self.num_sep.into(),
            pid: self.pid.into(),
        })
    }
}

impl Request {
    /// GET_INFO_REQ.
    pub fn encode_info(version: Version) -> [u8; 16] {
        zerocopy::transmute!(RequestKind::Info.header(version).to_bytes())
    }
}

/// A text in its field, zeros behind it; or its length and what would fit beside a NUL.
fn field<const N: usize>(text: &Text) -> Result<[u8; N], (usize, usize)> {
    let text = text.as_bytes();
    let mut field = [0; N];
    match field.get_mut(..text.len()) {
        Some(start) if text.len() < N => start.copy_from_slice(text),
        _ => return Err((text.len(), N - 1)),
    }
    Ok(field)
}

//! What an agent accepts from a client before it says no.

/// Caps on what one registration claims, checked before anything of it is acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes within which a text registration must reach its blank line.
    pub text_bytes: usize,
    /// Bytes of the client's mapping, which the agent may have to extend the file to.
    pub mapping_bytes: u64,
    /// Endpoints a client may ask for. There is one set of eight sockets to give.
    pub seps: u32,
}

impl Default for Limits {
    /// 512 bytes, the larger of the two paddings of the text form; 4 GiB; one endpoint.
    fn default() -> Limits {
        Limits {
            text_bytes: 512,
            mapping_bytes: 4 << 30,
            seps: 1,
        }
    }
}

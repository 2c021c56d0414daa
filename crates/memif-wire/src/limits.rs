//! What a server accepts from a client before it says no.

/// Caps on one client's offer, checked before anything of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Regions of one client.
    pub regions: u16,
    /// Rings of one client in each direction, whatever the interface's terms say.
    pub rings_each_way: u16,
    /// Bytes of all regions of one client together.
    pub bytes: u64,
}

impl Default for Limits {
    /// What HELLO announces, 256 regions and 256 rings each way, and 64 GiB.
    fn default() -> Limits {
        Limits {
            regions: 256,
            rings_each_way: 256,
            bytes: 64 << 30,
        }
    }
}

//! What an honest peer is, says and has; each field can be made a lie.

use super::bytes::Manner;
use super::datagrams::{Hello, Init};
use super::layout::Layout;

/// What a client is and has when it is honest.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Who it says it is.
    pub init: Init,
    /// Name of its interface.
    pub if_name: Vec<u8>,
    /// How its memory looks.
    pub layout: Layout,
    /// What it leaves in padding.
    pub manner: Manner,
}

impl Setup {
    /// An honest client for one interface id.
    pub fn new(id: u32) -> Setup {
        let mut setup = Setup::default();
        setup.init.id = id;
        setup.if_name = "raw0".into();
        setup
    }

    /// The same with another geometry.
    pub fn with_layout(mut self, change: impl FnOnce(&mut Layout)) -> Setup {
        change(&mut self.layout);
        self
    }

    /// The same with another manner.
    pub fn with_manner(mut self, manner: Manner) -> Setup {
        self.manner = manner;
        self
    }
}

/// How far a handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The socket is connected.
    Socket,
    /// HELLO has come.
    Hello,
    /// INIT is acknowledged.
    Init,
    /// All regions are acknowledged.
    Regions,
    /// All rings are acknowledged.
    Rings,
    /// CONNECTED has come and all receive buffers are posted.
    Up,
}

/// What a server says when it is honest.
#[derive(Clone, Debug)]
pub struct ServerSetup {
    /// Its first message.
    pub hello: Hello,
    /// Name of its interface.
    pub if_name: Vec<u8>,
    /// What it leaves in padding.
    pub manner: Manner,
    /// Bytes of a ring's header line: 64, or 128 as on aarch64.
    pub line: usize,
    /// Asks for the client's credentials with every message, as C servers do.
    pub wants_credentials: bool,
}

impl Default for ServerSetup {
    fn default() -> Self {
        ServerSetup {
            hello: Hello::default(),
            if_name: "raw server 0".into(),
            manner: Manner::TIDY,
            line: 64,
            wants_credentials: true,
        }
    }
}

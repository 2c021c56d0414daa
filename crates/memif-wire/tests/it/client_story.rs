//! A server, its interface, and a client that sends what it likes.

use memif_wire::{
    AddRegion, AddRing, Direction, Limits, Message, Server, ServerEvent, State, Violation,
};

use crate::honest::{ALLOWED, Interface, NOW, init, name, ring, server};

/// A server, its interface, and a client that sends what it likes.
pub(crate) struct Story {
    pub(crate) server: Server,
    pub(crate) interface: Interface,
}

impl Story {
    /// Before INIT.
    pub(crate) fn new() -> Story {
        Story {
            server: server(),
            interface: Interface::default(),
        }
    }

    /// Before INIT, with other limits.
    pub(crate) fn limited(limits: Limits) -> Story {
        let server = Server::new(name("server"), limits, ALLOWED, NOW);
        Story {
            server,
            ..Story::new()
        }
    }

    /// After INIT and region 0.
    pub(crate) fn with_a_region_of(size: u64) -> Story {
        Story::new().after(&[
            Message::Init(init()),
            Message::AddRegion(AddRegion { index: 0, size }),
        ])
    }

    pub(crate) fn after(mut self, messages: &[Message]) -> Story {
        for message in messages {
            self.receive(message).unwrap();
        }
        self
    }

    pub(crate) fn receive(&mut self, message: &Message) -> Result<Option<ServerEvent>, Violation> {
        self.receive_bytes(&message.encode(), message.carries_fd())
    }

    pub(crate) fn receive_bytes(
        &mut self,
        bytes: &[u8],
        has_fd: bool,
    ) -> Result<Option<ServerEvent>, Violation> {
        self.server
            .receive(bytes, has_fd, &mut self.interface)
            .map(|step| step.event)
    }

    /// Sends `message` and expects the server to end over it.
    pub(crate) fn breaks(mut self, message: &Message) -> Violation {
        let violation = self.receive(message).unwrap_err();
        assert_eq!(self.server.state(), State::Ended);
        violation
    }
}

pub(crate) fn s2m(ring: AddRing) -> Message {
    Message::AddRing(AddRing {
        direction: Direction::S2m,
        index: 0,
        ..ring
    })
}

pub(crate) fn established() -> Story {
    Story::with_a_region_of(1 << 20).after(&[
        Message::AddRing(ring(Direction::S2m, 0)),
        Message::Connect(name("client if")),
    ])
}

//! Who is at the other end.

use memif_wire::{Features, Name, Tag};

use crate::Credentials;

/// The process at the other end of a link, as it presented itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The name of its application.
    pub name: String,
    /// The name of its interface.
    pub if_name: String,
    /// Its process, user and group, as the kernel says.
    pub credentials: Option<Credentials>,
    /// What it says of itself, when it is one of our own.
    pub tag: Option<Tag>,
}

impl Peer {
    pub(crate) fn new(name: &Name, if_name: &Name, credentials: Option<Credentials>) -> Self {
        // Of the two tags the interface's is the more exact: a server says its name before it knows which link is meant.
        let tag = if_name.tag().or(name.tag());
        Self {
            name: name.text(),
            if_name: if_name.text(),
            credentials,
            tag,
        }
    }

    /// Whether it is one of our own.
    pub fn is_ours(&self) -> bool {
        self.tag.is_some()
    }

    /// Whether it understands all of these extras.
    pub fn understands(&self, features: Features) -> bool {
        self.tag.is_some_and(|tag| tag.features.contains(features))
    }
}

//! The agent's end of the doorbell: from bytes in any pieces to [`Request`]s.

use alloc::vec::Vec;
use core::mem::size_of;

use zerocopy::FromBytes;

use crate::bytes::HeaderBytes;
use crate::header::{Header, RequestKind};
use crate::{End, Limits, Request, Violation, text_form};

/// What a piece of the stream led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The request is not whole yet.
    NeedMore,
    /// A request is whole.
    Complete {
        /// What the client asks for; all its numbers are checked.
        request: Request,
        /// Bytes of this piece that belong to it. What follows is to be fed again. After a text registration nothing
        /// follows: its padding counts as part of it.
        used: usize,
    },
    /// The piece was padding of a text registration, or something else a text client has no business saying.
    Discarded,
}

/// Reads one client's doorbell stream.
///
/// It holds at most 1356 bytes, or [`Limits::text_bytes`] if that is more, and after a [`Violation`] it has ended:
/// whatever else is fed brings the same violation again. A client that registers slowly is not its business; the
/// caller has the clock.
#[derive(Clone, Debug)]
pub struct Decoder {
    limits: Limits,
    held: Vec<u8>,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Nobody has registered yet.
    Open,
    /// Registered in binary; questions may follow.
    Registered,
    /// Registered in text: nothing follows.
    Discarding,
    Ended(Violation),
}

impl Decoder {
    /// A decoder for a connection just accepted.
    pub fn new(limits: Limits) -> Decoder {
        Decoder {
            limits,
            held: Vec::new(),
            state: State::Open,
        }
    }

    /// Takes the next bytes of the stream. At most one request comes of them.
    ///
    /// # Errors
    /// The [`Violation`] of the client, the same one however the stream was cut.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Progress, Violation> {
        let advanced = match &self.state {
            State::Discarding => return Ok(Progress::Discarded),
            State::Ended(violation) => return Err(violation.clone()),
            State::Open | State::Registered => self.advance(bytes),
        };
        advanced.inspect_err(|violation| {
            self.held = Vec::new();
            self.state = State::Ended(violation.clone());
        })
    }

    /// Bytes held of a request that is not whole: at the end of the stream, whether it broke off.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn advance(&mut self, bytes: &[u8]) -> Result<Progress, Violation> {
        let mut rest = bytes;
        if !self.hold(&mut rest, text_form::OPENING.len()) {
            return Ok(Progress::NeedMore);
        }
        match self.held.starts_with(text_form::OPENING) {
            true => self.text(rest, bytes.len()),
            false => self.binary(rest, bytes.len()),
        }
    }

    fn text(&mut self, mut rest: &[u8], offered: usize) -> Result<Progress, Violation> {
        let full = self.hold(&mut rest, self.limits.text_bytes);
        match text_form::parse(&self.held, &self.limits)? {
            Some(registration) => self.complete(Request::Register(registration), offered),
            None if full => Err(Violation::EndlessText {
                limit: self.limits.text_bytes,
            }),
            None => Ok(Progress::NeedMore),
        }
    }

    fn binary(&mut self, mut rest: &[u8], offered: usize) -> Result<Progress, Violation> {
        if !self.hold(&mut rest, size_of::<HeaderBytes>()) {
            return Ok(Progress::NeedMore);
        }
        let Ok((bytes, _)) = HeaderBytes::read_from_prefix(&self.held) else {
            return Ok(Progress::NeedMore);
        };
        let header = Header::check(End::Client, bytes)?;
        let kind = RequestKind::check(header)?;
        if !self.hold(&mut rest, kind.size()) {
            return Ok(Progress::NeedMore);
        }
        let request = Request::decode(kind, header, &self.held, &self.limits)?;
        self.complete(request, offered - rest.len())
    }

    /// Moves bytes from `rest` until `len` are held. Returns whether they are.
    fn hold(&mut self, rest: &mut &[u8], len: usize) -> bool {
        let missing = len.saturating_sub(self.held.len()).min(rest.len());
        let (taken, left) = rest.split_at(missing);
        self.held.extend_from_slice(taken);
        *rest = left;
        self.held.len() >= len
    }

    fn complete(&mut self, request: Request, used: usize) -> Result<Progress, Violation> {
        self.state = self.after(&request)?;
        self.held.clear();
        Ok(Progress::Complete { request, used })
    }

    fn after(&self, request: &Request) -> Result<State, Violation> {
        let registered = matches!(self.state, State::Registered);
        match request {
            Request::Info { .. } if registered => Ok(State::Registered),
            Request::Info { .. } => Ok(State::Open),
            _ if registered => Err(Violation::SecondRegistration),
            Request::Register(one) if one.form == crate::Form::Text => Ok(State::Discarding),
            _ => Ok(State::Registered),
        }
    }
}

//! One end of a handover by hand: lines of the control socket, then parcels.

use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde_json::{Value, json};

/// What one parcel has: its text, and its descriptors.
pub(crate) type Parcel = (Value, Vec<OwnedFd>);

pub(crate) struct Hand(pub(crate) UnixStream);

impl Hand {
    pub(crate) fn over(stream: UnixStream) -> Self {
        let long = Some(Duration::from_secs(30));
        stream.set_read_timeout(long).expect("a timeout");
        stream.set_write_timeout(long).expect("a timeout");
        Self(stream)
    }

    /// Asks an agent to hand over; what it says.
    pub(crate) fn ask(control: &Path, formats: &[u32]) -> (Self, Value) {
        let stream = UnixStream::connect(control).expect("the agent listens");
        let mut hand = Self::over(stream);
        let ask = json!({"take-over": {"formats": formats, "version": "9.9.9"}});
        let line = format!("{}\n", json!({"v": 1, "ask": ask}));
        hand.0.write_all(line.as_bytes()).expect("asked");
        let answer = hand.line();
        (hand, answer)
    }

    /// One that was told yes, and has said that it is ready.
    pub(crate) fn ready(control: &Path) -> Self {
        let (mut hand, answer) = Self::ask(control, &[1]);
        assert_eq!(answer["ok"]["take-over"]["format"], 1, "{answer}");
        hand.say(&json!("ready"), &[]);
        hand
    }

    pub(crate) fn line(&mut self) -> Value {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while line.last() != Some(&b'\n') {
            self.0.read_exact(&mut byte).expect("a line");
            line.push(byte[0]);
        }
        serde_json::from_slice(&line).expect("an object")
    }

    pub(crate) fn say(&mut self, what: &Value, descriptors: &[OwnedFd]) {
        let body = what.to_string().into_bytes();
        let numbers = [body.len() as u32, descriptors.len() as u32].map(u32::to_le_bytes);
        let bytes = [numbers.concat(), body].concat();
        // Whether anybody still listens is not this one's business.
        let _ = self.0.write_all(&bytes);
        if !descriptors.is_empty() {
            let descriptors: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(64))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            control.push(SendAncillaryMessage::ScmRights(&descriptors));
            let flags = SendFlags::NOSIGNAL;
            let _ = sendmsg(&self.0, &[IoSlice::new(&[0])], &mut control, flags);
        }
    }

    /// The next parcel; `None` at the end.
    pub(crate) fn hear(&mut self) -> Option<Parcel> {
        let mut numbers = [0; 8];
        self.0.read_exact(&mut numbers).ok()?;
        let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| numbers[at + byte]));
        let mut body = vec![0; number(0) as usize];
        self.0.read_exact(&mut body).expect("all of it");
        let what = serde_json::from_slice(&body).expect("JSON");
        let descriptors = match number(4) {
            0 => Vec::new(),
            due => self.take(due as usize),
        };
        Some((what, descriptors))
    }

    /// All parcels up to the end of them.
    pub(crate) fn hear_all(&mut self) -> Vec<Parcel> {
        let mut all = Vec::new();
        loop {
            let parcel = self.hear().expect("another one");
            let is_last = parcel.0.get("end").is_some();
            all.push(parcel);
            if is_last {
                return all;
            }
        }
    }

    fn take(&self, due: usize) -> Vec<OwnedFd> {
        let mut byte = [0];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(64))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let parts = &mut [IoSliceMut::new(&mut byte)];
        recvmsg(&self.0, parts, &mut control, RecvFlags::CMSG_CLOEXEC).expect("descriptors");
        let rights = control.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        });
        let descriptors: Vec<OwnedFd> = rights.flatten().collect();
        assert_eq!(descriptors.len(), due);
        descriptors
    }
}

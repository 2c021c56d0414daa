//! What users of links rely on, seen from outside, topic by topic.

#![cfg(feature = "testing")]

mod harness;
mod hostile;
mod lifecycle;
mod waiting;

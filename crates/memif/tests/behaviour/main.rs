//! What users of links rely on, seen from outside, topic by topic.

#![cfg(feature = "testing")]

mod arriving;
mod churn;
mod closing;
mod epochs;
mod given;
mod harness;
mod hostile;
mod limits;
mod queues;
mod resources;
mod sharing;
mod staging;
#[cfg(feature = "tokio")]
mod tasks;
mod waiting;

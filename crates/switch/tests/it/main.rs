//! The switch, judged from outside the crate.

mod directed;
mod flows;
mod forgetting;
mod header_properties;
mod learning;
mod link_local;
mod mirrors;
mod model;
mod moves;
mod net;
mod policies;
mod properties;
mod restoring;
mod texts;
mod twins;

//! The descsock wire, judged from outside the crate.

mod answers;
mod arbitrary;
mod binary_registration;
mod doorbell_properties;
mod encoding;
mod extras;
mod laden_descriptors;
mod samples;
mod stream_properties;
mod text_registration;
mod texts;

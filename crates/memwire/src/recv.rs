//! `memwire recv`: video out of a link into a file, a pipe, or nothing but a verdict.

mod form;
mod take;

//! The `memwire` command as a user meets it: real processes, real files, real pipes.

mod crash;
mod demo;
mod misuse;
mod program;
mod refusal;
mod stranger;
mod stream;

//! `memwire agent` and the commands that ask it, as a user meets them: real processes, real tenants.

#[allow(dead_code, reason = "shared with the tests of the other commands")]
#[path = "../cli/program.rs"]
mod program;

mod capture;
mod commands;
mod daemon;
mod reload;
mod service;
mod users;

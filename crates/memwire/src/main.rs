//! The `memwire` command.
fn main() {}

//! The C programs of `examples/c`, the installed library and the guide, as a user meets them.

mod built;
mod ending;
mod exchange;
mod guide;
mod install;
mod misuse;
mod packages;
mod program;
mod roles;
mod seed;
mod tenants;

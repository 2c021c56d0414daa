//! The C programs of `examples/c`, the installed libraries and the guides, as a user meets them.

mod built;
mod ending;
mod exchange;
mod guide;
mod guide_descsock;
mod guide_mcm_dp;
mod install;
mod misuse;
mod packages;
mod program;
mod roles;
mod seed;
mod tap_tenants;
mod tenants;

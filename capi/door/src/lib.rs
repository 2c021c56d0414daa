//! What the C libraries have in common at their door: nothing is printed unless asked for, no panic and no cancelled thread
//! leaves a call half done, `errno` is set, and layouts are asserted.

mod cancel;
mod errno;
mod guard;
mod layout;
mod log;

pub use errno::set_errno;
pub use guard::guarded;
pub use layout::text;
pub use log::start as start_log;

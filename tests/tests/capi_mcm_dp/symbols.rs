//! What the library exports, and what it wants from others.

use memwire_tests::symbols;

use crate::programs::LIBRARY;

/// All of it.
const EXPORTED: [&str; 9] = [
    "mcm_cancel_buffer",
    "mcm_connection_fd",
    "mcm_connection_stats",
    "mcm_create_connection",
    "mcm_create_connection_timeout",
    "mcm_dequeue_buffer",
    "mcm_destroy_connection",
    "mcm_enqueue_buffer",
    "mcm_last_error",
];

#[test]
fn the_library_exports_its_functions_and_nothing_else() {
    symbols::are(&LIBRARY.file(), &EXPORTED);
}

#[test]
fn the_library_has_a_soname_of_its_own_and_needs_only_the_system() {
    symbols::only_the_system(&LIBRARY.file(), "libmcm_dp.so.1");
}

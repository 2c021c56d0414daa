//! What the library exports, and what it wants from others.

use memwire_tests::symbols;

use crate::programs::LIBRARY;

/// All of it.
const EXPORTED: [&str; 19] = [
    "descsock_client_close",
    "descsock_client_cntl",
    "descsock_client_ctrl",
    "descsock_client_open",
    "descsock_client_open_1028",
    "descsock_client_poll",
    "descsock_client_recv",
    "descsock_client_recv_extended",
    "descsock_client_recv_extended_28",
    "descsock_client_send",
    "descsock_client_send_extended",
    "descsock_client_send_extended_28",
    "descsock_client_stats",
    "descsock_close",
    "descsock_cntl",
    "descsock_open",
    "descsock_poll",
    "descsock_recv",
    "descsock_send",
];

#[test]
fn the_library_exports_what_its_headers_name_and_nothing_else() {
    let Some(listed) = symbols::are(&LIBRARY.file(), &EXPORTED) else {
        return;
    };
    let stats = listed.lines().find(|line| line.contains("_stats "));
    let size = stats.and_then(|line| line.split(' ').nth(3));
    assert_eq!(size.map(|size| u64::from_str_radix(size, 16)), Some(Ok(80)));
}

#[test]
fn the_library_has_a_soname_and_needs_only_the_system() {
    symbols::only_the_system(&LIBRARY.file(), "libdescsock-client.so.1");
}

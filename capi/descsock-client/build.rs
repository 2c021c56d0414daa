//! Gives the shared library its soname.

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libdescsock-client.so.1");
    println!("cargo:rerun-if-changed=build.rs");
}

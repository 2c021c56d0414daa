//! `make rpm` and `make deb`, and what is in them.

use std::path::PathBuf;
use std::process::Command;

use memwire_tests::missing;

use crate::built::{make, output, profile_dir, root};

/// What each package has, the first three as the original's.
const FILES: [&str; 7] = [
    "/usr/lib/libdescsock-client.so",
    "/usr/lib/libdescsock-client.a",
    "/usr/include/descsock_client.h",
    "/usr/include/descsock.h",
    "/usr/lib/libdescsock-client.so.1",
    "/usr/lib/libdescsock-client.so.1.0.0",
    "/usr/lib/pkgconfig/libdescsock-client.pc",
];

#[test]
fn the_rpm_has_the_name_and_the_files_that_people_know() {
    let test = "make rpm";
    if missing::tool("rpmbuild", "rpm", test).is_none() {
        return;
    }
    make(["rpm"]);
    let package = root().join("rpmbuild/RPMS/x86_64/libdescsock-client-1.5.0-dev.x86_64.rpm");
    let list = output(Command::new("rpm").arg("-qlp").arg(&package));
    let mut found: Vec<_> = list.lines().collect();
    let mut expected = FILES.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    // A database of its own: the system's knows nothing of it.
    let place = memwire_tests::workshop();
    let mut install = Command::new("rpm");
    install.args(["--install", "--nodeps", "--noscripts", "--root"]);
    output(install.arg(place.path()).arg(&package));
    for file in FILES {
        let installed = place.path().join(file.trim_start_matches('/'));
        assert!(installed.symlink_metadata().is_ok(), "{file}");
    }
}

#[test]
fn the_debian_package_has_the_same_files() {
    if missing::tool("dpkg-deb", "dpkg", "make deb").is_none() {
        return;
    }
    make(["deb"]);
    let target = profile_dir().parent().expect("a target directory");
    let architecture = output(Command::new("dpkg").arg("--print-architecture"));
    let name = format!("libdescsock-client_1.5.0_{}.deb", architecture.trim());
    let package: PathBuf = target.join("debian").join(name);
    let list = output(Command::new("dpkg-deb").arg("--contents").arg(package));
    for file in FILES {
        assert!(list.contains(&format!(".{file}")), "{file}: {list}");
    }
}

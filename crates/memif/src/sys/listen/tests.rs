//! Addresses of both kinds, and the permissions of socket files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::time::Duration;

use rustix::process::{Uid, getgid, getuid};
use rustix::thread::set_thread_uid;

use super::super::harness::{self, Place, assert_connects};
use super::super::now;
use super::*;

/// An abstract name that no other test uses.
fn abstract_name(what: &str) -> Address {
    Address::Abstract(format!("memif-test-{}-{what}", std::process::id()).into())
}

#[test]
fn clients_find_a_path_and_nothing_but_the_socket_is_left_beside_it() {
    let place = Place::new();
    let listener = place.bind().expect("bind");
    assert!(listener.accept().expect("accept").is_none());
    assert_connects(&place.address(), &listener);
    assert_eq!(place.files(), ["cam.sock"]);
    drop(listener);
    assert!(place.files().is_empty());
}

#[test]
fn clients_find_an_abstract_name_which_is_free_again_at_drop() {
    let address = abstract_name("found");
    let file = SocketFile::default();
    let listener = ListenSocket::bind(&address, &file).expect("bind");
    assert_connects(&address, &listener);
    let refused = ListenSocket::bind(&address, &file).expect_err("in use");
    assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
    drop(listener);
    harness::until(|| ListenSocket::bind(&address, &file).is_ok());
}

#[test]
fn a_mode_or_an_owner_for_an_abstract_name_is_refused() {
    for (mode, owner) in [(0o660, None), (0o600, Some((0, 0)))] {
        let file = SocketFile {
            mode,
            owner,
            ..SocketFile::default()
        };
        let refused = ListenSocket::bind(&abstract_name("mode"), &file).expect_err("refused");
        assert!(
            matches!(refused, BindError::NoPermissions { .. }),
            "{refused}"
        );
    }
}

#[test]
fn the_mode_is_as_asked_whatever_the_umask() {
    let place = Place::new();
    for mode in [0o600, 0o660, 0o666, 0o777] {
        let file = SocketFile {
            mode,
            ..SocketFile::default()
        };
        let _listener = place.bind_with(&file).expect("bind");
        let made = fs::metadata(&place.path).expect("stat").mode();
        assert_eq!(made & 0o7777, mode);
    }
    assert_eq!(SocketFile::default().mode, 0o600);
}

#[test]
fn the_owner_is_as_asked() {
    let place = Place::new();
    let owned_by = |owner| {
        let file = SocketFile {
            owner: Some(owner),
            ..SocketFile::default()
        };
        let _listener = place.bind_with(&file).expect("bind");
        let made = fs::metadata(&place.path).expect("stat");
        assert_eq!(made.mode() & 0o7777, 0o600);
        (made.uid(), made.gid())
    };
    let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
    let other = match getuid().is_root() {
        true => (12_345, 23_456),
        false => (uid, gid),
    };
    assert_eq!(owned_by(other), other);
    assert_eq!(owned_by((other.0, u32::MAX)), (other.0, gid));
    assert_eq!(owned_by((u32::MAX, other.1)), (uid, other.1));
}

#[test]
fn a_missing_directory_is_named() {
    let place = Place::new();
    let dir = place.path.join("a");
    let address = Address::Path(dir.join("b.sock"));
    let refused = ListenSocket::bind(&address, &SocketFile::default()).expect_err("refused");
    let dir = dir.display();
    assert_eq!(
        refused.to_string(),
        format!("the directory {dir} does not exist: create it first")
    );
}

/// Runs where the process may become another user, which only root may.
#[test]
fn a_user_without_permission_changes_nothing() {
    let name = "a_user_without_permission_changes_nothing";
    if !getuid().is_root() {
        return;
    }
    if let Some(child) = harness::again(module_path!(), name) {
        return harness::passes(child);
    }
    let [theirs, live, readable, hidden] = [(); 4].map(|()| Place::new());
    for (place, user, mode) in [
        (&theirs, 12_345, 0o700),
        (&live, 12_345, 0o700),
        (&readable, 0, 0o755),
        (&hidden, 0, 0o700),
    ] {
        chown(place.dir.path(), Some(user), None).expect("chown");
        fs::set_permissions(place.dir.path(), Permissions::from_mode(mode)).expect("chmod");
    }
    let _live = live.bind().expect("bind");
    set_thread_uid(Uid::from_raw(12_345)).expect("setuid");

    let to_root = SocketFile {
        owner: Some((0, 0)),
        ..SocketFile::default()
    };
    let start = now();
    for refused in [
        theirs.bind_with(&to_root),
        live.bind(),
        readable.bind(),
        hidden.bind(),
    ] {
        let refused = refused.expect_err("refused");
        let denied = matches!(refused, BindError::PermissionDenied { .. });
        assert!(denied, "{refused}");
    }
    assert!(now() - start < Duration::from_secs(1));
    assert!(theirs.files().is_empty());
    assert_eq!(live.files(), ["cam.sock"]);
    theirs.bind().expect("what is permitted works");
}

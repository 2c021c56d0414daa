//! Whose file it is: what a bind replaces, refuses, makes and leaves behind.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Barrier;

use rustix::net::SocketAddrUnix;
use rustix::process::{Uid, getgid, getuid};
use rustix::thread::set_thread_uid;
use tempfile::TempDir;

use super::super::{Incoming, harness};
use super::*;

const MESSAGE: [u8; 128] = [7; 128];

/// A directory with the path of a socket in it.
struct Place {
    dir: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Place {
        let dir = tempfile::tempdir().expect("directory");
        let path = dir.path().join("cam.sock");
        Place { dir, path }
    }

    fn bind(&self) -> Result<ListenSocket, BindError> {
        bind(&self.path, &SocketFile::default())
    }

    fn connect(&self) -> io::Result<SeqPacket> {
        SeqPacket::connect(&Address::Path(self.path.clone()))
    }

    /// Leaves a socket file that nobody listens on.
    fn leave_stale(&self) {
        let target = SocketAddrUnix::new(&self.path).expect("fits");
        rustix::net::bind(unconnected().expect("socket"), &target).expect("bind");
        assert!(is_socket(&self.path));
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).expect("list");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        entries.map(|entry| name(entry.expect("entry"))).collect()
    }
}

fn bind(path: &Path, file: &SocketFile) -> Result<ListenSocket, BindError> {
    ListenSocket::bind(&Address::Path(path.to_owned()), file)
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

/// An abstract name that no other test uses.
fn abstract_name(what: &str) -> Address {
    Address::Abstract(format!("memif-test-{}-{what}", std::process::id()).into())
}

fn assert_connects(address: &Address, listener: &ListenSocket) {
    let client = SeqPacket::connect(address).expect("connect");
    let served = listener.accept().expect("accept").expect("a client");
    assert!(listener.accept().expect("accept").is_none());
    served.send(&MESSAGE, None).expect("send");
    let got = client.receive().expect("receive");
    assert!(matches!(got, Incoming::Datagram { bytes: MESSAGE, .. }));
}

#[test]
fn clients_find_a_path_and_nothing_but_the_socket_is_left_beside_it() {
    let place = Place::new();
    let listener = place.bind().expect("bind");
    assert!(listener.accept().expect("accept").is_none());
    assert_connects(&Address::Path(place.path.clone()), &listener);
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
        let _listener = bind(&place.path, &file).expect("bind");
        let made = fs::metadata(&place.path).expect("stat").mode();
        assert_eq!(made & 0o7777, mode);
    }
    assert_eq!(SocketFile::default().mode, 0o600);
}

#[test]
fn the_owner_is_as_asked() {
    let place = Place::new();
    let (uid, gid) = match getuid().is_root() {
        true => (12_345, 23_456),
        false => (getuid().as_raw(), getgid().as_raw()),
    };
    for owner in [(uid, gid), (uid, u32::MAX)] {
        let file = SocketFile {
            owner: Some(owner),
            ..SocketFile::default()
        };
        let _listener = bind(&place.path, &file).expect("bind");
        let made = fs::metadata(&place.path).expect("stat");
        let gid = [gid, getgid().as_raw()][usize::from(owner.1 == u32::MAX)];
        assert_eq!((made.uid(), made.gid()), (uid, gid));
        assert_eq!(made.mode() & 0o7777, 0o600);
    }
}

#[test]
fn the_file_of_a_dead_server_is_replaced() {
    let place = Place::new();
    place.leave_stale();
    let listener = place.bind().expect("bind");
    assert_connects(&Address::Path(place.path.clone()), &listener);
}

#[test]
fn a_live_server_is_neither_replaced_nor_disturbed() {
    let place = Place::new();
    let listener = place.bind().expect("bind");
    let refused = place.bind().expect_err("in use");
    assert!(matches!(refused, BindError::InUse { .. }), "{refused}");

    let asked = listener.accept().expect("accept").expect("the question");
    assert!(matches!(
        asked.receive().expect("receive"),
        Incoming::Closed
    ));
    assert_connects(&Address::Path(place.path.clone()), &listener);
    assert_eq!(place.files(), ["cam.sock"]);
}

#[test]
fn a_live_server_with_a_full_backlog_is_not_replaced() {
    let place = Place::new();
    let file = SocketFile {
        backlog: 1,
        ..SocketFile::default()
    };
    let _listener = bind(&place.path, &file).expect("bind");
    let mut waiting = Vec::new();
    let full = loop {
        match place.connect() {
            Ok(client) => waiting.push(client),
            Err(error) => break error,
        }
    };
    assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
    let refused = place.bind().expect_err("in use");
    assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
    assert!(is_socket(&place.path));
}

#[test]
fn a_live_server_of_another_kind_is_not_replaced() {
    let place = Place::new();
    let _stream = UnixListener::bind(&place.path).expect("bind");
    let refused = place.bind().expect_err("in use");
    assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
    assert!(is_socket(&place.path));
}

#[test]
fn what_is_no_socket_is_refused_and_stays_as_it_is() {
    let refusal = |place: &Place| match place.bind().expect_err("refused") {
        BindError::NotASocket { found, .. } => found,
        other => panic!("{other}"),
    };
    let place = Place::new();
    fs::write(&place.path, "precious").expect("write");
    assert_eq!(refusal(&place), "a regular file");
    assert_eq!(fs::read(&place.path).expect("read"), b"precious");

    let place = Place::new();
    fs::create_dir(&place.path).expect("mkdir");
    assert_eq!(refusal(&place), "a directory");

    let (place, other) = (Place::new(), Place::new());
    other.leave_stale();
    symlink(&other.path, &place.path).expect("symlink");
    assert_eq!(refusal(&place), "a symbolic link");
    assert_eq!((place.files().len(), other.files().len()), (1, 1));
}

#[test]
fn a_file_that_took_our_place_is_not_removed() {
    let place = Place::new();
    let ours = place.bind().expect("bind");
    fs::remove_file(&place.path).expect("remove");
    let theirs = place.bind().expect("bind");
    drop(ours);
    assert_connects(&Address::Path(place.path.clone()), &theirs);

    fs::remove_file(&place.path).expect("remove");
    fs::write(&place.path, "precious").expect("write");
    drop(theirs);
    assert_eq!(fs::read(&place.path).expect("read"), b"precious");
}

#[test]
fn a_missing_directory_is_named() {
    let place = Place::new();
    let refused = bind(&place.path.join("a/b.sock"), &SocketFile::default());
    let text = refused.expect_err("refused").to_string();
    let dir = place.path.join("a");
    let expected = format!(
        "the directory {} does not exist: create it first",
        dir.display()
    );
    assert_eq!(text, expected);
}

#[test]
fn of_several_binders_exactly_one_wins() {
    const BINDERS: usize = 4;
    let place = Place::new();
    for _ in 0..50 {
        place.leave_stale();
        let start = Barrier::new(BINDERS);
        let race = || {
            start.wait();
            place.bind()
        };
        let results: Vec<_> = std::thread::scope(|scope| {
            let binders: Vec<_> = (0..BINDERS).map(|_| scope.spawn(race)).collect();
            let join = binders.into_iter().map(|binder| binder.join());
            join.map(|result| result.expect("no panic")).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        for refused in lost {
            let refused = refused.expect_err("lost");
            assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
        }
        assert_connects_once_the_questions_are_over(&place, won);
        assert!(place.files().is_empty());
    }
}

/// The losers asked whether the winner lives: their connections come first.
fn assert_connects_once_the_questions_are_over(
    place: &Place,
    won: Vec<Result<ListenSocket, BindError>>,
) {
    for listener in won.into_iter().flatten() {
        while listener.accept().expect("accept").is_some() {}
        assert_connects(&Address::Path(place.path.clone()), &listener);
    }
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
    let (open, closed, live) = (Place::new(), Place::new(), Place::new());
    for place in [&open, &live] {
        std::os::unix::fs::chown(place.dir.path(), Some(12_345), None).expect("chown");
    }
    let _live = live.bind().expect("bind");
    set_thread_uid(Uid::from_raw(12_345)).expect("setuid");

    let to_root = SocketFile {
        owner: Some((0, 0)),
        ..SocketFile::default()
    };
    for refused in [bind(&open.path, &to_root), closed.bind(), live.bind()] {
        let refused = refused.expect_err("refused");
        assert!(
            matches!(refused, BindError::PermissionDenied { .. }),
            "{refused}"
        );
    }
    assert!(open.files().is_empty());
    assert_eq!(live.files(), ["cam.sock"]);
    open.bind().expect("what is permitted works");
}

//! What the tests of this layer share: a process of one's own, to stop it, starve it or change its
//! user; and patience, since such a process holds, as it starts, a copy of every descriptor.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::now;

const MARK: &str = "MEMIF_TEST_ALONE";

/// Starts the calling test again, alone in a new process; `None` in that process.
pub(crate) fn again(module: &str, test: &str) -> Option<Child> {
    if std::env::var_os(MARK).is_some() {
        return None;
    }
    let (_crate_name, module) = module.split_once("::").expect("a test in a module");
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", &format!("{module}::{test}"), "--nocapture"])
        .env(MARK, "1")
        .stdout(Stdio::piped())
        .spawn();
    Some(child.expect("start this program again"))
}

/// Waits for that process, in which the test has to have run and passed.
pub(crate) fn passes(child: Child) {
    let output = child.wait_with_output().expect("wait");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "no such test: {said}");
}

/// Waits until `condition` holds, which it has to within ten seconds.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    let deadline = now() + Duration::from_secs(10);
    while !condition() {
        assert!(now() < deadline, "it never came true");
        std::thread::yield_now();
    }
}

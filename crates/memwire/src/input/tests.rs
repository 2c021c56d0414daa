//! Pipes and files, read in lines and in bytes.

use std::io::{Write as _, pipe};
use std::os::fd::OwnedFd;

use super::*;
use crate::stop::Stopped;

fn piped(bytes: &[u8]) -> Input {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(bytes).unwrap();
    Input::over("a pipe".into(), File::from(OwnedFd::from(reader))).unwrap()
}

fn busy() -> anyhow::Result<()> {
    Ok(())
}

#[test]
fn lines_and_bytes_come_in_turn() {
    let mut input = piped(b"head\nFRAME\nabcdefFRAME\n");
    assert_eq!(input.peek(2, &mut busy).unwrap(), b"he");
    assert_eq!(input.line(10, &mut busy).unwrap().unwrap(), b"head");
    assert_eq!(input.line(10, &mut busy).unwrap().unwrap(), b"FRAME");
    let mut frame = Vec::new();
    assert_eq!(input.pour(6, &mut frame, &mut busy).unwrap(), 6);
    assert_eq!(frame, b"abcdef");
    assert_eq!(input.line(10, &mut busy).unwrap().unwrap(), b"FRAME");
    assert_eq!(input.line(10, &mut busy).unwrap(), None);
}

#[test]
fn the_end_may_come_early() {
    let mut input = piped(b"abc");
    assert_eq!(input.pour(6, &mut Vec::new(), &mut busy).unwrap(), 3);
    assert!(
        piped(b"FRA")
            .line(10, &mut busy)
            .unwrap_err()
            .to_string()
            .contains("cut short")
    );
    assert_eq!(piped(b"ab").peek(5, &mut busy).unwrap(), b"ab");
}

#[test]
fn a_line_has_a_limit() {
    assert!(piped(&[b'x'; 50]).line(10, &mut busy).is_err());
    assert_eq!(
        piped(b"1234567890\n").line(10, &mut busy).unwrap().unwrap(),
        b"1234567890"
    );
}

#[test]
fn a_silent_pipe_lets_the_idle_work_end_the_wait() {
    let (reader, _writer) = pipe().unwrap();
    let mut input = Input::over("a pipe".into(), File::from(OwnedFd::from(reader))).unwrap();
    let mut idle = || Err(Stopped.into());
    assert!(
        input
            .pour(1, &mut Vec::new(), &mut idle)
            .unwrap_err()
            .is::<Stopped>()
    );
}

#[test]
fn what_cannot_be_an_input_is_told_as_such() {
    let said = |path: &str| Input::open(Path::new(path)).unwrap_err().to_string();
    assert!(said("/").contains("directory"));
    assert!(said("/nowhere/at/all").contains("no file /nowhere/at/all"));
}

//! The command line: what it prints, and with which status it ends. `TRYCMD=overwrite cargo test
//! --test it cli::` writes what is printed anew.

use std::process::Command;

#[test]
fn command_line() {
    let cases = trycmd::TestCases::new();
    for (name, value) in [("LC_ALL", "C"), ("NO_COLOR", "1"), ("CLICOLOR_FORCE", "0")] {
        cases.env(name, value);
    }
    cases.case("tests/cli/*.trycmd").case("tests/cli/*.toml");
}

/// What trycmd cannot see: it takes CRLF for LF.
#[test]
fn a_file_with_crlf_keeps_crlf() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nginx.conf");
    let before = std::fs::read("tests/cli/crlf.in/crlf.conf").unwrap();
    std::fs::write(&path, &before).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_wslint")).args(["--isolated", "--fix"]).arg(&path).status().unwrap();
    assert_eq!(status.code(), Some(0));
    let after = std::fs::read(&path).unwrap();
    assert!(after.len() > before.len());
    let lines = |end: &[u8]| after.windows(end.len()).filter(|w| *w == end).count();
    assert_eq!(lines(b"\r\n"), lines(b"\n"), "each LF has its CR");
}

/// Bytes that are no UTF-8 outside the edits stay as they are.
#[test]
fn bytes_that_are_no_utf8_survive_a_fix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nginx.conf");
    let before = std::fs::read("tests/cli/bytes.in/broken.conf").unwrap();
    assert!(std::str::from_utf8(&before).is_err());
    std::fs::write(&path, &before).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_wslint")).args(["--isolated", "--fix"]).arg(&path).status().unwrap();
    assert_eq!(status.code(), Some(0));
    let after = std::fs::read(&path).unwrap();
    let strange = |bytes: &[u8]| bytes.iter().copied().filter(|b| !b.is_ascii()).collect::<Vec<u8>>();
    assert_eq!(strange(&after), strange(&before));
}

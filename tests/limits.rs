//! Very large and very deep files end cleanly: no crash, no call stack that grows with the input.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::process::Command;

/// Exit status and report for one file.
fn check(text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("nginx.conf"), text).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(folder.path())
        .args(["--isolated", "--format", "concise", "nginx.conf"])
        .output()
        .unwrap();
    (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned())
}

#[test]
fn a_million_open_blocks_are_one_syntax_error() {
    for block in ["a {", "location / {", "if ($a) {"] {
        let (status, report) = check(&format!("events {{}} http {{ server {{ {}", block.repeat(1_000_000)));
        assert_eq!(status, Some(1), "{block}");
        assert!(report.contains("syntax-error"), "{block}: {report}");
    }
}

#[test]
fn two_hundred_thousand_closed_locations_end() {
    let n = 200_000;
    let (status, _) =
        check(&format!("events {{}} http {{ server {{ {}{} }} }}", "location / {".repeat(n), "}".repeat(n)));
    assert!(matches!(status, Some(0 | 1)));
}

#[test]
fn a_hundred_megabytes_end() {
    let line = "    # a comment of a usual length, as they stand in every configuration\n";
    let mut text = String::from("events {}\nhttp {\n");
    text.push_str(&line.repeat(100_000_000 / line.len()));
    text.push_str("}\n");
    assert_eq!(check(&text).0, Some(0));
}

#[test]
fn bytes_of_any_kind_end() {
    for text in
        ["\u{feff}events {}", "\0\0\0", "{{{{", "}}}}", "\"", "a \\", "events {} http { server { listen \0; } }"]
    {
        let (status, report) = check(text);
        assert!(matches!(status, Some(0 | 1)), "{text:?}: {report}");
    }
}

//! What the README shows is what the program prints.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::process::Command;

fn run(args: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("LC_ALL", "C")
        .env("NO_COLOR", "1")
        .args(args)
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// The text of the first fenced block that holds `marker`.
fn block(readme: &str, marker: &str) -> String {
    let at = readme.find(marker).unwrap();
    let start = readme[..at].rfind("```").unwrap();
    let start = start + readme[start..].find('\n').unwrap() + 1;
    readme[start..start + readme[start..].find("```").unwrap()].to_owned()
}

#[test]
fn the_finding_and_the_last_line_are_real() {
    let shown = block(&readme(), "error[shadowed-websocket-headers]");
    let printed = run(&["docs/example/nginx.conf"]);
    for part in shown.trim_end().split("\n\n") {
        assert!(printed.contains(part), "the README shows\n{part}\nthe program prints\n{printed}");
    }
}

#[test]
fn the_patch_is_real() {
    let shown = block(&readme(), "--- a/docs/example");
    let printed = run(&["--diff", "docs/example/nginx.conf"]);
    let hunk = shown.split_once("@@\n").unwrap().1;
    assert!(printed.contains(hunk), "the README shows\n{shown}\nthe program prints\n{printed}");
}

#[test]
fn the_trace_is_real() {
    let shown = block(&readme(), "$ wslint trace");
    let (command, rest) = shown.split_once('\n').unwrap();
    let args: Vec<&str> = command.trim_start_matches("$ wslint ").split(' ').collect();
    assert_eq!(run(&args).trim_end(), rest.trim_end());
}

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

/// The README in English and in Chinese, with what asks the program for that language.
fn readmes() -> [(String, &'static [&'static str]); 2] {
    [("README.md", &[][..]), ("README.zh-CN.md", &["--lang", "zh-CN"][..])].map(|(name, lang)| {
        (std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap(), lang)
    })
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
    for (readme, lang) in readmes() {
        let shown = block(&readme, "[shadowed-websocket-headers]");
        let printed = run(&[lang, &["docs/example/nginx.conf"]].concat());
        for part in shown.trim_end().split("\n\n") {
            assert!(printed.contains(part), "the README shows\n{part}\nthe program prints\n{printed}");
        }
    }
}

#[test]
fn the_patch_is_real() {
    for (readme, _) in readmes() {
        let shown = block(&readme, "--- a/docs/example");
        let printed = run(&["--diff", "docs/example/nginx.conf"]);
        let hunk = shown.split_once("@@\n").unwrap().1;
        assert!(printed.contains(hunk), "the README shows\n{shown}\nthe program prints\n{printed}");
    }
}

#[test]
fn the_trace_is_real() {
    for (readme, _) in readmes() {
        let shown = block(&readme, "$ wslint trace");
        let (command, rest) = shown.split_once('\n').unwrap();
        let args: Vec<&str> = command.trim_start_matches("$ wslint ").split(' ').collect();
        assert_eq!(run(&args).trim_end(), rest.trim_end());
    }
}

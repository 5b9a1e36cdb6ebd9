//! What is on record, asked again in memory: no nginx, no network, any platform.
//!
//! - `verdict::*`: `verdicts/<case>/verdict` is what wslint says of the case, for the nginx of the live
//!   tests, for a new one and without a version. `tests/live.rs` proves it by that nginx.
//! - `refusal::*`: what the folders `nginx/{accepted,rejected,platform}` are called after.
//! - `line::*`: `lines.txt` is what the nginx of the live tests said of single lines; nobody but nginx writes it.
//! - `truth::*`: `truth.jsonl` is what twelve real versions of nginx did; nobody but nginx writes it.
//! - `report::*`: `reports/<kind>.txt` is all that is reported of each tree, and all that is fixed in it.
//!
//! `UPDATE_FIXTURES=1 cargo test --test records` writes `verdict` and `reports/` anew: look at the
//! difference, it is what users will see.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

#[path = "../common/mod.rs"]
mod common;
mod lines;
mod reports;
mod said;
mod truth;
mod verdicts;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed};

/// The URL of every case that does not say otherwise.
const URL: &str = "ws://example.com:8080/ws";

/// Files in the folder of a case that are not part of its configuration.
const OURS: [&str; 7] = ["url", "args", "verdict", "expected.txt", "error.txt", "fixed", "not-live"];

fn main() {
    let args = Arguments::from_args();
    let mut trials = verdicts::trials();
    trials.extend(lines::trials());
    trials.extend(truth::trials());
    trials.extend(reports::trials());
    libtest_mimic::run(&args, trials).exit();
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures")
}

fn updating() -> bool {
    std::env::var_os("UPDATE_FIXTURES").is_some_and(|v| v == "1")
}

/// The cases of a kind: each folder with an `nginx.conf`, by its name below the kind.
fn cases(kind: &str) -> Vec<(String, PathBuf)> {
    let root = fixtures().join(kind);
    let walk = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(Result::unwrap);
    let confs =
        walk.filter(|e| e.file_name() == "nginx.conf" && !e.path().components().any(|c| c.as_os_str() == "fixed"));
    let folders = confs.map(|e| e.path().parent().unwrap().to_owned());
    let found: Vec<_> = folders
        .map(|f| {
            (
                f.strip_prefix(&root)
                    .unwrap()
                    .components()
                    .map(|c| c.as_os_str().to_string_lossy())
                    .collect::<Vec<_>>()
                    .join("/"),
                f,
            )
        })
        .collect();
    assert!(!found.is_empty(), "there are no cases in {}", root.display());
    found
}

fn url_of(case: &Path) -> String {
    std::fs::read_to_string(case.join("url")).map_or_else(|_| URL.to_owned(), |u| u.trim().to_owned())
}

fn check(holds: bool, message: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(message().into()) }
}

/// A record and what is said today, equal or told apart.
fn compare(recorded: &str, today: &str) -> Result<(), Failed> {
    check(recorded == today, || format!("on record\n{recorded}\ntoday\n{today}\n(UPDATE_FIXTURES=1 writes it anew)"))
}

//! One mouth: no contradiction over every fixture and over generated configurations.
//!
//! `WSLINT_GENERATED=10000 WSLINT_SEED=7 cargo test --release --test it agreement::` for the long run;
//! `WSLINT_OVER=folder` puts every file of a folder to it as well. The counts are printed.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and says what it did")]

use std::path::Path;

use crate::common::{self, Tree};
use crate::generate;
use crate::jumps;
use crate::laws::one_mouth::contradictions;

/// What is asked: a name for it, the files, the one to check, and URLs.
type Case = (String, Tree, String, Vec<String>);

/// So many cases are made smaller and shown.
const SHOWN: usize = 12;

fn holds(cases: impl Iterator<Item = Case>) {
    let (mut count, mut shown, mut wrong) = (0, 0, Vec::new());
    for (case, tree, name, urls) in cases {
        count += 1;
        let found = contradictions(&tree, &name, &urls);
        shown += usize::from(!found.is_empty());
        if !found.is_empty() && shown <= SHOWN {
            let small = generate::smaller(&tree, &|t| !contradictions(t, &name, &urls).is_empty());
            let files = small.iter().map(|(n, b)| format!("--- {n}\n{}\n", String::from_utf8_lossy(b)));
            wrong.push(format!("{case}, made smaller:\n{}", files.collect::<String>()));
        }
        wrong.extend(found.into_iter().map(|what| format!("{case}: {what}")));
    }
    println!("{count} configurations, {shown} with contradictions");
    assert!(count > 0);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The folders below that hold an `nginx.conf`.
fn trees(folder: &Path) -> Vec<Case> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let roots = walk.filter(|e| e.file_name() == "nginx.conf").map(|e| e.path().parent().unwrap().to_owned());
    roots
        .map(|root| {
            let name = root.strip_prefix(folder).unwrap().display().to_string();
            (name, common::read_tree(&root, &[]), "nginx.conf".to_owned(), Vec::new())
        })
        .collect()
}

#[test]
fn in_every_fixture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures");
    holds(["rules", "verdicts"].iter().flat_map(|kind| trees(&root.join(kind))));
}

fn generated() -> u64 {
    std::env::var("WSLINT_GENERATED").ok().and_then(|n| n.parse().ok()).unwrap_or(600)
}

fn seed() -> u64 {
    std::env::var("WSLINT_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(5)
}

#[test]
fn in_what_people_might_write() {
    holds(
        (0..generated() / 2)
            .map(|n| (format!("case {n}"), generate::case(seed(), n).tree, "nginx.conf".to_owned(), Vec::new())),
    );
}

#[test]
fn where_requests_jump() {
    holds((0..generated().div_ceil(2)).map(|n| {
        let case = jumps::case(seed(), n);
        (format!("case {n}"), case.tree, "nginx.conf".to_owned(), case.asks.into_iter().map(|a| a.url).collect())
    }));
}

/// Each file of a folder that somebody names, alone and with what lies around it.
#[test]
fn in_a_folder_that_is_named() {
    let Some(folder) = std::env::var_os("WSLINT_OVER") else { return };
    let folder = Path::new(&folder);
    let projects = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir());
    holds(projects.flat_map(|project| {
        let tree = common::read_tree(&project, &[".git"]);
        let names: Vec<String> = tree.keys().cloned().collect();
        names.into_iter().map(move |name| (project.display().to_string(), tree.clone(), name, Vec::new()))
    }));
}

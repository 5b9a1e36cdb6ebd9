//! The map of the house in `docs/architecture.md`, and the order of the rooms wherever it is told, are those of
//! the tree.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::{MODEL, ORDER, Source, none, sources};

const PAGE: &str = "docs/architecture.md";

fn page() -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap()
}

/// The text below a heading.
fn section<'t>(page: &'t str, heading: &str) -> &'t str {
    let (_, below) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    below.split("\n## ").next().unwrap()
}

/// What stands in a column of a table in backticks.
fn words_of(table: &str, column: usize) -> impl Iterator<Item = Vec<&str>> {
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.filter_map(move |row| {
        let cell = row.split('|').nth(column)?;
        Some(cell.split('`').skip(1).step_by(2).collect())
    })
}

/// The places that a map names, from `src/` on. In a row, a bare name stands beside the one before it.
fn places(table: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for row in words_of(table, 1) {
        let mut folder = String::new();
        for name in row {
            let path = if name.contains('/') { name.to_owned() } else { format!("{folder}{name}") };
            folder = path.rfind('/').map_or(String::new(), |at| path[..=at].to_owned());
            out.push(path);
        }
    }
    out
}

/// Where map and tree differ.
fn differences(places: &[String], files: &BTreeMap<String, bool>) -> String {
    let named: BTreeSet<&str> = places.iter().map(String::as_str).collect();
    let mut out = String::new();
    for place in &named {
        let is_there = match place.split_once('<') {
            Some((folder, _)) => files.iter().any(|(file, is_rule)| *is_rule && file.starts_with(folder)),
            None if place.ends_with('/') => files.keys().any(|file| file.starts_with(place)),
            None => files.contains_key(*place),
        };
        if !is_there {
            out += &format!("the map names `{place}`, which is not there\n");
        }
        if places.iter().filter(|p| p == place).count() > 1 {
            out += &format!("the map names `{place}` twice\n");
        }
    }
    for (file, is_rule) in files {
        let folder = &file[..file.rfind('/').map_or(0, |at| at + 1)];
        let mut around = folder.match_indices('/').map(|(at, _)| &folder[..=at]);
        // A folder speaks for its files unless some of them speak for themselves.
        let by_folder =
            around.any(|f| named.contains(f) && !named.iter().any(|n| n.len() > f.len() && n.starts_with(f)));
        let by_kind = *is_rule && named.contains(format!("{folder}<rule>.rs").as_str());
        if !named.contains(file.as_str()) && !by_folder && !by_kind {
            out += &format!("the map does not name `{file}`\n");
        }
    }
    out
}

fn is_rule(source: &Source) -> bool {
    source.text.contains("\nrule! {")
}

fn files() -> BTreeMap<String, bool> {
    sources().iter().map(|s| (s.path.trim_start_matches("src/").to_owned(), is_rule(s))).collect()
}

#[test]
fn every_file_is_on_the_map() {
    let page = page();
    none(&differences(&places(section(&page, "The rooms")), &files()), PAGE);
}

#[test]
fn what_is_asked_for_is_found_where_the_map_says() {
    let page = page();
    let files = files();
    let table = section(&page, "Where is …?");
    let found = words_of(table, 2).chain(words_of(table, 3)).flatten();
    let paths: Vec<&str> = found.filter(|word| word.contains('/')).collect();
    assert!(paths.len() > 10, "{paths:?}");
    let missing: Vec<_> = paths.iter().filter(|p| !files.keys().any(|f| f == *p || f.starts_with(**p))).collect();
    assert!(missing.is_empty(), "{PAGE} sends people to {missing:?}");
}

#[test]
fn the_order_of_the_rooms_is_told_as_it_is_held() {
    let page = page();
    let told = section(&page, "Who may know whom").split_whitespace().collect::<Vec<_>>().join(" ");
    let rooms = MODEL.iter().map(|(room, _)| *room).collect::<Vec<_>>().join(" < ");
    for order in [ORDER.join(" < "), format!("within model: {rooms}")] {
        assert!(told.contains(&order), "{PAGE} does not say {order}");
    }
    let lib = sources().into_iter().find(|s| s.path == "src/lib.rs").unwrap();
    let listed: Vec<&str> = lib.text.lines().filter_map(|l| l.strip_prefix("//! | `")?.split('`').next()).collect();
    assert_eq!(listed, ORDER, "src/lib.rs lists the rooms in their order");
}

#[test]
fn a_map_that_is_out_of_date_is_seen() {
    let files = ["a/mod.rs", "a/b.rs", "a/c/d.rs", "e/f.rs", "r/mod.rs", "r/one.rs"];
    let files: BTreeMap<String, bool> = files.iter().map(|f| ((*f).to_owned(), *f == "r/one.rs")).collect();
    let told = |rows: &str| {
        let table = format!("| place | what |\n| --- | --- |\n{rows}");
        differences(&places(&table), &files)
    };
    let whole =
        "| **`a/`** | |\n| `a/mod.rs`, `b.rs` | |\n| `a/c/` | |\n| `e/` | |\n| `r/mod.rs` | |\n| `r/<rule>.rs` | |\n";
    assert_eq!(told(whole), "");
    for (old, new, want) in [
        ("| `a/mod.rs`, `b.rs` | |\n", "| `a/mod.rs` | |\n", "the map does not name `a/b.rs`\n"),
        ("| `e/` | |\n", "", "the map does not name `e/f.rs`\n"),
        ("| `a/c/` | |\n", "", "the map does not name `a/c/d.rs`\n"),
        ("| `r/<rule>.rs` | |\n", "", "the map does not name `r/one.rs`\n"),
        ("`e/`", "`e/`, `g.rs`", "the map names `e/g.rs`, which is not there\n"),
        ("`e/`", "`e/`, `h/`", "the map names `h/`, which is not there\n"),
        ("`b.rs`", "`b.rs`, `b.rs`", "the map names `a/b.rs` twice\n"),
    ] {
        assert!(told(&whole.replace(old, new)).contains(want), "{new}: {}", told(&whole.replace(old, new)));
    }
}

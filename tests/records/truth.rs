//! What real nginx did, on twelve versions from 1.18.0 to 1.31.5.
//!
//! A row of `truth.jsonl` names the case of `verdicts/` that was put to them, or holds its files. What
//! the configuration decides, wslint has to know; what the running system decides (scripts, other
//! backends), it may leave open, but never say the opposite. A row
//! with `not_yet` is one that wslint is known to get wrong: `cargo test --test records -- --ignored`.

use std::collections::BTreeMap;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::common::{self, Tree, told};
use crate::{OURS, check, fixtures, url_of};

pub(crate) fn trials() -> Vec<Trial> {
    let text = std::fs::read_to_string(fixtures().join("truth.jsonl")).unwrap();
    let rows: Vec<Arc<Value>> = text.lines().map(|l| Arc::new(serde_json::from_str(l).unwrap())).collect();
    let trial = |row: Arc<Value>| {
        let (name, not_yet) = (format!("truth::{}", row["name"].as_str().unwrap()), row["not_yet"] == true);
        Trial::test(name, move || holds(&row)).with_ignored_flag(not_yet)
    };
    rows.into_iter().map(trial).collect()
}

fn holds(row: &Value) -> Result<(), Failed> {
    let (tree, url) = match &row["files"] {
        Value::Object(files) => {
            let files: BTreeMap<_, _> = files.iter().map(|(n, t)| (n.clone(), t.as_str().unwrap().into())).collect();
            (files, row["url"].as_str().unwrap().to_owned())
        }
        _ => {
            let case = fixtures().join("verdicts").join(row["name"].as_str().unwrap());
            (common::read_tree(&case, &OURS), url_of(&case))
        }
    };
    check(tree.contains_key("nginx.conf"), || "there is no such case in verdicts/".to_owned())?;
    let wrong = wrong(row, &tree, &url);
    check(wrong.is_empty(), || wrong.join("\n"))
}

fn wrong(row: &Value, tree: &Tree, url: &str) -> Vec<String> {
    let left_open = row["decided_by"] == "runtime";
    let versions = row["verdict"].as_object().unwrap();
    let mut out = Vec::new();
    for (version, truth) in versions {
        let said = told(tree, url, Some(version));
        let word = said.split(' ').next().unwrap();
        if *truth != word && !(left_open && word == "unknown") {
            out.push(format!("nginx {version}: {truth}; wslint: {said}"));
        }
    }
    out
}

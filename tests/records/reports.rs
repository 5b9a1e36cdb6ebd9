//! Everything that is said of a tree: findings, endpoints, fixes.
//!
//! Few big files instead of many small ones: a change of a message is read in one piece.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use libtest_mimic::Trial;

use crate::{OURS, cases, common, compare, fixtures, said, updating, url_of};

/// What begins the part of a case.
const HEAD: &str = "=== ";

/// The folders of `grammar-fixtures`, and the file that is their record.
const KINDS: [(&str, &str); 5] = [
    ("verdicts", "verdicts.txt"),
    ("rules", "rules.txt"),
    ("nginx/accepted", "accepted.txt"),
    ("nginx/rejected", "rejected.txt"),
    ("nginx/platform", "platform.txt"),
];

pub(crate) fn trials() -> Vec<Trial> {
    KINDS.into_iter().flat_map(|(kind, file)| of_kind(kind, file)).collect()
}

fn of_kind(kind: &'static str, file: &str) -> Vec<Trial> {
    let path = fixtures().join("reports").join(file);
    let cases = cases(kind);
    if updating() {
        let all = cases.iter().fold(String::new(), |mut all, (name, case)| {
            let _ = write!(all, "{HEAD}{name}\n{}", everything(kind, case));
            all
        });
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, all).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut record = parts(&text);
    let mut trials = Vec::new();
    for (name, case) in cases {
        let recorded = record.remove(&name);
        trials.push(Trial::test(format!("report::{kind}::{name}"), move || {
            let recorded = recorded.ok_or("not on record yet: UPDATE_FIXTURES=1 writes it")?;
            compare(&recorded, &everything(kind, &case))
        }));
    }
    let left: Vec<String> = record.into_keys().collect();
    trials.push(Trial::test(format!("report::{kind}, of cases that are there"), move || {
        crate::check(left.is_empty(), || format!("no such case any more: {left:?}"))
    }));
    trials
}

fn parts(text: &str) -> BTreeMap<String, String> {
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    let mut name = String::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix(HEAD) {
            Some(head) => {
                head.trim_end().clone_into(&mut name);
                out.entry(name.clone()).or_default();
            }
            None => out.entry(name.clone()).or_default().push_str(line),
        }
    }
    out
}

fn everything(kind: &str, case: &Path) -> String {
    said::everything(kind, &common::read_tree(case, &OURS), &url_of(case))
}

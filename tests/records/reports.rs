//! Everything that is said of a tree: findings, endpoints, fixes.
//!
//! Few big files instead of many small ones: a change of a message is read in one piece.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use libtest_mimic::Trial;
use wslint::engine::{Options, Selection, check};
use wslint::fix::{Wanted, fix, unified};
use wslint::i18n::Lang;
use wslint::report::{Report, concise};
use wslint::syntax::Files;

use crate::common::{self, Tree, told};
use crate::{OURS, VERSION, cases, compare, fixtures, updating, url_of};

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
    let tree = common::read_tree(case, &OURS);
    let mut out = String::new();
    // Those of `verdicts/` have a file of their own.
    if kind.starts_with("nginx") {
        let _ = writeln!(out, "{VERSION}: {}", told(&tree, &url_of(case), Some(VERSION)));
    }
    let mut options = common::options(None, None);
    options.selection = Selection::new(&["all".to_owned()], &[]).unwrap();
    out.push_str(&findings(&tree, &options));
    let made = |unsafe_too| fixes(&tree, &options, unsafe_too).unwrap_or_else(|e| format!("FAILED {e}\n"));
    let (safe, all) = (made(false), made(true));
    if kind == "nginx/rejected" {
        // They are all fixed alike, and broken elsewhere; what is held back is worth its lines.
        all.lines().filter(|l| l.starts_with("withheld")).for_each(|l| out = format!("{out}{l}\n"));
    } else if safe != all && !safe.is_empty() {
        let _ = write!(out, "safe fixes:\n{safe}all fixes:\n{all}");
    } else if !all.is_empty() {
        let _ = write!(out, "{} fixes:\n{all}", if safe == all { "safe" } else { "unsafe" });
    }
    out
}

fn findings(tree: &Tree, options: &Options) -> String {
    let fs = common::mem(tree);
    let mut files = Files::new(&fs);
    let target = common::target(&mut files);
    let checked = check(&mut files, &[target], options);
    let wanted = Wanted { unsafe_too: true };
    let report = Report {
        sources: &files.sources,
        checked: &checked,
        lang: Lang::En,
        advice: true,
        wanted,
        nginx_version: None,
    };
    let mut out = Vec::new();
    concise(&report, &mut out).unwrap();
    let mut out = String::from_utf8(out).unwrap();
    for endpoint in &checked.endpoints {
        let file = files.sources.get(endpoint.place.file);
        let (line, _) = file.lines().line_column(endpoint.place.span.start, &file.bytes);
        let (path, verdict) = (file.path.display(), endpoint.verdict.as_str());
        let _ = writeln!(
            out,
            "{path}:{line}: endpoint, {} evidence, {verdict}",
            format!("{:?}", endpoint.evidence).to_lowercase()
        );
    }
    out
}

fn fixes(tree: &Tree, options: &Options, unsafe_too: bool) -> Result<String, String> {
    let fs = common::mem(tree);
    let open = |files: &mut Files<'_>| vec![common::target(files)];
    let outcome = fix(&fs, &open, options, Wanted { unsafe_too }, &|_| true);
    if let Some(failed) = outcome.failed {
        return Err(failed);
    }
    let mut out = String::new();
    for (path, patched) in &outcome.files {
        out.push_str(&String::from_utf8_lossy(&unified(path, patched)));
    }
    if let Some(withheld) = &outcome.withheld {
        let _ = writeln!(out, "withheld: {withheld:?}");
    }
    // So that the next part begins on a line of its own.
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    Ok(out)
}
